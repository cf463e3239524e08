"""docs/reference/commands.md: every command with its options, from the command line itself."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperGroup

from prahari.lazy import COMMANDS
from prahari.reference.markup import code, table

if TYPE_CHECKING:
    from collections.abc import Iterator

_INTRO = """# Commands

`prahari COMMAND`, in the `.venv` that `make setup` makes; `--help` says the same on the terminal. Answers go to stdout,
messages to stderr, and `--json` makes an answer one JSON value. [Exit codes](errors.md). `prahari --install-completion`
teaches your shell to complete commands and options.

"""


def commands_page() -> Iterator[str]:
    """Yield the page."""
    yield from _INTRO.splitlines()
    for name, command in loaded():
        yield from _command(f"prahari {name}", command, 2)


def loaded() -> Iterator[tuple[str, Any]]:
    """Yield every command with its name, imported."""
    for name, place in COMMANDS.items():
        module, attribute = place.place.split(":")
        command = typer.main.get_command(getattr(import_module(module), attribute))
        command.help = command.help or place.help
        yield name, command


def leaves(name: str, command: Any) -> Iterator[tuple[str, Any]]:
    """Yield the commands that can be run, those within groups too, by their whole names."""
    if isinstance(command, TyperGroup) and command.commands:
        for inner, held in command.commands.items():
            yield from leaves(f"{name} {inner}", held)
    else:
        yield name, command


def _command(name: str, command: Any, level: int) -> Iterator[str]:
    yield f"{'#' * level} {name}"
    yield ""
    yield from (command.help or "").strip().splitlines()
    yield ""
    context = command.make_context(name, [], resilient_parsing=True)
    rows = []
    for parameter in command.get_params(context):
        told = parameter.get_help_record(context)
        if told is not None and "--help" not in parameter.opts:
            rows.append((code(told[0]), told[1]))
    if rows:
        yield from table(("option", "what"), rows)
    if isinstance(command, TyperGroup):
        for inner, held in command.commands.items():
            yield from _command(f"{name} {inner}", held, level + 1)
