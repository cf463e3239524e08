"""Commands that are programs of their own: run in this process's place, with whatever options they take."""

from __future__ import annotations

import os
import sys

import typer

_PASS = {"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []}


def _program(*command: str) -> typer.Typer:
    """Return a command that becomes `python -m command` with all its arguments."""
    app = typer.Typer(add_completion=False)

    @app.command(context_settings=_PASS)
    def become(context: typer.Context) -> None:
        sys.stdout.flush()
        os.execv(sys.executable, [sys.executable, "-m", *command, *context.args])  # noqa: S606 - our own programs

    return app


demo = _program("app.demo")
broker = _program("app.broker")
worker = _program("faust", "-A", "app.main", "worker")
warm_up = _program("faust", "-A", "app.main", "warm-up")
backtest = _program("backtest")
export = _program("app.export")
