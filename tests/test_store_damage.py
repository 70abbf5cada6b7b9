"""A damaged result is told in one line that names the file; a failed write leaves nothing."""

from __future__ import annotations

import errno
import json
import os
import random
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dystolab.errors import ResultError
from dystolab.result import Measure, Result

ARRAYS = {"spikes/io_cell/time_ms": np.arange(1000.0), "spikes/io_cell/cell": np.arange(1000, dtype=np.int32)}
SMALL = Result("rest", {"a": [1, {"b": None}]}, {"seed": 1}, {"m": Measure(1.0, "Hz")}, {"io_cell": 1.0}, arrays=ARRAYS)
CHUNK = "spikes/io_cell/cell/c/0"


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    return SMALL.save(tmp_path / "a.zarr")


def _complaint(path: Path) -> str:
    with pytest.raises(ResultError) as caught:
        Result.load(path)
    line = str(caught.value)
    assert "\n" not in line
    return line


def _files(path: Path) -> list[Path]:
    return sorted(file for file in path.rglob("*") if file.is_file())


def test_every_file_missing_truncated_or_changed_is_named(stored: Path, tmp_path: Path) -> None:
    for file in _files(stored):
        whole = file.read_bytes()
        file.unlink()
        assert str(file) in _complaint(stored)
        file.write_bytes(whole[: len(whole) // 2])
        assert str(file) in _complaint(stored)
        file.write_bytes(b"")
        assert str(file) in _complaint(stored)
        file.write_bytes(random.Random(1).randbytes(len(whole)))
        assert str(file) in _complaint(stored)
        file.write_bytes(whole)
    assert Result.load(stored).settings == SMALL.settings


def test_every_flipped_bit_of_a_chunk_is_found(stored: Path) -> None:
    chunk = stored / CHUNK
    whole = chunk.read_bytes()
    for place in range(0, len(whole), max(1, len(whole) // 50)):
        damaged = bytearray(whole)
        damaged[place] ^= 1
        chunk.write_bytes(bytes(damaged))
        assert str(chunk) in _complaint(stored)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_manifest_with_changed_bytes_is_refused(stored: Path, data: st.DataObject) -> None:
    root = stored / "zarr.json"
    whole = root.read_bytes()
    place = data.draw(st.integers(0, len(whole) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda value: value != whole[place]))
    try:
        root.write_bytes(whole[:place] + bytes([byte]) + whole[place + 1 :])
        # A byte may only change the white space between the entries, or a part of the file that says nothing.
        try:
            assert Result.load(stored).measures == SMALL.measures
        except ResultError as error:
            assert "zarr.json" in str(error)
            assert "\n" not in str(error)
    finally:
        root.write_bytes(whole)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(document=JSON)
def test_any_other_json_for_a_manifest_is_refused(stored: Path, document: object) -> None:
    root = stored / "zarr.json"
    whole = root.read_bytes()
    try:
        for forged in (document, {"attributes": document}, {"attributes": {"dystolab": document}}):
            root.write_text(json.dumps(forged))
            assert str(root) in _complaint(stored)
    finally:
        root.write_bytes(whole)


@pytest.mark.parametrize(
    ("key", "value"),
    [("measures", []), ("files", {"../../etc": "0"}), ("schema_version", 99), ("arrays", ["x"])],
)
def test_manifest_forged_with_a_right_checksum_is_refused(stored: Path, key: str, value: object) -> None:
    from dystolab.io import store

    root = stored / "zarr.json"
    document = json.loads(root.read_bytes())
    manifest = document["attributes"][store.KEY]["manifest"]
    manifest[key] = value
    document["attributes"][store.KEY]["sha256"] = store._digest(manifest)
    root.write_text(json.dumps(document))
    assert str(stored) in _complaint(stored)


def test_what_is_no_result(tmp_path: Path) -> None:
    assert "no such directory" in _complaint(tmp_path / "nothing.zarr")
    (tmp_path / "file.zarr").write_text("text")
    assert "not a directory" in _complaint(tmp_path / "file.zarr")
    (tmp_path / "empty.zarr").mkdir()
    assert "zarr.json is missing" in _complaint(tmp_path / "empty.zarr")


def test_full_disk_leaves_nothing_and_keeps_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from zarr.storage import LocalStore

    path = SMALL.save(tmp_path / "a.zarr")
    put = LocalStore.set
    calls = []

    async def full(self: LocalStore, key: str, value: object) -> None:
        calls.append(key)
        if len(calls) > 4:
            raise OSError(errno.ENOSPC, "No space left on device")
        await put(self, key, value)

    monkeypatch.setattr(LocalStore, "set", full)
    for target in (path, tmp_path / "b.zarr"):
        calls.clear()
        with pytest.raises(ResultError, match=rf"{target} can't be written: No space left on device"):
            SMALL.save(target, overwrite=True)
    assert os.listdir(tmp_path) == ["a.zarr"]
    assert Result.load(path).settings == SMALL.settings


def test_file_size_limit_of_the_system(tmp_path: Path) -> None:
    code = (
        "import resource, sys, numpy as np\n"
        "from dystolab.result import Result\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))\n"
        "noise = np.random.default_rng(1).random(100_000)\n"
        "from dystolab.errors import ResultError\n"
        "try:\n    Result('rest', {}, {}, {}, {}, arrays={'a': noise}).save(sys.argv[1])\n"
        "except ResultError as error:\n    print(error)\n"
    )
    assert resource.RLIMIT_FSIZE is not None
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "a.zarr")], capture_output=True, text=True, check=True
    )
    assert done.stdout == f"{tmp_path / 'a.zarr'} can't be written: File too large\n"
    assert os.listdir(tmp_path) == []


def test_target_that_can_not_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a directory")
    with pytest.raises(ResultError, match=r"file/a\.zarr can't be written: .*file is not a directory"):
        SMALL.save(tmp_path / "file" / "a.zarr")


def test_stop_while_writing_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from dystolab.io import store

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    path = SMALL.save(tmp_path / "a.zarr")
    for name in ("_move", "_sha256"):
        with monkeypatch.context() as patch:
            patch.setattr(store, name, stop)
            with pytest.raises(KeyboardInterrupt):
                SMALL.save(path, overwrite=True)
        assert os.listdir(tmp_path) == ["a.zarr"]
    assert Result.load(path).settings == SMALL.settings


def test_result_comes_back_when_its_replacement_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = SMALL.save(tmp_path / "a.zarr")
    rename = os.rename

    def fail(source: Path, target: Path) -> None:
        if ".part-" in Path(source).name:
            raise OSError(errno.EACCES, "Permission denied")
        rename(source, target)

    monkeypatch.setattr(os, "rename", fail)
    with pytest.raises(ResultError, match="Permission denied"):
        SMALL.save(path, overwrite=True)
    assert os.listdir(tmp_path) == ["a.zarr"]
    assert Result.load(path).settings == SMALL.settings


def test_result_can_be_moved(stored: Path, tmp_path: Path) -> None:
    shutil.move(stored, tmp_path / "b.zarr")
    assert Result.load(tmp_path / "b.zarr").settings == SMALL.settings
