"""The project's own promises: the README's commands are the ones that are run, and every example is true."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import re
import tomllib
from pathlib import Path

import pytest

import dystolab

ROOT = Path(__file__).parents[1]
TEST_COMMAND = 'pip install ".[test]" && pytest'


def test_readme_holds_the_command_that_ci_runs() -> None:
    """``.ci/run`` takes the line from the README that this pattern finds, and runs it word by word."""
    (pattern,) = re.findall(r"grep -m 1 -E '([^']+)' README\.md", (ROOT / ".ci" / "run").read_text())
    found = [line for line in (ROOT / "README.md").read_text().splitlines() if re.match(pattern, line)]
    assert found == [TEST_COMMAND]


def test_every_extra_that_an_error_names_exists() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    source = "".join(path.read_text() for path in (ROOT / "src").rglob("*.py"))
    named = re.findall(r'MissingExtraError\(\s*"[^"]+",\s*"([^"]+)"', source)
    assert set(named) <= set(project["optional-dependencies"])


def test_citation_and_package_agree() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    citation = (ROOT / "CITATION.cff").read_text()
    assert f"\nversion: {project['version']}\n" in citation
    assert f"\nlicense: {project['license']}\n" in citation


@pytest.mark.parametrize("name", [module.name for module in pkgutil.walk_packages(dystolab.__path__, "dystolab.")])
def test_examples_in_docstrings(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0
