"""Parts of models that MuJoCo reads: an empty model, and a muscle on a tendon of fixed moment arms."""

from __future__ import annotations

from collections.abc import Mapping
from xml.etree import ElementTree as xml

from dystolab.circuit.tables import Section

STEP_S = 0.001
"""One step of the mechanics, and the time between two exchanges with the engine."""

_UNUSED = 1.0
"""What MuJoCo wants and does not use here: strength from acceleration, and passive force without a bias."""


def model(name: str, gravity: float) -> xml.Element:
    """Return a model without bodies; `gravity` pulls down, in m/s2."""
    root = xml.Element("mujoco", model=name)
    compiler = xml.SubElement(root, "compiler", angle="radian", autolimits="true")
    xml.SubElement(compiler, "lengthrange", mode="none")
    xml.SubElement(root, "option", timestep=str(STEP_S), integrator="implicitfast", gravity=row(0, 0, -gravity))
    return root


def add_muscle(
    root: xml.Element,
    name: str,
    arms_m: Mapping[str, float],
    force_n: float,
    fibre: Section,
    span_m: tuple[float, float],
) -> None:
    """Add a muscle whose activation is its force.

    Parameters
    ----------
    root : Element
        With the children ``tendon`` and ``actuator``.
    name : str
    arms_m : mapping of str to float
        Torque over force about each joint: a path gets shorter by so much per radian that the muscle pulls.
    force_n : float
        Isometric force at optimal length.
    fibre : Section
        Curves of force over length and velocity: shortest, longest, fastest, lengthening_force.
    span_m : tuple of float
        Changes of path length at which the fibre would be 0 and 1 optimal lengths long.
    """
    path = xml.SubElement(_child(root, "tendon"), "fixed", name=name)
    for joint, arm_m in arms_m.items():
        xml.SubElement(path, "joint", joint=joint, coef=row(-arm_m))
    curves = (fibre.number(key, unit) for key, unit in (("shortest", "1"), ("longest", "1"), ("fastest", "1/s")))
    force_law = (0.0, 1.0, force_n, _UNUSED, *curves, _UNUSED, fibre.number("lengthening_force", "1"))
    xml.SubElement(
        _child(root, "actuator"),
        "general",
        name=name,
        tendon=name,
        ctrlrange="0 1",
        dyntype="none",
        gaintype="muscle",
        gainprm=row(*force_law),
        lengthrange=row(*span_m),
    )


def row(*values: float) -> str:
    """Return numbers as MuJoCo reads them, exactly."""
    return " ".join(repr(float(value)) for value in values)


def _child(root: xml.Element, tag: str) -> xml.Element:
    found = root.find(tag)
    return xml.SubElement(root, tag) if found is None else found
