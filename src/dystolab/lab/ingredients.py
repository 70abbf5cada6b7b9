"""What the time code of granule cells is made of: how well it should tell the time, and what is cut to test that."""

from __future__ import annotations

GOAL_MS = 30.0
"""The error of elapsed time that this project wants to stay below."""

BRUSH = ("ubc_on_fast", "ubc_on_middle", "ubc_on_slow", "ubc_off")

WITHOUT: dict[str, tuple[str, ...]] = {
    "unipolar brush cells": BRUSH,
    "Golgi cells' inhibition of granule cells": ("goc_grc",),
}
"""Ingredient -> what is cut to be without it."""
