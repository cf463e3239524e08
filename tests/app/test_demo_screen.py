"""What the demo prints can be read in a pipe as on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.demo.screen import show_alert

if TYPE_CHECKING:
    import pytest


def test_an_alert_is_one_line_and_each_reason_another(capsys: pytest.CaptureFixture[str]) -> None:
    """A line of any length stays whole: who greps for an alert finds its rules beside it."""
    rules = ["PAYER_VELOCITY", "AMOUNT_BURST", "NEW_BENEFICIARY", "LATE_NIGHT", "MULE_FAN_IN"]
    show_alert(
        {
            "payer_vpa": "someone.with.a.long.name@okhdfcbank",
            "payee_vpa": "somebody.else.altogether@okhdfcbank",
            "amount": 100_000.0,
            "risk": 94,
            "risk_tier": "CRITICAL",
            "rules": rules,
            "reasons": [{"text": "5 payments in the 5 minutes before this one, " * 4}],
        }
    )

    lines = capsys.readouterr().out.splitlines()

    assert len(lines) == 2
    assert lines[0].endswith(f"rules={','.join(rules)}")
