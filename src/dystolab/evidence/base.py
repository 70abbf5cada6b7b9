"""The evidence base: all studies with their second readings, the shipped ones joined by a user's own."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from dystolab.errors import UnknownNameError
from dystolab.evidence import checks, parsing, tree, vocabulary
from dystolab.evidence.problems import Problem, refuse, shown, unknown
from dystolab.evidence.schema import SecondReading, Study
from dystolab.evidence.telltale import gives_away
from dystolab.evidence.verification import Checked, compared
from dystolab.evidence.vocabulary import Vocabulary

SHIPPED = Path(__file__).parent
"""The folder of the studies that come with the package."""
NO_STUDIES = ("vocabulary.yaml", "questions.yaml", "nested_conditions.yaml")
"""Files of a base, beside its ``studies``, that hold something else."""


@dataclass(frozen=True)
class Base:
    """Studies by id, with what a second reader made of them.

    Parameters
    ----------
    studies : dict of str to Study
        In the order of their ids.
    vocabulary : Vocabulary
        The terms that they use.
    seconds : dict of str to SecondReading
        Second readings by the study's id.
    files : dict of str to Path
        Where each study stands.
    """

    studies: Mapping[str, Study]
    vocabulary: Vocabulary
    seconds: Mapping[str, SecondReading] = field(default_factory=dict)
    files: Mapping[str, Path] = field(default_factory=dict)

    @functools.cached_property
    def checked(self) -> tuple[Checked, ...]:
        """Every finding with its status."""
        return tuple(
            compared(study, finding, self.seconds.get(study.id))
            for study in self.studies.values()
            for finding in study.findings
        )

    @functools.cached_property
    def by_study(self) -> Mapping[str, tuple[Checked, ...]]:
        """The findings of each study."""
        out: dict[str, list[Checked]] = {name: [] for name in self.studies}
        for one in self.checked:
            out[one.study.id].append(one)
        return {name: tuple(found) for name, found in out.items()}

    def study(self, name: str) -> Study:
        """Return the study called `name`.

        Raises
        ------
        UnknownNameError
            If there is none; the text names the nearest.
        """
        if name not in self.studies:
            raise UnknownNameError("study", name, self.studies, "dystolab evidence list")
        return self.studies[name]

    def overlapping(self, name: str) -> frozenset[str]:
        """Return the ids of all studies that probably report people of `name`, directly or by way of another."""
        found: set[str] = set()
        waiting = [name]
        while waiting:
            one = waiting.pop()
            new = set(self._overlaps.get(one, ())) - found - {name}
            found |= new
            waiting += new
        return frozenset(found)

    @functools.cached_property
    def _overlaps(self) -> Mapping[str, set[str]]:
        out: dict[str, set[str]] = {}
        for study in self.studies.values():
            for other in study.overlaps_with:
                out.setdefault(study.id, set()).add(other)
                out.setdefault(other, set()).add(study.id)
        return out

    def people_of(self, name: str) -> frozenset[str]:
        """Return the ids of all studies whose people `name` reports, or probably does: its own, held, overlapping."""
        found, waiting = {name}, [name]
        while waiting:
            one = waiting.pop()
            new = (self.contained_in(one) | self.overlapping(one)) - found
            found |= new
            waiting += new
        return frozenset(found)

    def contained_in(self, pooled: str) -> frozenset[str]:
        """Return the ids of all studies whose data `pooled` holds, at any depth."""
        found: set[str] = set()
        waiting = [pooled]
        while waiting:
            study = self.studies.get(waiting.pop())
            new = set(study.contains if study else ()) - found - {pooled}
            found |= new
            waiting += new
        return frozenset(found)


def load(*folders: Path, shipped: bool = True, vocabularies: Iterable[Path] = ()) -> Base:
    """Return the shipped studies together with those in `folders`.

    Parameters
    ----------
    folders : Path
        Each with ``<id>.yaml`` files, in it and in its ``studies``; second readings in ``second`` and further
        terms in ``vocabulary.yaml``.
    shipped : bool
        Whether the studies that come with the package are there.
    vocabularies : iterable of Path
        Further files of terms.

    Raises
    ------
    EvidenceError
        If any file is not as it must be.

    Examples
    --------
    >>> base = load()
    >>> base.study("teo_2009_ebcc_focal").year
    2009
    """
    if shipped and not folders and not tuple(vocabularies):
        return _shipped()
    base, problems = read(*folders, shipped=shipped, vocabularies=vocabularies)
    refuse(problems)
    return base


@functools.cache
def _shipped() -> Base:
    base, problems = read()
    refuse(problems)
    return base


def read(
    *folders: Path, shipped: bool = True, vocabularies: Iterable[Path] = (), today: date | None = None
) -> tuple[Base, list[Problem]]:
    """Return what `load` does of all that could be read, and every problem of every file, in their order."""
    places = _distinct([SHIPPED] if shipped else [], folders)
    own = [folder / "vocabulary.yaml" for folder in places if folder != SHIPPED]
    files = [vocabulary.FILE, *(file for file in own if file.is_file()), *vocabularies]
    terms, problems = vocabulary.read(files)
    problems += [_no_folder(folder) for folder in places if not folder.exists()]
    problems += [_misnamed(file) for folder in places for file in _short_names(folder)]
    documents: dict[str, tree.Document] = {}
    studies, where = _studies(places, terms, today or date.today(), documents, problems)
    seconds = _seconds(places, terms, studies, problems)
    base = Base(dict(sorted(studies.items())), terms, seconds, where)
    _across(base, documents)
    _settled(base, documents)
    _blind(base, documents)
    problems += [problem for document in documents.values() for problem in document.problems]
    return base, sorted(set(problems))


def study_files(folder: Path) -> list[Path]:
    """Return the files of studies in `folder` and in its ``studies``; `folder` may be one of them."""
    if folder.is_file():
        return [folder]
    flat = (path for path in folder.glob("*.yaml") if path.name not in NO_STUDIES)
    return sorted(flat) + sorted((folder / "studies").glob("*.yaml"))


def _distinct(first: Sequence[Path], folders: Sequence[Path]) -> list[Path]:
    out: dict[Path, Path] = {folder.resolve(): folder for folder in first}
    for folder in folders:
        out.setdefault(folder.resolve(), folder)
    return list(out.values())


def _no_folder(folder: Path) -> Problem:
    return Problem(shown(folder), 1, "does not exist; allowed: <id>.yaml, or a directory of such files; check the path")


def _short_names(folder: Path) -> list[Path]:
    """Return the files of a base that nobody would read for the end of their name."""
    return [file for part in (".", "studies", "second", "checks") for file in sorted((folder / part).glob("*.yml"))]


def _misnamed(file: Path) -> Problem:
    return Problem(shown(file), 1, f"ends in .yml and is not read; allowed: .yaml; rename it to {file.stem}.yaml")


def _studies(
    places: Sequence[Path], terms: Vocabulary, today: date, documents: dict[str, tree.Document], problems: list[Problem]
) -> tuple[dict[str, Study], dict[str, Path]]:
    studies: dict[str, Study] = {}
    where: dict[str, Path] = {}
    for file in (file for folder in places for file in study_files(folder)):
        document = tree.read(file)
        found, findings = parsing.study(document, terms)
        checks.findings(document, findings)
        if found is not None:
            checks.study(document, found, today)
            if found.id != file.stem:
                document.problem(("id",), f"id {found.id!r} in {file.name}; allowed: the file's name; rename one")
        if found is None or found.id in studies:
            if found is not None:
                first = shown(where[found.id])
                document.problem(("id",), f"id {found.id!r} stands in {first} already; allowed: once; rename one")
            problems += document.problems
            continue
        studies[found.id], where[found.id], documents[found.id] = found, file, document
    return studies, where


def _seconds(
    places: Sequence[Path], terms: Vocabulary, studies: Mapping[str, Study], problems: list[Problem]
) -> dict[str, SecondReading]:
    out: dict[str, SecondReading] = {}
    where: dict[str, Path] = {}
    for file in (file for folder in places for file in sorted((folder / "second").glob("*.yaml"))):
        document = tree.read(file)
        found = parsing.second(document, terms)
        if found is not None:
            if found.id != file.stem:
                document.problem(("id",), f"id {found.id!r} in {file.name}; allowed: the file's name; rename one")
            _second_fits(document, found, studies)
            if found.id in out:
                first = shown(where[found.id])
                said = f"second reading of {found.id!r} stands in {first} already; allowed: once; take one away"
                document.problem(("id",), said)
            else:
                out[found.id], where[found.id] = found, file
        problems += document.problems
    return out


def _second_fits(document: tree.Document, found: SecondReading, studies: Mapping[str, Study]) -> None:
    if found.id not in studies:
        document.problem(("id",), unknown("study", found.id, studies, "base (`dystolab evidence list`)"))
        return
    known = [finding.id for finding in studies[found.id].findings]
    for name in found.findings:
        if name not in known:
            document.problem(("findings", name), unknown(f"finding of {found.id}", name, known))


def _across(base: Base, documents: Mapping[str, tree.Document]) -> None:
    """Note what does not make sense between studies."""
    seen: dict[tuple[str, str], str] = {}
    for name, document in documents.items():  # shipped studies first, so that the newcomer is told to leave
        study = base.studies[name]
        for key in ("contains", "conflicts_with", "overlaps_with"):
            for i, other in enumerate(getattr(study, key)):
                if other not in base.studies:
                    said = unknown("study", other, base.studies, "base (`dystolab evidence list`)")
                    document.problem((key, i), f"{key}: {said}")
        # A title that nobody saw is a description, which several studies may share.
        seen_title = "" if "title" in study.bibliography_unconfirmed else study.title.lower()
        title = "".join(letter for letter in seen_title if letter.isalnum())
        for key, value in (("doi", (study.doi or "").lower()), ("title", title)):
            first = seen.setdefault((key, value), study.id) if value else study.id
            if first != study.id:
                said = f"{key} is also that of {first} ({shown(base.files[first])}); allowed: once; keep one study"
                document.problem((key,), said)
        _secondary(study, base, document)


def _settled(base: Base, documents: Mapping[str, tree.Document]) -> None:
    """Note settlements of what the readers do not disagree on, and of second numbers that do not exist."""
    for one in base.checked:
        settled = one.finding.settled
        useless = one.status in ("confirmed", "unread") or (
            one.status == "not_found" and settled and settled.kept == "second"
        )
        if settled is not None and useless:
            document = documents[one.study.id]
            said = f"settled for {settled.kept}, and the finding is {one.status.replace('_', ' ')}; allowed; look again"
            document.problem(
                (*checks.place(document, one.finding), "settled"), f"{one.finding.id}: {said}", remark=True
            )


def _blind(base: Base, documents: Mapping[str, tree.Document]) -> None:
    """Note questions that tell their answer while nobody has read them a second time; later it is only counted."""
    for one in base.checked:
        told = gives_away(one.finding) if one.status == "unread" else ()
        if told:
            document = documents[one.study.id]
            said = f"what tells the result ({', '.join(told)}); allowed, but a second reader sees it; take it out"
            document.problem((*checks.place(document, one.finding), "what"), f"{one.finding.id}: {said}", remark=True)


def _secondary(study: Study, base: Base, document: tree.Document) -> None:
    for i, finding in enumerate(study.findings):
        source = finding.where.removeprefix("secondary: ").split()[0].rstrip(",;")
        if finding.where.startswith("secondary: ") and not source.startswith("http") and source not in base.studies:
            said = unknown("study", source, base.studies, "base (`dystolab evidence list`)")
            document.problem(("findings", i, "where"), f"where: {said}")
