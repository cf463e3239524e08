"""Control records: what is refused, what they put in force, and that it depends on their order alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.control_record import parse_control
from agents.in_force import InForce, ModelRef, fold, fold_all
from agents.lists import ENTRIES_MAX, Lists, Standing
from features.errors import RejectedTransaction
from tests.agents.controls import RULES, control, listed, model, rules


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (None, "tombstone"),
        (b"{", "invalid_json"),
        (b"[" * 100_000, "invalid_field"),
        (b"\xff", "invalid_json"),
        (control("weather"), "weather"),
        (control("alert_rate", rate_ppm=0), ">= 1"),
        (control("alert_rate", rate_ppm=5_000, extra=1), "extra"),
        (control("alert_rate", rate_ppm=5_000, version=2), "version"),
        (control("alert_rate"), "rate_ppm"),
        (control("alert_rate", rate_ppm=5_000, put_by=""), "put_by"),
        (control("rules", text=RULES, rules_version="0" * 12), "a text of version"),
        (control("rules", text=None, rules_version="0" * 12), "needs the text"),
        (rules(RULES.replace("weight: 40", "weight: 400")), "line 5"),
        (rules(RULES.replace("amount_rupees", "amount_dollars")), "amount_dollars"),
        (control("model", model_version="0123456789ab"), "manifest_sha256"),
        (control("model", model_version="logistic"), "challenger"),
        (control("model", model_version="NOT-A-VERSION"), "model_version"),
        (
            control("model", model_version="0123456789ab", manifest_sha256="0" * 64, feature_schema="old"),
            "got old: train again",
        ),
        (listed("block", "no vpa"), "name@handle"),
        (listed("block", "x" * 200, subject="device"), "at most 128"),
        (listed("snooze", "a@b"), "needs `until`"),
        (listed("block", "a@b", until="tomorrow"), "until"),
        (control("list", entries=[]), "entries"),
        (b" " * 600_000, "too_large"),
    ],
)
def test_what_could_not_take_force_is_refused_with_the_reason(value: bytes | None, says: str) -> None:
    """Whoever sent it reads what was needed; nothing of it takes force."""
    with pytest.raises(RejectedTransaction, match=says.replace("(", r"\(")):
        parse_control(value)

    assert InForce(offset=3) == fold(InForce(), 3, value)


def test_each_kind_takes_force_and_none_goes_back_to_the_settings() -> None:
    """The last record of a kind counts."""
    records = [rules(), model("0123456789ab"), model("ba9876543210", "challenger"), control("alert_rate", rate_ppm=9)]
    in_force = fold_all(InForce(), enumerate(records))
    back = [rules(None), model(None), model("none", "challenger"), control("alert_rate", rate_ppm=None)]

    expected = (RULES, ModelRef("0123456789ab", "0" * 64), ModelRef("ba9876543210", "0" * 64), 9)
    assert expected == (in_force.rules, in_force.model, in_force.challenger, in_force.rate_ppm)
    assert InForce(offset=7) == fold_all(in_force, enumerate(back, 4))


def test_what_was_tried_in_the_shadow_leaves_it_when_put_in_force() -> None:
    """A challenger that became the model, and shadow rules that became the rules, are not evaluated twice."""
    tried = fold_all(InForce(), enumerate([rules(kind="rules_shadow"), model("0123456789ab", "challenger")]))
    in_force = fold_all(tried, enumerate([rules(), model("0123456789ab")], 2))

    assert (RULES, ModelRef("0123456789ab", "0" * 64)) == (tried.rules_shadow, tried.challenger)
    assert (in_force.rules_shadow, in_force.challenger) == (None, None)
    assert in_force.rules == RULES


_VALUES = st.sampled_from(
    [
        rules(),
        rules(None),
        rules(kind="rules_shadow"),
        model("0123456789ab"),
        model("0123456789ab", "challenger"),
        control("alert_rate", rate_ppm=7),
        listed("block", "a@b"),
        listed("none", "a@b"),
        listed("allow", "c@d"),
        listed("snooze", "a@b", until="2026-01-01T00:00:00Z"),
        b"garbage",
    ]
)


@given(st.lists(_VALUES, max_size=12), st.integers(0, 12), st.integers(0, 3))
def test_what_is_in_force_depends_on_the_log_alone(values: list[bytes], cut: int, again: int) -> None:
    """Folded whole, one by one, or in pieces that overlap after a crash: the same is in force."""
    whole = fold_all(InForce(), enumerate(values))
    step = InForce()
    for offset, value in enumerate(values):
        step = fold(step, offset, value)
    pieces = fold_all(InForce(), list(enumerate(values))[:cut])
    pieces = fold_all(pieces, list(enumerate(values))[max(0, cut - again) :])

    assert whole == step == pieces


def test_an_entry_holds_until_its_event_time_and_the_last_one_counts() -> None:
    """The end is event time and exclusive: a replay next year answers the same."""
    lists = fold(InForce(), 0, listed("snooze", "Shop@ybl", until="1970-01-01T00:00:01Z")).lists

    before, after = (lists.find("a@b", "shop@ybl", None, time_ms) for time_ms in (999, 1_000))
    assert before is not None
    assert (before.silent, before.blocked) == ("snooze", ())
    assert after is None
    assert {"shop@ybl": Standing("snooze", 1_000)} == lists.vpas


def test_a_block_beats_an_allow_and_every_blocked_side_is_named() -> None:
    """The payer is allowed; the payee and the device are not."""
    records = [listed("allow", "a@b"), listed("block", "c@d"), listed("block", "phone", subject="device")]
    lists = fold_all(InForce(), enumerate(records)).lists

    listing = lists.find("a@b", "c@d", "phone", 0)
    assert listing is not None
    assert listing == (("LISTED_PAYEE", "LISTED_DEVICE"), None)
    allowed = lists.find("a@b", "x@y", "other phone", 0)
    assert allowed is not None
    assert allowed == ((), "allow")


def test_lists_are_bounded_and_known_subjects_can_still_be_changed_when_they_are_full(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """No unbounded memory: a new entry beyond the most is left out, an old one can be taken off."""
    assert ENTRIES_MAX == 100_000
    monkeypatch.setattr("agents.lists.ENTRIES_MAX", 2)
    lists: Lists = fold_all(InForce(), enumerate(listed("block", f"p{n}@x") for n in range(3))).lists
    changed = fold_all(InForce(lists=lists), enumerate([listed("allow", "p1@x"), listed("none", "p0@x")])).lists

    assert list(lists.vpas) == ["p0@x", "p1@x"]
    assert {"p1@x": Standing("allow", None)} == changed.vpas
