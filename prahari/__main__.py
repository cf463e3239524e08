"""`prahari`: runs the worker, trains models, and puts rules, models, lists and the alert rate in force.

Exit codes: 0 done, 1 refused (one line on stderr says why and what to do), 2 a command line that cannot be, 130 Ctrl-C.
Commands that show something take `--json`. `prahari --install-completion` teaches the shell to complete.
"""

from __future__ import annotations

import sys

import typer

from features.errors import PrahariError
from prahari.lazy import LazyGroup

EPILOG = (
    "First steps: prahari demo. Then: prahari simulate history, prahari models train, prahari worker. "
    "Settings come from the environment: BROKER_URL, PRAHARI_* (app/settings.py)."
)

app = typer.Typer(cls=LazyGroup, no_args_is_help=True, rich_markup_mode="markdown", epilog=EPILOG)


@app.callback()
def prahari() -> None:
    """Score UPI payments while they happen, explain why, and spend a fixed daily budget of alerts."""


def main() -> int:
    """Run the command line and return its exit code; every error that Prahari raises on purpose is one line."""
    try:
        app(prog_name="prahari")
    except PrahariError as exc:
        sys.stderr.write(f"prahari: {exc}\n")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
