"""The command line: one file per verb, each loaded when it is called.

A module of this folder whose name has no leading underscore is a verb, and its ``main`` is what it does; a package is
a verb with verbs of its own.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Sequence
from typing import Annotated

import typer
import typer.main

from dystolab.cli import _verbs
from dystolab.errors import DystolabError, ResultError, SimulationError

BAD_INPUT, FAILED, INTERRUPTED = 2, 1, 130
"""Exit codes."""


_app = typer.Typer(
    cls=_verbs.group(sys.modules[__name__]),
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        from dystolab import __version__

        print(__version__)
        raise typer.Exit


@_app.callback()
def _options(
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version.", is_eager=True, callback=_print_version)
    ] = False,
) -> None:
    """Take a circuit, give it a mechanism, run an experiment on it, read the measures."""


def verbs() -> list[str]:
    """Return the names of the verbs, sorted."""
    return _verbs.names(sys.modules[__name__])


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and leave with its exit code: 0, 2 (bad input), 1 (failed) or 130 (stopped)."""
    sys.exit(call(sys.argv[1:] if arguments is None else arguments))


def call(arguments: Sequence[str]) -> int:
    """Run the command line `arguments` and return the exit code; an error is one line on stderr."""
    debug = "--debug" in itertools.takewhile(lambda argument: argument.startswith("-"), arguments)
    try:
        # Not `list(arguments)`: the verb of that name is an attribute of this package once it is loaded.
        words = [*arguments]
        code = typer.main.get_command(_app)(args=words, prog_name="dystolab", standalone_mode=False)
        return code if isinstance(code, int) else 0
    except (KeyboardInterrupt, typer.Abort):
        return _complain("stopped", INTERRUPTED)
    except BrokenPipeError:  # `dystolab list … | head`
        sys.stderr.close()
        return FAILED
    except Exception as error:
        if type(error).__name__ == "NoArgsIsHelpError":  # `dystolab`, `dystolab evidence`: which verbs there are
            print(error, file=sys.stderr)
            return BAD_INPUT
        if debug:
            raise
        return _complain(*_told(error))


def _told(error: Exception) -> tuple[str, int]:
    """Return the line that tells of `error`, and the exit code."""
    if isinstance(error, DystolabError):
        return str(error), FAILED if isinstance(error, SimulationError | ResultError) else BAD_INPUT
    if hasattr(error, "format_message"):  # the option parser's errors, whose class differs between versions
        return error.format_message(), BAD_INPUT
    if isinstance(error, MemoryError):
        return "out of memory: try a smaller --scale or fewer --workers", FAILED
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror, FAILED
    return f"internal error ({type(error).__name__}: {error}); `dystolab --debug …` shows where", FAILED


def _complain(line: str, code: int) -> int:
    print(f"dystolab: {' '.join(line.split())}", file=sys.stderr)
    return code
