"""Checkpoints: a run's state in one file, written whole or not at all."""

from __future__ import annotations

import os
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from dystolab.errors import ResultError

Array = np.ndarray

_DAMAGE = (
    OSError,
    ValueError,
    EOFError,
    zipfile.BadZipFile,
    NotImplementedError,
    RuntimeError,
    TypeError,
    AttributeError,
)
"""What NumPy and zipfile raise at a file that is no archive of arrays, or no whole one: a damaged header asks for a
compression that zipfile does not implement, or says that the file is encrypted (RuntimeError)."""


def write_checkpoint(path: Path, fingerprint: str, arrays: dict[str, Array]) -> None:
    """Write `arrays` and `fingerprint` to `path` through a temporary file beside it.

    Raises
    ------
    ResultError
        If the file can't be written; nothing half-written is left.
    """
    name = ""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(handle, "wb") as file:
            named: dict[str, Any] = {k.replace("/", "|"): v for k, v in arrays.items()}
            np.savez(file, fingerprint=np.array(fingerprint), **named)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)
    except OSError as error:
        raise ResultError(f"{path}: the checkpoint could not be written ({error.strerror})") from None
    finally:
        if name and os.path.exists(name):
            os.unlink(name)


def read_checkpoint(path: Path, fingerprint: str) -> dict[str, Array]:
    """Return the arrays of a checkpoint.

    Raises
    ------
    ResultError
        If the file is missing or damaged, or belongs to another circuit, seed, recording or experiment.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {k.replace("|", "/"): file[k] for k in file.files}
    except FileNotFoundError:
        raise ResultError(f"{path}: no such checkpoint") from None
    except _DAMAGE as error:
        raise ResultError(f"{path}: the checkpoint is damaged ({error}); delete it to start again") from None
    if str(arrays.pop("fingerprint", "")) != fingerprint:
        raise ResultError(f"{path}: the checkpoint is of another circuit, seed, recording or experiment")
    return arrays
