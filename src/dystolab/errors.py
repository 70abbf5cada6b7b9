"""Errors that a user can act on: each names the object, what is allowed and the nearest valid name."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class DystolabError(Exception):
    """Base class of every error that dystolab raises on purpose; its text is one clear line."""


def retold(kind: type[DystolabError], text: str) -> DystolabError:
    """Return an error of this kind that says `text`, whatever its constructor takes."""
    error = kind.__new__(kind)
    error.args = (text,)
    return error


class UnknownNameError(DystolabError):
    """A name that does not exist, with the nearest one that does.

    Parameters
    ----------
    kind : str
        What the name should have named, e.g. ``"mechanism"``.
    name : str
        The name that was given.
    known : iterable of str
        The names that exist.
    listed_by : str, optional
        The command that lists them, where they are too many to be told here.
    """

    def __init__(self, kind: str, name: str, known: Iterable[str], listed_by: str = "") -> None:
        known = sorted(known)
        begun = [one for one in known if name and one.startswith(name)]
        near = difflib.get_close_matches(name, known, n=1, cutoff=0.5) or begun
        hint = f" - did you mean {near[0]!r}?" if near else "."
        told = f"{len(known)}, listed by `{listed_by}`" if listed_by else ", ".join(known) or "none"
        super().__init__(f"unknown {kind} {name!r}{hint} Known: {told}.")


class SpecError(DystolabError):
    """A circuit, mechanism, drive or experiment with a value that is not allowed."""


class ScaleError(SpecError):
    """A scale of the tissue at which a zone would hold no cell of some population."""


class MissingExtraError(DystolabError):
    """An optional dependency that is not installed; the text says what to install."""

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(f"{package} is not installed: pip install 'dystolab[{extra}]' to use this")


class SimulationError(DystolabError):
    """A run that was stopped: a value that is not finite, or a rate that ran away."""


class UnsupportedError(DystolabError):
    """Something that an engine can't simulate, refused by name."""


class ResultError(DystolabError):
    """A stored result that is missing, incomplete or damaged."""


class EvidenceError(DystolabError):
    """A study, second reading or vocabulary of the evidence base that is not as it must be."""
