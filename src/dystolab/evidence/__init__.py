"""What has been published on the cerebellum in dystonia: studies, each finding read twice, and what follows.

Examples
--------
>>> from dystolab import evidence
>>> base = evidence.load()
>>> base.study("sadnicka_2022_ebcc_pooled").implication
'against'
"""

from __future__ import annotations

from dystolab.evidence.base import Base, load, read
from dystolab.evidence.problems import Problem
from dystolab.evidence.schema import Finding, Study
from dystolab.evidence.verification import Checked, Difference
from dystolab.evidence.vocabulary import Vocabulary

__all__ = ["Base", "Checked", "Difference", "Finding", "Problem", "Study", "Vocabulary", "load", "read"]
