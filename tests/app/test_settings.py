"""Settings that cannot be are refused with their name; everything else has a visible default."""

from __future__ import annotations

import pytest

from app.settings import load_settings
from features.errors import SettingsError


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PRAHARI_ALERT_RATE", "1.5"),
        ("PRAHARI_ALERT_RATE", "nan"),
        ("PRAHARI_TOPIC_PREFIX", "has space."),
        ("PRAHARI_DECISION_FEATURES", "some"),
        ("PRAHARI_COMMIT_LINGER_S", "-1"),
    ],
)
def test_a_value_that_cannot_be_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    """The message names the variable, so that the operator finds it."""
    monkeypatch.setenv(name, value)

    with pytest.raises(SettingsError, match=name):
        load_settings()


def test_the_alert_rate_is_counted_in_integers() -> None:
    """Half a percent is 5,000 per million."""
    assert load_settings().alert_rate_ppm == 5_000
