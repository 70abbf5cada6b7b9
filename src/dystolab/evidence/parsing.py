"""From a YAML document to models: every complaint of the models becomes one line with its place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, TypeAdapter, ValidationError

from dystolab.evidence.problems import unknown
from dystolab.evidence.schema import Finding, NotFound, Part, SecondFinding, SecondReading, Study
from dystolab.evidence.tree import Document, Keys
from dystolab.evidence.vocabulary import Vocabulary

M = TypeVar("M", bound=BaseModel)

_FORMS = {
    "string_type": ("no text", "text", "write it, in quotes if it looks like a number"),
    "float_type": ("no number", "a number without unit", "write the number as printed"),
    "int_type": ("no whole number", "a whole number", "write it without quotes"),
    "finite_number": ("no finite number", "a finite number", "check it"),
    "tuple_type": ("no list", "a list, `[]` if empty", "put it in brackets"),
    "model_type": ("no mapping", "`{key: value}`", "write its keys"),
    "model_attributes_type": ("no mapping", "`{key: value}`", "write its keys"),
    "dict_type": ("no mapping", "`{key: value}`", "write its keys"),
    "too_short": ("empty", "at least one", "add one"),
    "bool_type": ("neither true nor false", "true or false", "write one, without quotes"),
}


def study(document: Document, vocabulary: Vocabulary) -> tuple[Study | None, tuple[Finding, ...]]:
    """Return the study of `document` (None if it has a problem) and those of its findings that have none.

    Findings are read one by one, so that a mistake in one hides nothing of the others.
    """
    raw = document.value
    if not _is_mapping(document, raw, "study"):
        return None, ()
    items = raw.get("findings")
    whole = model(document, Study, {**raw, "findings": [] if isinstance(items, list) else items}, (), vocabulary)
    found = [
        model(document, Finding, item, ("findings", i), vocabulary)
        for i, item in enumerate(items if isinstance(items, list) else [])
    ]
    good = tuple(one for one in found if one is not None)
    return whole and whole.model_copy(update={"findings": good}), good


def second(document: Document, vocabulary: Vocabulary) -> SecondReading | None:
    """Return the second reading of `document`, as `study` does."""
    raw = document.value
    if not _is_mapping(document, raw, "second reading"):
        return None
    items = raw.get("findings")
    whole = model(
        document, SecondReading, {**raw, "findings": {} if isinstance(items, dict) else items}, (), vocabulary
    )
    found: dict[str, Any] = {}
    for name, item in items.items() if isinstance(items, dict) else ():
        kind: type[Part] = NotFound if isinstance(item, dict) and "not_found" in item else SecondFinding
        one = model(document, kind, item, ("findings", name), vocabulary)
        if one is not None:
            found[name] = one
    return whole and whole.model_copy(update={"findings": found})


def model(document: Document, kind: type[M], raw: Any, at: Keys, vocabulary: Vocabulary) -> M | None:
    """Return `raw` as a `kind`, or None with every complaint noted at its line below `at`."""
    try:
        return TypeAdapter(kind).validate_python(raw, context={"vocabulary": vocabulary})
    except ValidationError as error:
        for complaint in error.errors(include_url=False):
            document.problem((*at, *complaint["loc"]), _line(kind, complaint))
        return None


def _is_mapping(document: Document, raw: Any, what: str) -> bool:
    if isinstance(raw, dict):
        return True
    if not document.problems:
        document.problem((), f"is no {what}; allowed: a mapping of keys and values; see docs/evidence.md")
    return False


def _line(kind: type[BaseModel], complaint: Mapping[str, Any]) -> str:
    where = ".".join(str(part) for part in complaint["loc"])
    last = str(complaint["loc"][-1]) if complaint["loc"] else kind.__name__.lower()
    said, given = complaint["type"], complaint["input"]
    if said == "missing":
        return (
            f"{where} is missing; allowed: every {kind.__name__.lower()} has it; add `{last}:` (null if not readable)"
        )
    if said == "extra_forbidden":
        return unknown("key", where, _keys(kind, complaint["loc"][:-1]))
    if said == "literal_error":
        allowed = [word.strip(" '\"") for word in complaint["ctx"]["expected"].replace(" or ", ", ").split(",")]
        return f"{where}: {unknown(last, given, allowed)}"
    if said in ("union_tag_invalid", "union_tag_not_found"):
        return f"{where}: {unknown('kind', complaint['ctx'].get('tag', ''), _tags(kind, complaint['loc']))}"
    if said == "said":
        return f"{where}: {complaint['msg']}" if where else str(complaint["msg"])
    if said in _FORMS:
        wrong, allowed_, fix = _FORMS[said]
        return f"{where} {str(given)[:60]!r} is {wrong}; allowed: {allowed_}; {fix}"
    told = complaint["msg"].removeprefix("Input should be ").removeprefix("Value error, ")
    return f"{where} {str(given)[:60]!r} is not allowed; allowed: {told}; check it"


def _keys(kind: type[BaseModel], path: Keys) -> list[str]:
    """Return the keys of the model at `path` below `kind`."""
    return list(dict.fromkeys(name for one in _at(kind, path) for name in one.model_fields))


def _tags(kind: type[BaseModel], path: Keys) -> list[str]:
    """Return the kinds that a mapping at `path` below `kind` may be of."""
    return [tag for one in _at(kind, path) for tag in _literals(one, "kind")]


def _at(kind: type[BaseModel], path: Keys) -> list[type[BaseModel]]:
    """Return the models that may stand at `path` below `kind`."""
    here: list[type[BaseModel]] = [kind]
    for part in (part for part in path if isinstance(part, str)):
        below = [
            one for model in here if part in model.model_fields for one in _models(model.model_fields[part].annotation)
        ]
        # Where a mapping may be of several forms, the path names the one that its `kind` chose.
        here = below or [one for one in here if part in _literals(one, "kind")] or here
    return here


def _literals(kind: type[BaseModel], field: str) -> tuple[Any, ...]:
    return get_args(kind.model_fields[field].annotation) if field in kind.model_fields else ()


def _models(annotation: Any) -> list[type[BaseModel]]:
    """Return the models in a type, at any depth."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [one for part in get_args(annotation) for one in _models(part)]
