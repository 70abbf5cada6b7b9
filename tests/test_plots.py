"""Figures: every one is drawn, from one subject and from several, with named axes and no shared state."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure

from dystolab import plots
from dystolab.errors import ResultError, UnknownNameError
from dystolab.measures.in_vivo import rate_ranges
from dystolab.plots import learning, raster, rates, sdf, style
from dystolab.result import Measure, Result
from fakes import POPULATION_RATES, eyeblink_result, rest_result


@pytest.fixture(scope="module")
def rest() -> list[Result]:
    return [rest_result(seed) for seed in (1, 2)]


@pytest.fixture(scope="module")
def eyeblink() -> list[Result]:
    return [eyeblink_result(seed) for seed in (1, 2, 3)]


def _check(figure: Figure) -> None:
    figure.draw_without_rendering()
    for axes in figure.axes:
        assert axes.get_xlabel()
        assert axes.has_data()


@pytest.mark.parametrize("subjects", [1, 2])
def test_pages(rest: list[Result], eyeblink: list[Result], subjects: int) -> None:
    for results, parts in ((rest, 3), (eyeblink, 6)):
        page = plots.page(results[:subjects])
        _check(page)
        assert len(page.axes) == parts


@pytest.mark.parametrize("name", ["learning", "sdf", "weights"])
def test_figures_of_eyeblink(eyeblink: list[Result], name: str) -> None:
    _check(plots.draw(name, eyeblink))


@pytest.mark.parametrize("name", ["raster", "rates", "page"])
def test_figures_of_rest(rest: list[Result], name: str) -> None:
    _check(plots.draw(name, rest))


def test_pyplot_is_not_used(rest: list[Result]) -> None:
    import sys

    sys.modules.pop("matplotlib.pyplot", None)
    plots.page(rest)
    assert "matplotlib.pyplot" not in sys.modules


def test_caption_names_version_subjects_and_sources(rest: list[Result]) -> None:
    told = plots.page(rest).get_supxlabel().replace("\n", " ")
    for part in (
        "dystolab 0.1.0",
        "rest",
        "mouse-cerebellum",
        "healthy",
        "seeds 1 to 2",
        "10.7554/eLife.02536",
    ):
        assert part in told


def test_learning_curve_shows_mean_and_interval(eyeblink: list[Result]) -> None:
    axes = style.new_figure(4, 4).subplots()
    learning.curve(axes, {"healthy": eyeblink}, "cr_percent_by_block")
    mean = np.mean([r.measures["cr_percent_by_block"].value for r in eyeblink], axis=0)
    np.testing.assert_allclose(axes.lines[-1].get_ydata(), mean)
    assert len(axes.lines) == len(eyeblink) + 1
    assert len(axes.collections) == 1
    with pytest.raises(ResultError, match="holds no measure 'nonsense'"):
        learning.curve(axes, {"": eyeblink}, "nonsense")


def test_no_interval_is_drawn_of_two_subjects(eyeblink: list[Result]) -> None:
    for results in (eyeblink, eyeblink[:2]):
        figure = style.new_figure(2, 2)
        one, other, third = figure.subplots(1, 3)
        rows = [np.array([r.measures["cr_percent_by_block"].value], float).ravel() for r in results]
        style.band(one, np.arange(rows[0].size), rows, colour="black")
        learning.curve(other, {"x": results}, "cr_percent_by_block")
        style.point(third, 0.0, np.array([row[0] for row in rows]), colour="black")
        enough = len(results) >= style.FEWEST
        assert [bool(axes.collections) for axes in (one, other, third)] == [enough] * 3


def test_compare_names_its_groups(eyeblink: list[Result]) -> None:
    figure = learning.compare({"healthy": eyeblink, "olive_burst 0.5": eyeblink[:1]})
    legend = figure.axes[0].get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["healthy", "olive_burst 0.5"]


def test_spike_density_is_averaged_over_trials_and_subjects(eyeblink: list[Result]) -> None:
    time_ms, blocks = sdf.by_block(eyeblink, "dcn_glut")
    assert len(blocks) == 10
    assert all(block.shape == time_ms.shape for block in blocks)
    first_two = np.mean([r.arrays["sdf/dcn_glut"][:2] for r in eyeblink], axis=(0, 1))
    np.testing.assert_allclose(blocks[0], first_two)


def test_subjects_without_recordings_are_left_out(eyeblink: list[Result]) -> None:
    bare = dataclasses.replace(eyeblink[1], arrays={})
    _check(plots.page([eyeblink[0], bare]))
    with pytest.raises(ResultError, match="holds no recording 'sdf/time_ms'"):
        plots.draw("sdf", [bare])
    with pytest.raises(ResultError, match="holds no spikes"):
        plots.draw("raster", [bare])


def test_raster_shows_an_even_choice_of_cells(rest: list[Result]) -> None:
    times, rows, shown = raster.sample(rest[0], "purkinje_cell", 1000.0, 2000.0)
    assert shown == raster.CELLS
    assert rows.min() >= 0
    assert rows.max() < shown
    assert times.min() >= 1000.0
    assert times.max() <= 2000.0


def test_silent_population_takes_a_row(rest: list[Result]) -> None:
    arrays = {
        **rest[0].arrays,
        "spikes/io_cell/time_ms": np.zeros(0),
        "spikes/io_cell/cell": np.zeros(0, np.int32),
        "spikes/io_cell/recorded": np.arange(5, dtype=np.int32),
    }
    silent = dataclasses.replace(rest[0], arrays=arrays)
    times, _, shown = raster.sample(silent, "io_cell", 0.0, 1000.0)
    assert (times.size, shown) == (0, 5)
    _check(plots.draw("raster", [silent]))


def test_rates_without_value_and_of_silent_cells(rest: list[Result]) -> None:
    odd = dataclasses.replace(
        rest[0],
        measures={"rate_hz.io_cell": Measure(math.nan, "Hz"), "rate_hz.golgi_cell": Measure(0.0, "Hz")},
    )
    _check(plots.draw("rates", [odd]))


def test_a_range_that_nobody_read_is_not_drawn_as_awake_mice(rest: list[Result]) -> None:
    axes = style.new_figure(4, 4).subplots()
    rates.rates(axes, rest)
    read = {known.high_hz for known in rate_ranges().values() if known.verified}
    filled = {bar.get_x() + bar.get_width() for bar in axes.patches if bar.get_facecolor()[3] and bar.get_width()}
    hollow = [bar for bar in axes.patches if not bar.get_facecolor()[3] and bar.get_width()]
    assert hollow and not any(bar.get_x() + bar.get_width() in read for bar in hollow)
    assert filled & read
    assert not any(known.source in rates.sources() for known in rate_ranges().values() if not known.verified)


def test_in_vivo_ranges_are_of_known_populations_and_have_sources() -> None:
    for state in ("rate", "rate_running"):
        for name, known in rate_ranges(state).items():
            assert name in style.POPULATIONS
            assert 0 <= known.low_hz <= known.high_hz
            assert known.source.startswith(("10.", "https://"))
    assert rates.sources().count("10.7554") == 3


def test_populations_stand_from_input_to_output() -> None:
    assert style.in_order(["thing", *reversed(POPULATION_RATES)]) == [*POPULATION_RATES, "thing"]
    assert style.label("motor_unit") == "motor unit"


def test_unknown_figures_and_experiments(rest: list[Result]) -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'raster'"):
        plots.draw("rastr", rest)
    for draw in (plots.page, lambda results: plots.draw("rates", results)):
        with pytest.raises(ResultError, match="no result"):
            draw([])
    _check(plots.page([dataclasses.replace(rest[0], experiment="of tomorrow")]))


def test_save_is_whole_or_not_at_all(rest: list[Result], tmp_path: Path) -> None:
    figure = plots.draw("rates", rest)
    for suffix in ("png", "pdf", "svg"):
        plots.save(figure, tmp_path / "deep" / f"a.{suffix}")
    assert len(list((tmp_path / "deep").iterdir())) == 3
    with pytest.raises(UnknownNameError, match="format of a figure"):
        plots.save(figure, tmp_path / "a")
    (tmp_path / "file").write_text("")
    with pytest.raises(ResultError, match="can't be written"):
        plots.save(figure, tmp_path / "file" / "a.png")
