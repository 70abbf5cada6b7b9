"""Verbs of the command line: each a module, loaded when it is called."""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType
from typing import Any

import typer
import typer.core
import typer.main

from dystolab.errors import UnknownNameError


def names(folder: ModuleType) -> list[str]:
    """Return the names of the verbs in a folder of modules, sorted."""
    return sorted(m.name for m in pkgutil.iter_modules(folder.__path__) if not m.name.startswith("_"))


def group(folder: ModuleType) -> type[typer.core.TyperGroup]:
    """Return the class of a group of commands whose verbs are the modules in `folder`.

    A module's ``main`` is what its verb does; a package's ``app`` holds verbs of its own.
    """

    class Verbs(typer.core.TyperGroup):
        def list_commands(self, ctx: Any) -> list[str]:
            return names(folder)

        def get_command(self, ctx: Any, cmd_name: str) -> Any:
            if cmd_name not in names(folder):
                raise UnknownNameError("verb", cmd_name, names(folder))
            module = importlib.import_module(f"{folder.__name__}.{cmd_name}")
            if hasattr(module, "app"):
                return typer.main.get_command(module.app)
            app = typer.Typer(add_completion=False, rich_markup_mode=None)
            app.command(cmd_name)(module.main)
            return typer.main.get_command(app)

    return Verbs
