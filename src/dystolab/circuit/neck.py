"""The geometry of the neck, which wiring and mechanics share: its muscles, how they pull, and what resists them.

Axes run yaw, pitch and roll, positive to the left, down and to the right (the right-hand rule with x forward, y left, z
up). Numbers and sources: ``tables/neck.toml``; what was read: docs/sources/neck.md.
"""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

from dystolab.circuit import tables

AXES = ("yaw", "pitch", "roll")
GRAVITY = 9.81
"""m/s2."""


@dataclass(frozen=True, slots=True)
class Muscle:
    """A muscle with its side.

    Parameters
    ----------
    name : str
        With its side, such as ``"splenius_capitis_left"``.
    force_n : float
        Isometric force at optimal length and full activation.
    optimal_mm : float
        Length of its fibres at which it is strongest.
    upright_mm : float
        Length of its path with the head upright.
    arms_mm : tuple of float
        Torque over force about yaw, pitch and roll.
    """

    name: str
    force_n: float
    optimal_mm: float
    upright_mm: float
    arms_mm: tuple[float, float, float]


def numbers() -> tables.Section:
    """Return the table of the neck."""
    return tables.load("neck").root


@functools.cache
def muscles() -> tuple[Muscle, ...]:
    """Return the muscles: those of the right side in the order of the table, then those of the left."""
    return tuple(
        Muscle(
            f"{name}_{side}",
            entry.number("force", "N"),
            entry.number("optimal_length", "mm"),
            entry.number("path_length", "mm"),
            _arms_mm(entry, mirror),
        )
        for side, mirror in (("right", 1.0), ("left", -1.0))
        for name, entry in numbers().section("muscles").sections()
    )


def _arms_mm(entry: tables.Section, mirror: float) -> tuple[float, float, float]:
    turn, back, tilt = entry.numbers("moment_arms", "mm", 3)
    return (mirror * turn, -back, mirror * tilt)


def limits_deg() -> tuple[tuple[float, float], ...]:
    """Return the least and the largest angle of each axis."""
    turn, flexion, extension, tilt = (
        numbers().section("range").number(name, "deg") for name in ("turn", "flexion", "extension", "tilt")
    )
    return ((-turn, turn), (-extension, flexion), (-tilt, tilt))


def excursions_mm() -> tuple[float, ...]:
    """Return how far each muscle is stretched within the range of the axis that stretches it most."""
    widest = [math.radians(max(-low, high)) for low, high in limits_deg()]
    return tuple(max(abs(arm) * wide for arm, wide in zip(m.arms_mm, widest, strict=True)) for m in muscles())


def stiffness_nm_per_rad() -> tuple[float, ...]:
    """Return the passive stiffness about each axis, gravity not counted."""
    passive = numbers().section("passive")
    parts = (passive.numbers(name, "N*m/rad", 3) for name in ("joint_stiffness", "tissue_stiffness"))
    return tuple(joint + tissue for joint, tissue in zip(*parts, strict=True))


def gravity_nm() -> float:
    """Return the torque with which gravity nods the upright head forward."""
    head = numbers().section("head")
    return head.number("mass", "kg") * GRAVITY * head.number("centre_forward", "m")


def toppling_nm_per_rad() -> tuple[float, ...]:
    """Return by how much gravity weakens the stiffness about each axis, head upright."""
    head = numbers().section("head")
    above = head.number("centre_above", "m") + numbers().section("pivot").number("below_condyles", "m")
    weight = head.number("mass", "kg") * GRAVITY
    return (0.0, weight * above, weight * above)
