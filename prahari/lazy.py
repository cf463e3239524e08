"""The commands by name, loaded when they are run: `prahari --help` and completion wait for no model library."""

from __future__ import annotations

from importlib import import_module
from typing import Any, NamedTuple

import typer
from typer.core import TyperCommand, TyperGroup


class _Command(NamedTuple):
    """Where a command is (`module:typer app`), what it is for, and among which others help shows it."""

    place: str
    help: str
    panel: str


_RUN, _LEARN, _FORCE = "Run", "Learn and measure", "Put in force, without a restart"

COMMANDS = {
    "demo": _Command("prahari.run:demo", "Show the whole job: a world, a model, Kafka, two workers, alerts.", _RUN),
    "broker": _Command("prahari.run:broker", "Run a real Apache Kafka on this machine.", _RUN),
    "worker": _Command("prahari.run:worker", "Run a worker: as many as there is work, on any hosts.", _RUN),
    "warm-up": _Command("prahari.run:warm_up", "Give the tables a past, before the first payment.", _RUN),
    "erase": _Command("prahari.run:erase", "Forget one account, and say what Kafka still holds of it.", _RUN),
    "simulate": _Command("simulator.__main__:app", "Make payments of a seeded world, to a file or live.", _RUN),
    "models": _Command("prahari.models:app", "Train models, look at them, put them in force or on trial.", _LEARN),
    "backtest": _Command(
        "backtest.__main__:app", "Replay a history through rules, model and budget, day by day.", _LEARN
    ),
    "export": _Command("app.export.__main__:app", "Write live payments and verdicts as a history file.", _LEARN),
    "rules": _Command("prahari.rules:app", "Check, compare and try rules, and put them in force.", _FORCE),
    "lists": _Command("prahari.lists:app", "Block, allow or snooze an account or a device.", _FORCE),
    "budget": _Command("prahari.budget:app", "See or change how many alerts a day may have.", _FORCE),
    "control": _Command("prahari.control:app", "See what is in force, and who put it there.", _FORCE),
}


class LazyGroup(TyperGroup):
    """A group whose commands are stubs for help and imported when one is run or completed."""

    def __init__(self, **options: Any) -> None:
        stubs = {name: TyperCommand(name, help=one.help, rich_help_panel=one.panel) for name, one in COMMANDS.items()}
        super().__init__(**{**options, "commands": stubs})

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names in the order in which somebody meets them."""
        del ctx
        return list(COMMANDS)

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[Any, Any, list[str]]:
        """Return the command itself, imported; an unknown name is refused with those that are near."""
        name, stub, rest = super().resolve_command(ctx, args)
        if name is None or stub is None:
            return name, stub, rest
        module, attribute = COMMANDS[name].place.split(":")
        command = typer.main.get_command(getattr(import_module(module), attribute))
        command.help = command.help or COMMANDS[name].help
        return name, command, rest
