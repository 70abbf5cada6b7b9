"""Runs the groups and writes ``validation.md``; a group that was not run keeps its last rows."""

from __future__ import annotations

import importlib
import json
import os
import platform
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dystolab.errors import ResultError, UnknownNameError
from dystolab.lab.code import package_hash
from dystolab.lab.validation.rows import Row

GROUPS = {
    "exactness": "Exactness: kernels against the oracle, threads, resuming",
    "canonical": "The published scaffold's network: our rates against NEST's and Brian2's",
    "rest": "Rest: rates and irregularity of `mouse-cerebellum` against awake mice",
    "time_code": "Time: how well granule cells tell the time since a stimulus began",
    "learning": "Learning: eyeblink conditioning of `mouse-cerebellum`, paired and unpaired",
    "lasting": "Plasticity that lasts: minutes of rest, and trials at the learning rate that animals have",
    "predictions": "Extinction, savings and other intervals: reported as they come out",
    "published": "The published model `mouse-2022` and its arms: nothing tuned, reported as it comes out",
    "faults": "`mouse-cerebellum` with each mechanism by severity: nothing tuned, reported as it comes out",
    "posture": "A head that is held: healthy, and with each mechanism by severity",
    "posture_cerebellum": "A head that is held with a cerebellum: healthy, without its nuclei, and with its faults",
    "reach": "A hand that reaches without a cerebellum, and that it learns nothing in a changed world",
    "reach_cerebellum": "A hand that reaches with a cerebellum, and what it learns in a changed world",
    "reach_faults": "A hand that reaches with each fault of the cerebellum: nothing tuned, reported as it comes out",
    "speed": "Speed and memory",
}
"""Group of checks: heading."""

Say = Callable[[str], None]


def validate(groups: Sequence[str], out: Path, say: Say, **options: Any) -> list[Row]:
    """Run `groups` (all if empty), write ``validation.md`` and ``validation.json`` in `out`, return the new rows.

    Parameters
    ----------
    groups : sequence of str
        Names from ``GROUPS``.
    out : Path
        Directory of the two files.
    say : callable
        Told what is going on.
    **options
        ``seeds``, ``workers``, ``canonical`` (path of an edge list), passed to each group.

    Raises
    ------
    UnknownNameError
        If a group does not exist.
    """
    for name in groups:
        if name not in GROUPS:
            raise UnknownNameError("group of checks", name, GROUPS)
    store = out / "validation.json"
    read(store)
    new: list[Row] = []
    for name in groups or tuple(GROUPS):
        say(f"{GROUPS[name]} ...")
        rows = importlib.import_module(f"dystolab.lab.validation.{name}").rows(say, **options)
        new += rows
        stamp = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
        # Read again: another call may have written its groups in the meantime.
        kept = read(store)
        kept[name] = {
            "when": stamp,
            "machine": platform.processor() or platform.machine(),
            "code": package_hash()[:12],
            "rows": [r.to_json() for r in rows],
        }
        out.mkdir(parents=True, exist_ok=True)
        write(store, json.dumps(kept, indent=1))
        write(out / "validation.md", page(kept))
    return new


def read(store: Path) -> dict[str, Any]:
    """Return the groups that were kept; ResultError if the file is damaged."""
    try:
        kept: dict[str, Any] = json.loads(store.read_text())
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise ResultError(f"{store} is damaged ({error}); delete it to validate anew") from None
    return kept


def write(path: Path, text: str) -> None:
    """Replace the file at `path` by one that holds `text`, whole or not at all."""
    part = path.with_name(f".{path.name}.part")
    part.write_text(text)
    os.replace(part, path)


def page(kept: dict[str, Any]) -> str:
    """Return the page as Markdown."""
    lines = [
        "# Validation",
        "",
        "Written by `dystolab validate`; every number was measured by the run that its heading names.",
        "`calibration`: the model was tuned on this observation; `prediction`: it was not. A row without a target is",
        "reported as it came out. ± is the standard deviation over subjects. `code` is a hash of the package's files.",
    ]
    for name, heading in GROUPS.items():
        if name not in kept:
            continue
        group = kept[name]
        code = f", code {group['code']}" if "code" in group else ""
        lines += ["", f"## {heading}", "", f"{group['when']}, {group['machine']}{code}", ""]
        lines += ["| what | value | target | seeds | result | kind | note |", "|---|---|---|---|---|---|---|"]
        for r in group["rows"]:
            result = {True: "pass", False: "**FAIL**", None: "reported"}[r["passed"]]
            cells = [r["what"], r["value"], r["target"], str(r["seeds"]), result, r["kind"], r["note"]]
            lines.append("| " + " | ".join(c.replace("|", "/") for c in cells) + " |")
    return "\n".join(lines) + "\n"
