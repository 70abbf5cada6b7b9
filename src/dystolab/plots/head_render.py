"""A process of its own that draws heads with MuJoCo: ``python -m dystolab.plots.head_render WIDTH HEIGHT``.

Angles come in as text, a line of yaw, pitch and roll in degrees per image; images go out as bytes, red, green and blue
of each pixel. MuJoCo chooses its way to draw once per process, from the variable MUJOCO_GL, so each way gets a process,
which also keeps crashes of graphics drivers out of a run.
"""

from __future__ import annotations

import importlib
import os
import sys

import numpy as np

from dystolab.plots import head_scene


def main(width: int, height: int) -> None:
    """Draw what standard input asks for to standard output."""
    mujoco = importlib.import_module("mujoco")
    model = mujoco.MjModel.from_xml_string(head_scene.mjcf(width, height))
    data = mujoco.MjData(model)
    renderer = mujoco.Renderer(model, height, width)
    for line in sys.stdin:
        data.qpos[:] = np.radians([float(word) for word in line.split()])
        mujoco.mj_forward(model, data)
        renderer.update_scene(data, camera="front")
        sys.stdout.buffer.write(renderer.render().tobytes())
        sys.stdout.buffer.flush()
    # Some contexts fail while the interpreter takes itself apart; everything is written.
    os._exit(0)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
