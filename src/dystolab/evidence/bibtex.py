"""Studies as BibTeX."""

from __future__ import annotations

import re
from collections.abc import Iterable

from dystolab.evidence.schema import Study

_SPECIAL = str.maketrans(
    {"&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}", "~": r"\~{}"}
)


def entry(study: Study) -> str:
    r"""Return `study` as one BibTeX entry under its own id; fields that nobody saw displayed are named in a note.

    Examples
    --------
    >>> from dystolab.evidence import load
    >>> print(entry(load().study("sadnicka_2015_dyt1_dyt6_ebcc")).splitlines()[0])
    @article{sadnicka_2015_dyt1_dyt6_ebcc,
    """
    author = _author(study.first_author)
    unsure = ", ".join(study.bibliography_unconfirmed).replace("_", " ")
    fields = {
        "author": f"{author} and others" if author else "",
        "title": f"{{{_plain(study.title)}}}",
        "journal": _plain(study.journal or ""),
        "year": str(study.year or ""),
        "doi": study.doi or "",
        "url": study.address or "",
        "note": f"not confirmed: {unsure}" if unsure else "",
    }
    return written("article", study.id, fields)


def written(kind: str, key: str, fields: dict[str, str]) -> str:
    """Return a BibTeX entry of those `fields` that hold something; values are written as they are."""
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value]
    return "\n".join([f"@{kind}{{{key},", *lines, "}"])


def entries(studies: Iterable[Study]) -> str:
    """Return all `studies` as BibTeX."""
    return "\n\n".join(map(entry, studies)) + "\n"


def _author(name: str | None) -> str:
    """Return ``Teo JTH`` as ``Teo, J. T. H.``."""
    if not name:
        return ""
    family, _, initials = name.rpartition(" ")
    if not family or not re.fullmatch(r"[A-Z]+", initials):
        return _plain(name)
    return f"{_plain(family)}, {' '.join(f'{letter}.' for letter in initials)}"


def _plain(text: str) -> str:
    return text.translate(_SPECIAL)
