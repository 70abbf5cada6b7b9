"""A number with its unit, where it comes from and how sure it is."""

from __future__ import annotations

import functools
import math
import tokenize
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

from dystolab.errors import SpecError

if TYPE_CHECKING:
    import pint

Confidence = Literal["published", "measured", "derived", "assumed", "unverified"]
CONFIDENCES: tuple[str, ...] = get_args(Confidence)
ASSUMED = "assumed"
_SPEAK_FOR_THEMSELVES = ("published", "measured")


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number, or a tuple of numbers of one unit, with its provenance.

    Parameters
    ----------
    value : float or tuple of float
        The number, in `unit`.
    unit : str
        A unit that pint knows, such as ``"mV"`` or ``"1/ms"``; ``"1"`` for a pure number.
    source : str
        DOI or address of the source, or ``"assumed"``.
    confidence : {"published", "measured", "derived", "assumed", "unverified"}
        How the number is known. "published" and "measured" may go without a note.
    note : str
        How the number was derived, or why it was assumed.

    Raises
    ------
    SpecError
        If the number is not finite, or its provenance is incomplete.

    Examples
    --------
    >>> Quantity(0.334, "nF", "10.3389/fncom.2019.00035", "published").to("pF")
    334.0
    """

    value: float | tuple[float, ...]
    unit: str
    source: str
    confidence: Confidence
    note: str = ""

    def __post_init__(self) -> None:
        for number in self.value if isinstance(self.value, tuple) else (self.value,):
            if isinstance(number, bool) or not isinstance(number, (int, float)) or not math.isfinite(number):
                raise SpecError(f"value must be a finite number, got {number!r}")
        for field in ("unit", "source"):
            text = getattr(self, field)
            if not isinstance(text, str) or not text.strip():
                raise SpecError(f"{field} is missing")
        if self.confidence not in CONFIDENCES:
            raise SpecError(f"confidence must be one of {', '.join(CONFIDENCES)}, got {self.confidence!r}")
        if self.source == ASSUMED and self.confidence != ASSUMED:
            raise SpecError(f"confidence of an assumed number must be {ASSUMED!r}, got {self.confidence!r}")
        if self.confidence not in _SPEAK_FOR_THEMSELVES and not self.note.strip():
            raise SpecError(f"a number that is {self.confidence} needs a note that gives the reason")

    def to(self, unit: str) -> float | tuple[float, ...]:
        """Return the value in `unit`.

        Raises
        ------
        SpecError
            If the quantity's unit is unknown or does not measure the same as `unit`.
        """
        if unit == self.unit:  # pint takes a fifth of a second to import, and most tables need no conversion
            return self.value
        factor = _factor(self.unit, unit)
        if isinstance(self.value, tuple):
            return tuple(v * factor for v in self.value)
        return self.value * factor


@functools.cache
def _factor(given: str, wanted: str) -> float:
    import pint

    registry = _registry()
    try:
        offset = registry.Quantity(0.0, given).to(wanted).magnitude
        factor = registry.Quantity(1.0, given).to(wanted).magnitude
    except pint.UndefinedUnitError:
        raise SpecError(f"unit {given!r} is not known") from None
    except pint.DimensionalityError:
        raise SpecError(f"unit {given!r} does not convert to {wanted!r}") from None
    except (AssertionError, tokenize.TokenError, pint.PintError):
        raise SpecError(f"unit {given!r} can't be read") from None
    if offset != 0.0:
        raise SpecError(f"unit {given!r} has no zero in common with {wanted!r}: give the number in {wanted!r}")
    # 1 nF is 999.9999999999999 pF in floating point: a table's decimal must come out as the decimal it states
    return float(f"{factor:.14g}")


@functools.lru_cache(maxsize=1)
def _registry() -> pint.UnitRegistry[float]:
    import pint

    return pint.UnitRegistry()
