"""Results as Zarr directories: written whole or not at all, and checked to the last byte when read.

A result is a Zarr v3 group with one array per recording. Everything else is JSON in the group's attributes,
with the SHA-256 of every file of the store and of the JSON itself, so that any damage is told by name.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import numpy as np
import zarr
from pydantic import BaseModel, ConfigDict, ValidationError

from dystolab.errors import ResultError
from dystolab.result import SCHEMA_VERSION, Array, Measure, Result, plain

KEY = "dystolab"
"""The attribute of the root group that holds the manifest."""

_ROOT = "zarr.json"
_NAME = re.compile(r"[A-Za-z0-9_+-][A-Za-z0-9_.+-]*(/[A-Za-z0-9_+-][A-Za-z0-9_.+-]*)*")
_CHUNK_BYTES = 16 * 2**20


_Number = float | Literal["inf", "-inf"] | None


class _Measure(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    value: _Number | list[_Number]
    unit: str
    ci95: list[_Number] | list[list[_Number]] | None
    n: int
    description: str


class _Manifest(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    schema_version: Literal[1]
    experiment: str
    settings: dict[str, Any]
    subject: dict[str, Any]
    measures: dict[str, _Measure]
    population_rate_hz: dict[str, float | None]
    runtime: dict[str, Any]
    provenance: dict[str, Any]
    arrays: list[str]
    files: dict[str, str]


def write(result: Result, path: Path, *, overwrite: bool = False) -> None:
    """Write `result` to the directory `path`.

    It is written beside the target and renamed when complete, so that `path` never holds half a result.

    Raises
    ------
    ResultError
        If `path` exists and `overwrite` is false, a name or value can't be stored, or the disk refuses.
    """
    _check_arrays(result.arrays)
    if path.exists() and not overwrite:
        raise ResultError(f"{path} exists already: choose another name, or ask to overwrite it")
    part = path.with_name(f".{path.name}.part-{uuid.uuid4().hex[:8]}")
    with _disk(path), _removed_on_error(part):
        path.parent.mkdir(parents=True, exist_ok=True)
        _fill(part, result)
        _move(part, path)


def read(path: Path, *, arrays: bool = True) -> Result:
    """Read the result at `path`, with its recordings if `arrays`.

    Raises
    ------
    ResultError
        If it is missing, incomplete or damaged; the text names the file.
    """
    if not path.is_dir():
        reason = "not a directory" if path.exists() else "no such directory"
        raise ResultError(f"{path} is no result: {reason}")
    manifest = _manifest(path)
    _check_files(path, manifest.files)
    try:
        recordings = _arrays(path, manifest.arrays) if arrays else {}
        measures = {name: Measure.from_json(m.model_dump()) for name, m in manifest.measures.items()}
    except Exception as error:
        # Every byte is as it was written: another version of Zarr wrote the store, or memory ran out.
        raise ResultError(f"{path} can't be read: {type(error).__name__} {_first_line(error)}") from error
    rates = {name: float("nan") if rate is None else rate for name, rate in manifest.population_rate_hz.items()}
    return Result(
        experiment=manifest.experiment,
        settings=manifest.settings,
        subject=manifest.subject,
        measures=measures,
        population_rate_hz=rates,
        runtime=manifest.runtime,
        provenance=manifest.provenance,
        arrays=recordings,
    )


def _check_arrays(arrays: dict[str, Array]) -> None:
    for name, array in arrays.items():
        if not _NAME.fullmatch(name):
            raise ResultError(f"array name {name!r} must be words of letters, digits and _ parted by /")
        if array.dtype.kind not in "biuf":
            raise ResultError(f"array {name!r} has type {array.dtype}: only numbers and booleans are stored")
        parents = name.split("/")
        for depth in range(1, len(parents)):
            if "/".join(parents[:depth]) in arrays:
                raise ResultError(f"array {name!r} lies below another array, {'/'.join(parents[:depth])!r}")


def _fill(part: Path, result: Result) -> None:
    group = zarr.open_group(part, mode="w-", zarr_format=3)
    for name, array in result.arrays.items():
        group.create_array(name, data=np.ascontiguousarray(array).reshape(array.shape), chunks=_chunks(array))
    manifest = {
        "schema_version": SCHEMA_VERSION,
        "experiment": result.experiment,
        "settings": plain(result.settings),
        "subject": plain(result.subject),
        "measures": {name: measure.to_json() for name, measure in result.measures.items()},
        "population_rate_hz": plain(result.population_rate_hz),
        "runtime": plain(result.runtime),
        "provenance": plain(result.provenance),
        "arrays": list(result.arrays),
        "files": {str(file): _sha256(part / file) for file in _files(part)},
    }
    group.attrs[KEY] = {"manifest": manifest, "sha256": _digest(manifest)}


def _chunks(array: Array) -> tuple[int, ...]:
    """Return chunks of whole rows, at most about 16 MB each."""
    if array.ndim == 0:
        return ()
    row_bytes = max(1, array.itemsize * int(np.prod(array.shape[1:], dtype=np.int64)))
    rows = min(array.shape[0], max(1, _CHUNK_BYTES // row_bytes))
    return tuple(max(1, n) for n in (rows, *array.shape[1:]))


def _move(part: Path, path: Path) -> None:
    """Rename `part` to `path`; a result that is replaced comes back if that fails."""
    if not path.exists():
        os.rename(part, path)
        return
    old = path.with_name(f".{path.name}.old-{uuid.uuid4().hex[:8]}")
    os.rename(path, old)
    try:
        os.rename(part, path)
    except BaseException:
        os.rename(old, path)
        raise
    # The new result stands; what can't be removed of the old one does not undo that.
    shutil.rmtree(old, ignore_errors=True) if old.is_dir() else old.unlink(missing_ok=True)


def _manifest(path: Path) -> _Manifest:
    root = path / _ROOT
    try:
        document = json.loads(root.read_bytes())
    except FileNotFoundError:
        raise ResultError(f"{path} is no result, or an incomplete one: {root} is missing") from None
    except OSError as error:
        raise ResultError(f"{root} can't be read: {error.strerror}") from None
    except (ValueError, RecursionError):
        raise ResultError(f"{root} is damaged: it is not JSON") from None
    try:
        stored = document["attributes"][KEY]
        manifest, digest = stored["manifest"], stored["sha256"]
        version = manifest["schema_version"]
    except (KeyError, TypeError):
        raise ResultError(f"{root} is damaged, or not of a dystolab result: it has no manifest") from None
    if _digest(manifest) != digest:
        raise ResultError(f"{root} is damaged or was edited: its manifest does not match its checksum")
    if version != SCHEMA_VERSION:
        raise ResultError(f"{path} has schema version {version!r}; this dystolab reads {SCHEMA_VERSION}")
    # The rest of the document is Zarr's own and has one right form.
    if document.get("zarr_format") != 3 or document.get("node_type") != "group":
        raise ResultError(f"{root} is damaged or was edited: it is not of a Zarr v3 group")
    try:
        return _Manifest.model_validate(manifest)
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise ResultError(f"{root} is damaged: {where} of its manifest is not as it must be") from None


def _check_files(path: Path, files: dict[str, str]) -> None:
    for name, digest in files.items():
        file = path / name
        try:
            found = _sha256(file)
        except FileNotFoundError:
            raise ResultError(f"{path} is incomplete: {file} is missing") from None
        except OSError as error:
            raise ResultError(f"{file} can't be read: {error.strerror}") from None
        if found != digest:
            raise ResultError(f"{file} is damaged: it does not match its checksum")


def _arrays(path: Path, names: list[str]) -> dict[str, Array]:
    return {name: np.asarray(zarr.open_array(path, path=name, mode="r")[...]) for name in names}


def _files(part: Path) -> list[Path]:
    """Return every file of the store but the root's metadata, which holds their checksums."""
    found = (file.relative_to(part) for file in part.rglob("*") if file.is_file())
    return sorted(file for file in found if str(file) != _ROOT)


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _digest(manifest: Any) -> str:
    return hashlib.sha256(json.dumps(manifest, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


@contextmanager
def _disk(path: Path) -> Iterator[None]:
    """Turn what the disk refuses into one line that names the path."""
    try:
        yield
    except (FileExistsError, NotADirectoryError):
        raise ResultError(f"{path} can't be written: {path.parent} is not a directory") from None
    except OSError as error:
        raise ResultError(f"{path} can't be written: {error.strerror or error}") from error


@contextmanager
def _removed_on_error(part: Path) -> Iterator[None]:
    try:
        yield
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [""])[0][:120]
