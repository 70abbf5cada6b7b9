"""Frozen settings that refuse what they do not know, in one clear line."""

from __future__ import annotations

import inspect
import re
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ModelWrapValidatorHandler, ValidationError, model_validator

from dystolab.circuit.spec import one_line
from dystolab.errors import SpecError, UnknownNameError


class Settings(BaseModel):
    """Base of experiments and subjects.

    Raises
    ------
    UnknownNameError
        If a setting does not exist.
    SpecError
        If a value is not allowed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @classmethod
    def explained(cls) -> list[tuple[str, Any, str, str]]:
        """Return name, default, type and meaning of each setting; the latter two from the class's docstring."""
        text = inspect.getdoc(cls) or ""
        listed = text.partition("Parameters\n----------\n")[2].partition("\n\n")[0]
        found: dict[str, tuple[str, str]] = {}
        for names, kind, told in re.findall(r"^(\w[\w, ]*) : (.*)((?:\n    .*)*)", listed, re.MULTILINE):
            found |= dict.fromkeys(names.split(", "), (kind, " ".join(told.split())))
        return [
            (name, field.get_default(call_default_factory=True), *found.get(name, ("", "")))
            for name, field in cls.model_fields.items()
        ]

    @model_validator(mode="wrap")
    @classmethod
    def _in_one_line(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        if isinstance(data, dict):
            for name in data:
                if name not in cls.model_fields:
                    raise UnknownNameError(f"setting of {cls.__name__}", str(name), cls.model_fields)
        try:
            return handler(data)
        except ValidationError as error:
            # Inside a validator the error does not bear the name of the class.
            raise SpecError(f"{cls.__name__}{one_line(error).removeprefix(error.title)}") from None
