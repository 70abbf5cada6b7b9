"""The neck as MuJoCo reads it: written out from the geometry of `circuit.neck`, with nothing copied from another model.

A head on three hinges through one point: yaw, then pitch, then roll, positive to the left, down and to the right (the
right-hand rule with x forward, y left, z up). Each muscle is a tendon of constant moment arms, so its length is
linear in the angles. Its activation is its input: whoever drives it has filtered spikes through the twitch of
the motor unit already, and a second filter here would count excitation-contraction coupling twice.

A muscle at rest is slack. What relaxed muscles resist with is part of the passive stiffness, which was chosen against
what volunteers tolerate. The springs are set so that they carry the head upright when no muscle pulls.
"""

from __future__ import annotations

import math
from xml.etree import ElementTree as xml

from dystolab.body import mjcf as mjcf_parts
from dystolab.body.mjcf import row
from dystolab.circuit.neck import AXES, GRAVITY, gravity_nm, limits_deg, muscles, numbers, stiffness_nm_per_rad


def mjcf() -> str:
    """Return the model as text.

    Examples
    --------
    >>> mjcf().count("<general ")
    28
    """
    return xml.tostring(tree(), encoding="unicode")


def tree() -> xml.Element:
    """Return the model as a tree of elements, for those who add to it."""
    root = mjcf_parts.model("neck", GRAVITY)
    _add_head(xml.SubElement(root, "worldbody"))
    fibre = numbers().section("fibre")
    for muscle in muscles():
        arms_m = {axis: arm_mm / 1000 for axis, arm_mm in zip(AXES, muscle.arms_mm, strict=True)}
        optimal_m, upright = muscle.optimal_mm / 1000, fibre.number("upright_length", "1")
        span_m = (-upright * optimal_m, (1.0 - upright) * optimal_m)
        mjcf_parts.add_muscle(root, muscle.name, arms_m, muscle.force_n, fibre, span_m)
    return root


def _add_head(world: xml.Element) -> None:
    head = numbers().section("head")
    body = xml.SubElement(world, "body", name="head")
    damping_s = numbers().section("passive").number("damping_time", "s")
    # The springs pull the head back by what gravity nods it forward.
    rest_nm = (0.0, -gravity_nm(), 0.0)
    for axis, vector, stiffness, span, torque in zip(
        AXES, ("0 0 1", "0 1 0", "1 0 0"), stiffness_nm_per_rad(), limits_deg(), rest_nm, strict=True
    ):
        xml.SubElement(
            body,
            "joint",
            name=axis,
            axis=vector,
            range=row(*(math.radians(angle) for angle in span)),
            stiffness=row(stiffness),
            springref=row(torque / stiffness),
            damping=row(damping_s * stiffness),
        )
    above = head.number("centre_above", "m") + numbers().section("pivot").number("below_condyles", "m")
    yaw, pitch, roll = head.numbers("inertia", "kg*m**2", 3)
    xml.SubElement(
        body,
        "inertial",
        pos=row(head.number("centre_forward", "m"), 0.0, above),
        mass=row(head.number("mass", "kg")),
        diaginertia=row(roll, pitch, yaw),
    )
