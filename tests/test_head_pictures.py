"""Pictures and movies of the head: which way it looks, the order of the ways to draw, and files written whole."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

from dystolab.errors import MissingExtraError, ResultError, SpecError
from dystolab.plots import head, head_stick


def looks_towards(path: Path) -> float:
    """Return where the lips and the nose's tip are, from -1 (left edge) to 1, by the reddest pixels."""
    red, green, _ = np.moveaxis(imread(path)[:, :, :3].astype(float), 2, 0)
    redness = red - 1.6 * green
    columns = np.nonzero(redness > 0.4 * redness.max())[1]
    return float(columns.mean() / (red.shape[1] / 2) - 1)


@pytest.mark.parametrize("ways", [("stick",), head.WAYS])
def test_a_head_that_turns_to_its_left_looks_to_the_right_of_the_picture(ways: tuple[str, ...], tmp_path: Path) -> None:
    seen = []
    for yaw in (-40, 0, 40):
        way = head.picture((yaw, 0, 0), tmp_path / f"{yaw}.png", ways)
        assert way in ways
        seen.append(looks_towards(tmp_path / f"{yaw}.png"))
    assert seen[0] < seen[1] - 0.05 and seen[1] < seen[2] - 0.05
    assert imread(tmp_path / "0.png").shape[:2] == (480, 640)


def test_the_next_way_is_tried_when_one_fails(tmp_path: Path) -> None:
    assert head.picture((0, 0, 0), tmp_path / "head.png", ("nothing", "stick")) == "stick"
    with pytest.raises(ResultError, match="no way to draw worked; tried nothing"):
        head.picture((0, 0, 0), tmp_path / "none.png", ("nothing",))
    assert not (tmp_path / "none.png").exists()


def test_drawing_that_stops_half_way_leaves_no_movie(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pytest.importorskip("imageio_ffmpeg")
    one_image = tmp_path / "one_image"
    one_image.write_text(f"#!/bin/sh\nhead -c {3 * 640 * 480} /dev/zero\n")
    one_image.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(one_image))
    with pytest.raises(ResultError, match="drawing with egl stopped after 1 of 3 images"):
        head.movie(np.zeros((3, 3)), tmp_path / "head.mp4", ways=("egl",))
    assert [p.name for p in tmp_path.iterdir()] == ["one_image"]


def test_turns_are_right_handed_and_in_the_order_of_the_hinges() -> None:
    nose, ear = np.array([1.0, 0.0, 0.0]), np.array([0.0, 1.0, 0.0])
    np.testing.assert_allclose(head_stick.rotation(np.array([90.0, 0, 0])) @ nose, [0, 1, 0], atol=1e-12)
    np.testing.assert_allclose(head_stick.rotation(np.array([0, 90.0, 0])) @ nose, [0, 0, -1], atol=1e-12)
    np.testing.assert_allclose(head_stick.rotation(np.array([0, 0, 90.0])) @ ear, [0, 0, 1], atol=1e-12)
    np.testing.assert_allclose(head_stick.rotation(np.array([90.0, 90.0, 0])) @ nose, [0, 0, -1], atol=1e-12)


def test_stick_figure_turns_as_the_model_does() -> None:
    mujoco = pytest.importorskip("mujoco")
    from dystolab.body import neck_model

    model = mujoco.MjModel.from_xml_string(neck_model.mjcf())
    data = mujoco.MjData(model)
    data.qpos[:] = np.radians((30, -20, 15))
    mujoco.mj_forward(model, data)
    turned = head_stick.rotation(np.array([30.0, -20.0, 15.0]))
    np.testing.assert_allclose(data.body("head").xmat.reshape(3, 3), turned, atol=1e-12)


def test_movie_has_its_images(tmp_path: Path) -> None:
    imageio_ffmpeg = pytest.importorskip("imageio_ffmpeg")
    path = tmp_path / "films" / "head.mp4"
    angles = np.column_stack((np.linspace(-40, 40, 10), np.zeros(10), np.zeros(10)))
    assert head.movie(angles, path, ways=("stick",)) == "stick"
    assert imageio_ffmpeg.count_frames_and_secs(str(path))[0] == 10
    assert [p.name for p in path.parent.iterdir()] == ["head.mp4"]


def test_movie_without_its_writer_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "imageio_ffmpeg", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'dystolab\[body\]'"):
        head.movie(np.zeros((2, 3)), tmp_path / "head.mp4", ways=("stick",))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("angles", [np.zeros(3), np.zeros((0, 3)), np.zeros((2, 2)), np.full((1, 3), np.nan)])
def test_what_are_no_angles_is_refused(angles: np.ndarray, tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="rows of three finite numbers"):
        head.movie(angles, tmp_path / "head.mp4", ways=("stick",))


def test_a_file_that_can_t_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ResultError, match="can't be written"):
        head.picture((0, 0, 0), tmp_path / "file" / "head.png", ("stick",))
