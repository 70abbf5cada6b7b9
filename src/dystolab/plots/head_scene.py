"""What the head looks like: shapes that are drawn on the neck's model and take no part in its mechanics.

Sizes are those of no one in particular; nothing is measured on them.
"""

from __future__ import annotations

from xml.etree import ElementTree as xml

from dystolab.body import neck_model

SKIN, HAIR, CLOTH, WHITE, DARK, LIPS = (
    "0.87 0.68 0.56 1",
    "0.25 0.17 0.12 1",
    "0.30 0.42 0.55 1",
    "0.96 0.96 0.96 1",
    "0.10 0.10 0.12 1",
    "0.70 0.35 0.33 1",
)
# Metres from the pivot: kind, position, size, colour.
_ON_HEAD = (
    ("ellipsoid", "0.015 0 0.115", "0.092 0.074 0.105", SKIN),
    ("ellipsoid", "0.045 0 0.050", "0.052 0.050 0.048", SKIN),
    ("ellipsoid", "-0.006 0 0.137", "0.088 0.079 0.092", HAIR),
    ("ellipsoid", "0.000 0 0.025", "0.062 0.058 0.060", SKIN),
    ("ellipsoid", "0.108 0 0.092", "0.022 0.011 0.017", SKIN),
    ("ellipsoid", "0.088 0.031 0.118", "0.014 0.015 0.011", WHITE),
    ("ellipsoid", "0.088 -0.031 0.118", "0.014 0.015 0.011", WHITE),
    ("sphere", "0.098 0.031 0.118", "0.0075", DARK),
    ("sphere", "0.098 -0.031 0.118", "0.0075", DARK),
    ("ellipsoid", "0.088 0 0.055", "0.012 0.024 0.005", LIPS),
    ("ellipsoid", "0.004 0.079 0.105", "0.018 0.009 0.030", SKIN),
    ("ellipsoid", "0.004 -0.079 0.105", "0.018 0.009 0.030", SKIN),
)
_ON_TRUNK = (
    ("capsule", "-0.008 0 -0.035", "0.058 0.050", SKIN),
    ("ellipsoid", "-0.030 0 -0.165", "0.105 0.210 0.110", CLOTH),
    ("sphere", "-0.030 0.180 -0.160", "0.072", CLOTH),
    ("sphere", "-0.030 -0.180 -0.160", "0.072", CLOTH),
)


def mjcf(width: int, height: int) -> str:
    """Return the neck's model with what is seen of it, lights and a camera in front, for images of that size."""
    root = neck_model.tree()
    visual = xml.SubElement(root, "visual")
    xml.SubElement(visual, "global", offwidth=str(width), offheight=str(height))
    xml.SubElement(visual, "headlight", ambient="0.45 0.45 0.45", diffuse="0.45 0.45 0.45", specular="0 0 0")
    assets = xml.SubElement(root, "asset")
    xml.SubElement(
        assets, "texture", type="skybox", builtin="flat", rgb1="0.93 0.94 0.95", rgb2="0.93 0.94 0.95",
        width="32", height="32",
    )  # fmt: skip
    world = root.find("worldbody")
    head = root.find("worldbody/body")
    assert world is not None and head is not None
    xml.SubElement(world, "light", pos="0.8 0.6 0.9", dir="-0.7 -0.5 -0.7", diffuse="0.5 0.5 0.5")
    xml.SubElement(
        world, "camera", name="front", pos="0.95 0.16 0.09", xyaxes="-0.166 0.986 0 -0.05 -0.008 1", fovy="30"
    )
    for parent, shapes in ((head, _ON_HEAD), (world, _ON_TRUNK)):
        for kind, position, size, colour in shapes:
            xml.SubElement(
                parent, "geom", type=kind, pos=position, size=size, rgba=colour, contype="0", conaffinity="0", mass="0"
            )
    return xml.tostring(root, encoding="unicode")
