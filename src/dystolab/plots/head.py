"""Pictures and movies of a head from its angles, without a display.

Drawn by MuJoCo on EGL, or on OSMesa, or as a stick figure: the first that works.
"""

from __future__ import annotations

import contextlib
import importlib
import itertools
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from dystolab.errors import MissingExtraError, ResultError, SpecError
from dystolab.plots import head_stick

Array = npt.NDArray[np.float64]

WAYS = ("egl", "osmesa", "stick")
SIZE = (640, 480)


def picture(angle_deg: npt.ArrayLike, path: Path, ways: tuple[str, ...] = WAYS) -> str:
    """Write a picture of the head, seen from in front, to `path` (PNG).

    Parameters
    ----------
    angle_deg : array_like, shape (3,)
        Yaw, pitch and roll, positive to the left, down and to the right.
    path : Path
        File to write.
    ways : tuple of str, optional
        Ways to draw, in the order in which they are tried.

    Returns
    -------
    str
        The way that worked.

    Raises
    ------
    SpecError
        If the angles are not three finite numbers.
    ResultError
        If no way works, or the disk refuses.
    """
    image = importlib.import_module("matplotlib.image")
    way, (frame,) = _drawn(_rows([angle_deg]), ways)
    pixels = np.frombuffer(frame, np.uint8).reshape(SIZE[1], SIZE[0], 3)
    with _whole(path) as part:
        image.imsave(part, pixels)
    return way


def images(angle_deg: npt.ArrayLike, ways: tuple[str, ...] = WAYS) -> npt.NDArray[np.uint8]:
    """Return pictures of the head, shape (n, height, width, 3), for figures.

    Parameters
    ----------
    angle_deg : array_like, shape (n, 3)
        As in `movie`, errors included.
    ways : tuple of str, optional
        As in `picture`.
    """
    _, frames = _drawn(_rows(angle_deg), ways)
    return np.stack([np.frombuffer(frame, np.uint8).reshape(SIZE[1], SIZE[0], 3) for frame in frames])


def movie(angle_deg: npt.ArrayLike, path: Path, fps: int = 25, ways: tuple[str, ...] = WAYS) -> str:
    """Write a movie of the head to `path` (MP4).

    Parameters
    ----------
    angle_deg : array_like, shape (n, 3)
        Angles in each image, as in `picture`.
    path : Path
        File to write.
    fps : int, optional
        Images per second.
    ways : tuple of str, optional
        As in `picture`.

    Returns
    -------
    str
        The way that worked.

    Raises
    ------
    MissingExtraError
        If what writes movies is not installed.
    SpecError
        If the angles are not rows of three finite numbers.
    ResultError
        If no way works, one stops half-way, or the disk refuses.
    """
    encoder = _encoder()
    way, frames = _drawn(_rows(angle_deg), ways)
    with _whole(path) as part:
        film = encoder.write_frames(str(part), SIZE, fps=fps, macro_block_size=8)
        film.send(None)
        try:
            for frame in frames:
                film.send(frame)
        finally:
            film.close()
    return way


def _rows(angle_deg: Any) -> Array:
    rows = np.asarray(angle_deg, dtype=np.float64)
    if rows.ndim != 2 or rows.shape[1] != 3 or not len(rows) or not np.isfinite(rows).all():
        raise SpecError(f"head: angles must be rows of three finite numbers, got shape {rows.shape}")
    return rows


def _drawn(rows: Array, ways: tuple[str, ...]) -> tuple[str, Iterator[bytes]]:
    """Return the first way that gives an image, and all its images."""
    for way in ways:
        frames = head_stick.frames(rows, *SIZE) if way == "stick" else _rendered(rows, way)
        first = next(frames, None)
        if first is not None:
            return way, itertools.chain([first], frames)
    raise ResultError(f"head: no way to draw worked; tried {', '.join(ways)}")


def _rendered(rows: Array, way: str) -> Iterator[bytes]:
    """Yield images that another process draws, none if it can't."""
    size = 3 * SIZE[0] * SIZE[1]
    command = [sys.executable, "-m", "dystolab.plots.head_render", *map(str, SIZE)]
    environment = {**os.environ, "MUJOCO_GL": way}
    done = 0
    # A process that failed has closed its ends: writing and closing break, and reading comes up short.
    broken = contextlib.suppress(BrokenPipeError)
    with (
        broken,
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment
        ) as process,
    ):
        assert process.stdin is not None and process.stdout is not None
        for angles in rows:
            with broken:
                process.stdin.write((" ".join(map(repr, angles.tolist())) + "\n").encode())
                process.stdin.flush()
            frame = process.stdout.read(size)
            if len(frame) < size:
                break
            done += 1
            yield frame
    if 0 < done < len(rows):
        raise ResultError(f"head: drawing with {way} stopped after {done} of {len(rows)} images")


def _encoder() -> Any:
    try:
        return importlib.import_module("imageio_ffmpeg")
    except ImportError:
        raise MissingExtraError("imageio-ffmpeg", "body") from None


@contextlib.contextmanager
def _whole(path: Path) -> Iterator[Path]:
    """Hand out a file beside `path` that takes its place once it is written."""
    part = path.with_name(f".{path.stem}.part{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield part
        part.replace(path)
    except OSError as error:
        raise ResultError(f"{path} can't be written: {error.strerror or error}") from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink()
