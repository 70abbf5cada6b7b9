"""The arm as MuJoCo reads it: written out from ``arm.toml``, with nothing copied from another model.

A right arm on two hinges in a horizontal plane, so gravity has no part in it, with six muscles: one pair about the
shoulder, one about the elbow, one about both. A muscle's path gets shorter by its moment arm per radian; the arm
about the shoulder is constant, that about the elbow changes in proportion to the elbow's angle. MuJoCo's tendons are
linear in the angles, so `Arm` hands it the arms of the present angle before every step, and shifts the scale of
length by the quadratic part (`Paths`).

Activation is force, with no filter, and a muscle at rest is slack, both as in the neck (docs/decisions/0013).
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as xml

import numpy as np
import numpy.typing as npt

from dystolab.body import mjcf as mjcf_parts
from dystolab.body.mjcf import row
from dystolab.circuit import tables

Array = npt.NDArray[np.float64]

JOINTS = ("shoulder", "elbow")
SEGMENTS = ("upper_arm", "forearm")
_FILE = Path(__file__).with_name("arm.toml")
_REFERENCE_RAD = math.pi / 2
"""Shoulder angle to which the table's path lengths belong."""


@dataclass(frozen=True, slots=True)
class Paths:
    """Geometry of all muscles, each an array of shape (6,), in m and m/rad.

    Parameters
    ----------
    optimal : ndarray
        Length of the fibres at which they are strongest.
    tendon : ndarray
        Length of the rigid tendons.
    straight : ndarray
        Length of the paths with shoulder and elbow at 0.
    shoulder : ndarray
        Moment arms about the shoulder, positive if they swing the arm forward.
    elbow, elbow_gain : ndarray
        Moment arms about the straight elbow, positive if they bend it, and their change per radian of bending.
    """

    optimal: Array
    tendon: Array
    straight: Array
    shoulder: Array
    elbow: Array
    elbow_gain: Array

    def elbow_arms(self, elbow_rad: float) -> Array:
        """Return the moment arms about the elbow at an angle, shape (6,)."""
        return self.elbow + self.elbow_gain * elbow_rad

    def lengths(self, shoulder_rad: float, elbow_rad: float) -> Array:
        """Return the lengths of the paths at two angles, shape (6,)."""
        bent = (self.elbow + self.elbow_gain * elbow_rad / 2) * elbow_rad
        return self.straight - self.shoulder * shoulder_rad - bent

    def zero_fibre(self, elbow_rad: float) -> Array:
        """Return the linear lengths, as MuJoCo counts them with the arms of this angle, at which fibres are 0 long."""
        return self.tendon - self.straight - self.elbow_gain * elbow_rad**2 / 2


@functools.cache
def numbers() -> tables.Section:
    """Return the table of the arm."""
    return tables.read(_FILE).root


def further_ms() -> tuple[float, float, float]:
    """Return by how much longer than in a neck spikes take to the muscle, and from Ia and II afferents to the cord."""
    nerve = numbers().section("nerve")
    motor, ia, ii = (nerve.number(name, "ms") for name in ("motor", "ia", "ii"))
    return motor, ia, ii


@functools.cache
def muscles() -> tuple[str, ...]:
    """Return the names of the muscles, in the order of the table."""
    return tuple(numbers().section("muscles"))


@functools.cache
def paths() -> Paths:
    """Return the geometry of the muscles."""

    def column(name: str, unit: str) -> Array:
        return np.array([entry.number(name, unit) for _, entry in numbers().section("muscles").sections()])

    shoulder = column("shoulder_arm", "m")
    return Paths(
        column("optimal_length", "m"),
        column("tendon_length", "m"),
        column("path_length", "m") + shoulder * _REFERENCE_RAD,
        shoulder,
        column("elbow_arm", "m"),
        column("elbow_arm_gain", "m/rad"),
    )


def limits_deg() -> tuple[tuple[float, ...], ...]:
    """Return the least and the largest angle of each joint."""
    return tuple(numbers().section("range").numbers(joint, "deg", 2) for joint in JOINTS)


def stiffness_nm_per_rad() -> tuple[float, ...]:
    """Return the passive stiffness about each joint."""
    return numbers().section("passive").numbers("stiffness", "N*m/rad", 2)


def rest_deg() -> tuple[float, ...]:
    """Return the angles at which a relaxed arm rests."""
    return numbers().section("passive").numbers("rest", "deg", 2)


def mjcf() -> str:
    """Return the model as text.

    Examples
    --------
    >>> mjcf().count("<general ")
    6
    """
    return xml.tostring(tree(), encoding="unicode")


def tree() -> xml.Element:
    """Return the model as a tree of elements, for those who add to it."""
    root = mjcf_parts.model("arm", 0.0)
    _add_segments(xml.SubElement(root, "worldbody"))
    fibre, straight = numbers().section("fibre"), paths().zero_fibre(0.0)
    for name, zero_m in zip(muscles(), straight, strict=True):
        muscle = numbers().section("muscles").section(name)
        arms_m = {joint: muscle.number(f"{joint}_arm", "m") for joint in JOINTS}
        span_m = (float(zero_m), float(zero_m) + muscle.number("optimal_length", "m"))
        mjcf_parts.add_muscle(root, name, arms_m, muscle.number("force", "N"), fibre, span_m)
    return root


def _add_segments(world: xml.Element) -> None:
    damping_s = numbers().section("passive").number("damping_time", "s")
    body, from_m = world, 0.0
    for segment, joint, stiffness, rest, span in zip(
        SEGMENTS, JOINTS, stiffness_nm_per_rad(), rest_deg(), limits_deg(), strict=True
    ):
        entry = numbers().section(segment)
        body = xml.SubElement(body, "body", name=segment, pos=row(from_m, 0.0, 0.0))
        xml.SubElement(
            body,
            "joint",
            name=joint,
            axis="0 0 1",
            range=row(*(math.radians(angle) for angle in span)),
            stiffness=row(stiffness),
            springref=row(math.radians(rest)),
            damping=row(damping_s * stiffness),
        )
        mass, centre = entry.number("mass", "kg"), entry.number("centre", "m")
        # The table's inertia is about the joint, MuJoCo's about the centre; only that about the hinge is ever felt.
        inertia = entry.number("inertia", "kg*m**2") - mass * centre**2
        xml.SubElement(
            body, "inertial", pos=row(centre, 0.0, 0.0), mass=row(mass), diaginertia=row(inertia, inertia, inertia)
        )
        from_m = entry.number("length", "m")
    xml.SubElement(body, "site", name="hand", pos=row(from_m, 0.0, 0.0))
