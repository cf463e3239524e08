"""Commands of ours beside Faust's own: `faust -A app.main warm-up --history F` and `erase --vpa X`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiokafka.errors import KafkaConnectionError
from faust.cli import option

from features.errors import PrahariError

if TYPE_CHECKING:
    from app.faust_app import PrahariApp

_HISTORY = option("--history", required=True, type=Path, help="Parquet, CSV or JSON Lines file of past payments.")
_AGAIN = option("--again", is_flag=True, help="Allow it where `transactions` already holds records.")
_VPA = option("--vpa", required=True, help="The account to forget.")


def register(app: PrahariApp) -> None:
    """Give the app's command line its own commands."""

    @app.command(_HISTORY, _AGAIN)
    async def warm_up(self: Any, history: Path, again: bool) -> None:
        """Fill the tables from a history, without decisions or alerts."""
        from app.warm_up import warm_up as fill  # noqa: PLC0415 - only this command wants it

        try:
            sent = await fill(app, history, again=again)
        except PrahariError as exc:
            sys.exit(f"warm-up: {exc}")
        self.say(f"warm-up: {sent} payments applied")

    @app.command(_VPA)
    async def erase(self: Any, vpa: str) -> None:
        """Forget one account in tables and changelogs, and say what other topics still hold; no worker may run."""
        from app.erase import erase as forget  # noqa: PLC0415 - as above

        try:
            lines = await forget(app, vpa)
        except PrahariError as exc:
            sys.exit(f"erase: {exc}")
        except KafkaConnectionError:
            where = ";".join(map(str, app.conf.broker))
            sys.exit(f"erase: needed a Kafka that answers at {where}, got none: start it, or set BROKER_URL")
        for line in lines:
            self.say(f"erase: {line}")
