"""Formats in which results are kept."""

FORMATS: dict[str, str] = {".zarr": "dystolab.io.store"}
"""Suffix of a path -> module with ``write(result, path, *, overwrite)`` and ``read(path, *, arrays)``."""
