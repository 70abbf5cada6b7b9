"""The head as a stick figure seen from in front, for machines that can draw nothing better."""

from __future__ import annotations

import io
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from dystolab.plots import style

Array = npt.NDArray[np.float64]

_DPI = 100
_ROUND = np.linspace(0.0, 2.0 * np.pi, 60)
_CIRCLE = np.array([np.cos(_ROUND), np.sin(_ROUND)])
_HALF_WIDTHS = np.array([0.09, 0.075, 0.11])
_SKULL = np.array([0.015, 0.0, 0.115])
# Metres from the pivot (x forward, y left, z up), one polyline each.
_ON_HEAD = (
    (np.array([[0.0, 0.0, 0.0], _SKULL - [0.0, 0.0, 0.11]]), style.BLACK),
    (np.array([[0.1, 0.0, 0.13], [0.13, 0.0, 0.085], [0.1, 0.0, 0.08]]), style.VERMILLION),
    (np.array([[0.095, 0.045, 0.12], [0.1, 0.02, 0.12]]), style.BLUE),
    (np.array([[0.095, -0.045, 0.12], [0.1, -0.02, 0.12]]), style.BLUE),
    (np.array([[0.09, 0.025, 0.05], [0.095, 0.0, 0.05], [0.09, -0.025, 0.05]]), style.VERMILLION),
)
_ON_TRUNK = np.array([[0.0, 0.2, -0.12], [0.0, 0.0, -0.08], [0.0, 0.0, 0.0], [0.0, 0.0, -0.08], [0.0, -0.2, -0.12]])


def frames(angle_deg: Array, width: int, height: int) -> Iterator[bytes]:
    """Yield an image for each row of `angle_deg` (yaw, pitch, roll): red, green and blue of each pixel."""
    figure = Figure(figsize=(width / _DPI, height / _DPI), dpi=_DPI)
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    for angles in angle_deg:
        axes.clear()
        axes.set_axis_off()
        axes.set_aspect("equal")
        axes.set_xlim(-0.32, 0.32)
        axes.set_ylim(-0.2, 0.28)
        axes.plot(_ON_TRUNK[:, 1], _ON_TRUNK[:, 2], lw=3, color=style.BLACK)
        turned = rotation(angles)
        axes.plot(*_outline(turned), lw=2, color=style.BLACK)
        for line, colour in _ON_HEAD:
            seen = line @ turned.T
            axes.plot(seen[:, 1], seen[:, 2], lw=2, color=colour)
        pixels = io.BytesIO()
        figure.savefig(pixels, format="rgba")
        yield np.frombuffer(pixels.getvalue(), np.uint8).reshape(height, width, 4)[:, :, :3].tobytes()


def _outline(turned: Array) -> Array:
    """Return the outline of the skull, an ellipsoid, from in front, shape (2, n)."""
    spread = turned @ np.diag(_HALF_WIDTHS**2) @ turned.T
    around: Array = np.linalg.cholesky(spread[1:, 1:]) @ _CIRCLE
    around += (turned @ _SKULL)[1:, None]
    return around


def rotation(angle_deg: Array) -> Array:
    """Return the matrix that turns the upright head by yaw, pitch and roll, shape (3, 3)."""
    (sy, sp, sr), (cy, cp, cr) = np.sin(np.radians(angle_deg)), np.cos(np.radians(angle_deg))
    yaw = np.array([[cy, -sy, 0.0], [sy, cy, 0.0], [0.0, 0.0, 1.0]])
    pitch = np.array([[cp, 0.0, sp], [0.0, 1.0, 0.0], [-sp, 0.0, cp]])
    roll = np.array([[1.0, 0.0, 0.0], [0.0, cr, -sr], [0.0, sr, cr]])
    return np.asarray(yaw @ pitch @ roll)
