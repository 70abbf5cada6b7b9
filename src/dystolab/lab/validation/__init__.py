"""Every target of the documentation, recomputed: one group of checks per file."""

from dystolab.lab.validation.report import GROUPS, validate

__all__ = ["GROUPS", "validate"]
