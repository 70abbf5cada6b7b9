"""Measures and results, and their way to the disk and back."""

from __future__ import annotations

import math
import os
from pathlib import Path

import numpy as np
import pytest

from dystolab.errors import ResultError, UnknownNameError
from dystolab.result import Measure, Result, plain, text
from fakes import eyeblink_result, rest_result


def _result(**changes: object) -> Result:
    fields = {
        "experiment": "rest",
        "settings": {"duration_ms": 10.0},
        "subject": {"seed": 1},
        "measures": {},
        "population_rate_hz": {},
    }
    return Result(**{**fields, **changes})


def test_measure_takes_numpy_and_gives_plain_numbers() -> None:
    measure = Measure(np.array([1, 2]), "Hz", np.array([[0, 2], [1, 3]]), np.int64(4))
    assert measure.value == [1.0, 2.0]
    assert measure.ci95 == [(0.0, 2.0), (1.0, 3.0)]
    assert type(measure.n) is int
    assert Measure(np.float32(1.5), "Hz", [1, 2]).ci95 == (1.0, 2.0)


@pytest.mark.parametrize(
    ("value", "ci95", "n"),
    [([1.0, 2.0], (0.0, 1.0), 1), (1.0, [(0.0, 1.0)], 1), ([[1.0]], None, 1), (1.0, None, -1)],
)
def test_measure_refuses_what_does_not_fit(value: object, ci95: object, n: int) -> None:
    with pytest.raises(ResultError):
        Measure(value, "Hz", ci95, n)


def test_measure_keeps_missing_values_through_json() -> None:
    measure = Measure([1.0, math.nan], "Hz", [(0.5, 1.5), (math.nan, math.nan)], 3, "rate")
    again = Measure.from_json(measure.to_json())
    assert measure.to_json()["value"] == [1.0, None]
    np.testing.assert_array_equal(again.value, measure.value)
    np.testing.assert_array_equal(again.ci95, measure.ci95)
    assert math.isnan(Measure.from_json(Measure(math.nan, "Hz").to_json()).value)


def test_plain_converts_numpy_and_refuses_objects() -> None:
    assert plain({"a": np.float32(0.5), "b": (np.int8(1), math.inf), "c": np.ones(2)}) == {
        "a": 0.5,
        "b": [1, "inf"],
        "c": [1.0, 1.0],
    }
    with pytest.raises(ResultError, match="object"):
        plain({"a": object()})


def test_text() -> None:
    assert text([1.0, math.nan, math.inf]) == "1 - inf"
    assert text(1.23456) == "1.235"


def test_what_never_comes_is_told_from_what_is_missing(tmp_path: Path) -> None:
    given = Measure([math.inf, -math.inf, math.nan, 1.0], "s", [(1.0, math.inf)] * 4)
    path = _result(measures={"m": given, "one": Measure(math.inf, "s")}).save(tmp_path / "r.zarr")
    back = Result.load(path).measures
    assert str(back["m"]) == str(given) and back["one"].value == math.inf


def test_state_names_mechanisms() -> None:
    faulty = _result(subject={"mechanisms": [{"name": "olive_burst", "severity": 0.5}]})
    assert (faulty.state, _result().state) == ("olive_burst 0.5", "healthy")
    cut = _result(subject={**faulty.subject, "lesions": ["dcn_glut@yaw_left"]})
    assert cut.state == "olive_burst 0.5 + dcn_glut@yaw_left cut"


@pytest.mark.parametrize("made", [rest_result, eyeblink_result])
def test_round_trip(tmp_path: Path, made: object) -> None:
    result = made()
    path = result.save(tmp_path / "deep" / "a.zarr")
    again = Result.load(path)
    for name in ("experiment", "settings", "subject", "population_rate_hz", "runtime", "provenance"):
        assert getattr(again, name) == getattr(result, name)
    assert [m.to_json() for m in again.measures.values()] == [m.to_json() for m in result.measures.values()]
    assert list(again.measures) == list(result.measures)
    assert list(again.arrays) == list(result.arrays)
    for name, array in result.arrays.items():
        assert again.arrays[name].dtype == array.dtype
        np.testing.assert_array_equal(again.arrays[name], array)
    assert Result.load(path, arrays=False).arrays == {}


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((0,), np.int32),
        np.zeros((0, 3)),
        np.array(2.5, np.float32),
        np.asfortranarray(np.arange(12.0).reshape(3, 4)),
        np.arange(20)[::3],
        np.array([True, False]),
        np.array([np.nan, np.inf, -0.0]),
        np.zeros(3_000_000, np.float64),
    ],
)
def test_arrays_of_every_form(tmp_path: Path, array: np.ndarray) -> None:
    path = _result(arrays={"a/b": array}).save(tmp_path / "a.zarr")
    again = Result.load(path).arrays["a/b"]
    assert (again.shape, again.dtype) == (array.shape, array.dtype)
    assert again.tobytes() == np.ascontiguousarray(array).tobytes()


@pytest.mark.parametrize(
    ("arrays", "match"),
    [
        ({"../x": np.ones(1)}, "must be words"),
        ({"a//b": np.ones(1)}, "must be words"),
        ({"a": np.array(["text"])}, "only numbers"),
        ({"a": np.array([object()])}, "only numbers"),
        ({"a": np.ones(1), "a/b": np.ones(1)}, "below another"),
    ],
)
def test_arrays_that_are_refused_leave_nothing(tmp_path: Path, arrays: dict, match: str) -> None:
    with pytest.raises(ResultError, match=match):
        _result(arrays=arrays).save(tmp_path / "a.zarr")
    assert os.listdir(tmp_path) == []


def test_existing_result_is_replaced_only_when_asked(tmp_path: Path) -> None:
    path = _result(settings={"k": 1}).save(tmp_path / "a.zarr")
    with pytest.raises(ResultError, match="exists already"):
        _result(settings={"k": 2}).save(path)
    assert Result.load(path).settings == {"k": 1}
    _result(settings={"k": 2}).save(path, overwrite=True)
    assert Result.load(path).settings == {"k": 2}
    assert os.listdir(tmp_path) == ["a.zarr"]


def test_unknown_format_is_named() -> None:
    with pytest.raises(UnknownNameError, match=r"did you mean '\.zarr'"):
        _result().save("a.zar")


def test_plot_finds_the_page_by_name() -> None:
    assert eyeblink_result().plot().axes
