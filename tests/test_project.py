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
from dystolab import experiments, measures, mechanisms
from dystolab.circuit import presets

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


def rows(text: str) -> dict[str, list[str]]:
    """Return the cells of every row of a document's tables after the first, which is a name, by that name."""
    found = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| `")]
    assert len(found) == len({name for name, *_ in found}), "a name stands twice"
    return {name.strip("`"): cells for name, *cells in found}


def test_every_public_name_is_in_the_documented_list() -> None:
    text = (ROOT / "docs" / "names.md").read_text()
    documented = rows(text)
    kinds = (presets.NAMES, experiments.NAMES, mechanisms.NAMES)
    expected: dict[str, list[str]] = {name: [told] for kind in kinds for name, told in kind.items()}
    for pattern, family in (("{}.<population>", measures.FAMILIES), ("{}.<epoch>", measures.BY_EPOCH)):
        expected |= {pattern.format(name): list(told) for name, told in family.items()}
    expected |= {name: list(told) for name, told in measures._ALONE.items()}
    assert documented == expected
    for label, names in (("Populations", measures.POPULATIONS), ("Epochs", measures.EPOCHS)):
        (told,) = re.findall(rf"^{label}: ([^.]*)\.$", text, re.MULTILINE)
        assert tuple(re.findall(r"`([^`]+)`", told)) == names


def test_every_population_of_every_circuit_is_listed() -> None:
    for name in presets.NAMES:
        assert {p.name for p in presets.load(name).populations} <= set(measures.POPULATIONS)


def test_the_list_holds_every_measure() -> None:
    parts = (
        len(measures.FAMILIES) * len(measures.POPULATIONS),
        len(measures.BY_EPOCH) * len(measures.EPOCHS),
        len(measures._ALONE),
    )
    assert len(measures.NAMES) == sum(parts)


@pytest.mark.parametrize(
    ("kind", "names"),
    [("circuits", presets.NAMES), ("experiments", experiments.NAMES), ("mechanisms", mechanisms.NAMES)],
)
def test_the_readme_names_them_all(kind: str, names: dict[str, str]) -> None:
    (row,) = re.findall(rf"^\| {kind} \| (.*) \|$", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert set(names) <= set(re.findall(r"`([^` ]+)`", row))


@pytest.mark.parametrize("name", [module.name for module in pkgutil.walk_packages(dystolab.__path__, "dystolab.")])
def test_examples_in_docstrings(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0
