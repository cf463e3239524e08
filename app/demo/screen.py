"""What the demo prints: each alert with its reasons, a running budget line, and a table at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import orjson
from rich.console import Console
from rich.table import Table

from features.transaction import mask_vpa

if TYPE_CHECKING:
    from pathlib import Path

    from app.demo.watch import Seen

# Soft: an alert is one line in a pipe and in a file, whatever the width of a terminal.
console = Console(highlight=False, soft_wrap=True)
_REASONS_SHOWN = 3


def step(text: str) -> None:
    """Say what happens next."""
    console.print(f"[bold]> {text}[/bold]")


def show_alert(alert: dict[str, Any]) -> None:
    """Print an alert and why."""
    payer, payee = mask_vpa(alert["payer_vpa"]), mask_vpa(alert["payee_vpa"])
    console.print(
        f"[red]FRAUD ALERT[/red] | payer={payer} payee={payee} amount={alert['amount']:,.2f} "
        f"risk={alert['risk']} {alert['risk_tier']} rules={','.join(alert['rules']) or 'none'}"
    )
    for reason in alert["reasons"][:_REASONS_SHOWN]:
        console.print(f"    {reason['text']}", style="dim")


def show_budget(seen: Seen) -> None:
    """Print the day's budget and the latency so far."""
    budget = seen.budget
    if budget:
        console.print(
            f"budget {budget['day']}: {budget['seen']:,} payments seen, {budget['alerted']} of {budget['limit']} "
            f"alerts spent | p50 {seen.latency_ms(0.5)} ms, p99 {seen.latency_ms(0.99)} ms",
            style="cyan",
        )


def show_result(seen: Seen, truth: Path, alert_rate: float) -> None:
    """Print how many of the alerts were frauds, beside the most that the budget can catch."""
    known = [orjson.loads(line) for line in truth.read_bytes().splitlines() if line.strip()]
    frauds = {
        entry["transaction_id"] for entry in known if entry["is_fraud"] and entry["transaction_id"] in seen.decided
    }
    caught = len(frauds & seen.alerted.keys())
    alerts = len(seen.alerted)
    payments = len(seen.decided)
    recall = caught / len(frauds) if frauds else 0.0
    ceiling = min(1.0, int(payments * alert_rate) / len(frauds)) if frauds else 1.0
    table = Table(title="live payments of this demo (simulated)")
    table.add_column("what")
    table.add_column("value", justify="right")
    rows = {
        "payments decided": f"{payments:,}",
        "frauds among them": f"{len(frauds):,}",
        "alerts": f"{alerts:,} (at most {int(payments * alert_rate):,})",
        "precision": f"{caught / alerts:.0%} ({caught} of {alerts})" if alerts else "no alerts",
        "recall, beside its ceiling": f"{recall:.1%} of {ceiling:.1%}",
        "produce to decision, p50": f"{seen.latency_ms(0.5)} ms",
        "produce to decision, p99": f"{seen.latency_ms(0.99)} ms",
    }
    for name, value in rows.items():
        table.add_row(name, value)
    console.print(table)
