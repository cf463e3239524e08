"""The flow on one page: every stage in order, with its stable name, its input and its table.

```
transactions ─► payer ─► transactions-by-payee ─► payee, score ─► decisions
   ▲ labels                  ▲ control               └─► candidates ─► budget ─► alerts, alert-budget
```

Agents and tables are registered here and nowhere else: no autodiscovery, no decorators. Their names are schema: they
name changelogs, directories and transactional ids, and `tests/app/test_names.py` holds them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from app import views, webhook
from app.opening import StageOpener
from app.watchdog import watch
from app.wiring import background, stage, table

if TYPE_CHECKING:
    from app.faust_app import PrahariApp


def wire(app: PrahariApp) -> None:
    """Give the app its tables, its stages and the agents that feed them."""
    opener = StageOpener(app)

    table(app, "payers", follows="transactions")
    table(app, "payees", follows="transactions-by-payee")
    table(app, "budget", follows="candidates")

    stage(app, "labels", source="labels", opens=opener.labels)
    stage(app, "control", source="control", opens=opener.control_log)
    stage(app, "payer", source="transactions", opens=opener.payer)
    stage(app, "payee", source="transactions-by-payee", written_by="transactions", opens=opener.payee)
    stage(app, "budget", source="candidates", written_by="transactions-by-payee", opens=opener.budget)

    background(app, "watchdog", lambda: watch(app, opener.held))

    background(app, "webhook", lambda: webhook.run(app))

    views.register(app)
