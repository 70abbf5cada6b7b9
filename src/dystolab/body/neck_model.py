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

from dystolab.circuit.neck import AXES, GRAVITY, Muscle, gravity_nm, limits_deg, muscles, numbers, stiffness_nm_per_rad

STEP_S = 0.001
"""One step of the mechanics, and the time between two exchanges with the engine."""


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
    root = xml.Element("mujoco", model="neck")
    compiler = xml.SubElement(root, "compiler", angle="radian", autolimits="true")
    xml.SubElement(compiler, "lengthrange", mode="none")
    xml.SubElement(root, "option", timestep=str(STEP_S), integrator="implicitfast", gravity=f"0 0 {-GRAVITY}")
    _add_head(xml.SubElement(root, "worldbody"))
    tendons, actuators = xml.SubElement(root, "tendon"), xml.SubElement(root, "actuator")
    for muscle in muscles():
        _add_muscle(tendons, actuators, muscle)
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
            range=_row(*(math.radians(angle) for angle in span)),
            stiffness=_row(stiffness),
            springref=_row(torque / stiffness),
            damping=_row(damping_s * stiffness),
        )
    above = head.number("centre_above", "m") + numbers().section("pivot").number("below_condyles", "m")
    yaw, pitch, roll = head.numbers("inertia", "kg*m**2", 3)
    xml.SubElement(
        body,
        "inertial",
        pos=_row(head.number("centre_forward", "m"), 0.0, above),
        mass=_row(head.number("mass", "kg")),
        diaginertia=_row(roll, pitch, yaw),
    )


def _add_muscle(tendons: xml.Element, actuators: xml.Element, muscle: Muscle) -> None:
    path = xml.SubElement(tendons, "fixed", name=muscle.name)
    for axis, arm_mm in zip(AXES, muscle.arms_mm, strict=True):
        # A path gets shorter by its arm per radian that it pulls the head along.
        xml.SubElement(path, "joint", joint=axis, coef=_row(-arm_mm / 1000))
    fibre = numbers().section("fibre")
    optimal, upright = muscle.optimal_mm / 1000, fibre.number("upright_length", "1")
    curves = (fibre.number(name, unit) for name, unit in (("shortest", "1"), ("longest", "1"), ("fastest", "1/s")))
    # The two that MuJoCo wants and does not use here: strength from acceleration, and passive force without a bias.
    unused = 1.0
    force_law = (0.0, 1.0, muscle.force_n, unused, *curves, unused, fibre.number("lengthening_force", "1"))
    xml.SubElement(
        actuators,
        "general",
        name=muscle.name,
        tendon=muscle.name,
        ctrlrange="0 1",
        dyntype="none",
        gaintype="muscle",
        gainprm=_row(*force_law),
        # Changes of path length, 0 upright, at which the fibre is 0 and 1 optimal lengths long (its range above).
        lengthrange=_row(-upright * optimal, (1.0 - upright) * optimal),
    )


def _row(*values: float) -> str:
    return " ".join(repr(float(value)) for value in values)
