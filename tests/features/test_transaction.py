"""Any bytes become a transaction, a verdict or a rejection with a reason, and nothing else ever happens."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from features.errors import REJECTION_REASONS, RejectedTransaction
from features.transaction import (
    Transaction,
    format_event_time,
    is_late,
    mask_vpa,
    parse_transaction,
    parse_verdict,
)
from tests.features.oracle import DAY, MINUTE

NOW = 1_767_225_600_123
REQUIRED = {
    "transaction_id": "t1",
    "event_time": NOW,
    "amount": 100.25,
    "payer_vpa": "Ravi.K@OkAxis",
    "payee_vpa": "Shop-1@ybl",
}
VERDICT = {**REQUIRED, "is_fraud": 1, "label_time": NOW, "source": "bank"}


def transaction(**fields: Any) -> Transaction:
    """Parse a valid transaction with some fields changed."""
    return parse_transaction(json.dumps({**REQUIRED, **fields}).encode(), NOW)


def reason(value: bytes | None) -> str:
    """Return why a value is rejected, or "accepted"."""
    try:
        parse_transaction(value, NOW)
    except RejectedTransaction as exc:
        return checked(exc)
    return "accepted"


def checked(exc: RejectedTransaction) -> str:
    """Return the reason, which must be one of the set, with a detail."""
    assert exc.reason in REJECTION_REASONS
    assert exc.detail
    return exc.reason


def reason_with(**fields: Any) -> str:
    """Return why a transaction with these fields is rejected, or "accepted"."""
    return reason(json.dumps({**REQUIRED, **fields}).encode())


def test_the_required_fields_suffice() -> None:
    """Amounts become paise, VPAs lower case, and what is not given is None."""
    assert transaction() == Transaction("t1", NOW, 10_025, "ravi.k@okaxis", "shop-1@ybl")


def test_all_fields_are_kept() -> None:
    """Enumerations in upper case, an mcc number as four digits, the empty text as not given."""
    given_fields = {
        "device_id": "d1",
        "payee_type": "entity",
        "mcc": 742,
        "initiation_mode": "QR",
        "txn_type": "pay",
        "status": "failed",
        "ip": "10.0.0.1",
        "location": "",
        "app": "gpay",
        "currency": "INR",
        "unknown": {"nested": [1, 2]},
    }

    assert transaction(**given_fields) == Transaction(
        "t1", NOW, 10_025, "ravi.k@okaxis", "shop-1@ybl", "d1", "ENTITY", "0742", "QR", "PAY", "FAILED", "10.0.0.1",
        None, "gpay",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("amount", "paise"),
    [(1, 100), (0.01, 1), ("0.01", 1), ("12.5", 1250), (10**10, 10**12), ("10000000000.00", 10**12), (1e3, 100_000)],
)
def test_amounts_become_paise(amount: float | str, paise: int) -> None:
    """Numbers and decimal text, to the paisa."""
    assert transaction(amount=amount).amount_paise == paise


@given(st.integers(1, 10**12))
def test_every_amount_comes_through(paise: int) -> None:
    """As a JSON number and as text, whatever the double nearest to it is."""
    text = f"{paise // 100}.{paise % 100:02d}"
    number = json.dumps(REQUIRED).replace("100.25", text).encode()

    assert parse_transaction(number, NOW).amount_paise == transaction(amount=text).amount_paise == paise


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [
        ("2026-01-01T05:30:00.123+05:30", NOW),
        ("2026-01-01T00:00:00.123Z", NOW),
        ("2026-01-01t00:00:00.1239999z", NOW),
        ("2026-01-01 00:00:00+00:00", NOW - 123),
        ("1970-01-01T00:00:00Z", 0),
    ],
)
def test_rfc_3339_becomes_milliseconds(text: str, milliseconds: int) -> None:
    """Any offset, any fraction, cut to milliseconds."""
    assert transaction(event_time=text).event_time_ms == milliseconds


@given(st.integers(0, 2**43 - 1))
def test_a_written_time_reads_back(time_ms: int) -> None:
    """What format_event_time writes is what event_time takes."""
    value = json.dumps({**REQUIRED, "event_time": format_event_time(time_ms)}).encode()

    assert parse_transaction(value, time_ms).event_time_ms == time_ms


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("amount", 0, "amount_out_of_range"),
        ("amount", -5, "amount_out_of_range"),
        ("amount", "-5", "amount_out_of_range"),
        ("amount", 10**10 + 0.01, "amount_out_of_range"),
        ("amount", 10**400, "amount_out_of_range"),
        ("amount", 1.001, "invalid_field"),
        ("amount", "1.001", "invalid_field"),
        ("amount", "1e3", "invalid_field"),
        ("amount", "NaN", "invalid_field"),
        ("amount", "٣", "invalid_field"),
        ("amount", True, "invalid_field"),
        ("amount", None, "missing_field"),
        ("event_time", NOW + 300_000, "accepted"),
        ("event_time", NOW + 300_001, "future_event_time"),
        ("event_time", -1, "invalid_field"),
        ("event_time", 2**70, "invalid_field"),
        ("event_time", 1.5, "invalid_field"),
        ("event_time", "2026-01-01T00:00:00", "invalid_field"),
        ("event_time", "2026-02-30T00:00:00Z", "invalid_field"),
        ("event_time", "0000-01-01T00:00:00Z", "invalid_field"),
        ("event_time", "2026-01-01T24:00:00Z", "invalid_field"),
        ("event_time", "20260101T000000Z", "invalid_field"),
        ("event_time", str(NOW), "invalid_field"),
        ("payer_vpa", "ravi", "invalid_field"),
        ("payer_vpa", "a@b@c", "invalid_field"),
        ("payer_vpa", "ravi@okaxis\n", "invalid_field"),
        ("payee_vpa", "a" * 250 + "@axis", "accepted"),
        ("payee_vpa", "a" * 251 + "@axis", "invalid_field"),
        ("payee_vpa", "राम@ybl", "invalid_field"),
        ("transaction_id", "", "invalid_field"),
        ("transaction_id", "x" * 64, "accepted"),
        ("transaction_id", "x" * 65, "invalid_field"),
        ("transaction_id", "a\nb", "invalid_field"),
        ("transaction_id", 17, "invalid_field"),
        ("device_id", "x" * 128, "accepted"),
        ("device_id", "x" * 129, "invalid_field"),
        ("device_id", 5, "invalid_field"),
        ("mcc", 12345, "invalid_field"),
        ("mcc", 54.11, "invalid_field"),
        ("currency", "USD", "invalid_field"),
        ("currency", None, "accepted"),
    ],
)
def test_each_field_has_its_limits(field: str, value: Any, expected: str) -> None:
    """At the limit accepted, beyond it rejected with the reason that says what was wrong."""
    assert reason_with(**{field: value}) == expected


@pytest.mark.parametrize("field", REQUIRED)
def test_a_missing_field_is_named(field: str) -> None:
    """The detail says which."""
    value = json.dumps({name: value for name, value in REQUIRED.items() if name != field}).encode()
    with pytest.raises(RejectedTransaction, match=f"missing_field: .*{field}"):
        parse_transaction(value, NOW)


GOOD = json.dumps(REQUIRED).encode()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "tombstone"),
        (b"", "invalid_json"),
        (b"null", "invalid_json"),
        (b"[]", "invalid_json"),
        (b"17", "invalid_json"),
        (b"{}", "missing_field"),
        (b"\xff\xfe", "invalid_json"),
        (b"\xef\xbb\xbf" + GOOD, "invalid_json"),
        (GOOD + GOOD, "invalid_json"),
        (GOOD[:-1], "invalid_json"),
        (GOOD.replace(b"t1", b"\xff"), "invalid_json"),
        (GOOD.replace(b"t1", b"\\ud800"), "invalid_json"),
        (GOOD.replace(b"100.25", b"NaN"), "invalid_json"),
        (GOOD.replace(b"100.25", b"1e999"), "invalid_field"),
        (GOOD.replace(b"100.25", b"9" * 5000), "invalid_field"),
        (b"[" * 100_000, "too_large"),
        (b"[" * 60_000, "invalid_json"),
        (b'{"a":' * 10_000, "invalid_json"),
        (b"x" * 10_000_000, "too_large"),
        (GOOD + b" " * (65_536 - len(GOOD)), "accepted"),
        (GOOD + b" " * (65_537 - len(GOOD)), "too_large"),
        (GOOD[:-1] + b', "x": ' + b"[" * 31 + b"]" * 31 + b"}", "accepted"),
        (GOOD[:-1] + b', "x": ' + b"[" * 32 + b"]" * 32 + b"}", "invalid_json"),
        (GOOD[:-1] + b', "x": "' + b"[{" * 500 + b'"}', "accepted"),
        (GOOD[:-1] + b', "x": "\\\\\\"' + b"[{" * 500 + b'"}', "accepted"),
        (GOOD[:-1] + b', "amount": 5}', "accepted"),
    ],
)
def test_whatever_the_bytes_there_is_a_reason(value: bytes | None, expected: str) -> None:
    """Cut, doubled, nested, huge, in no encoding: each has its reason."""
    assert reason(value) == expected


def _deep(levels: int) -> str:
    return reason(GOOD[:-1] + b', "x": ' + b"[" * 20 + b"]" * 20 + b"}") if not levels else _deep(levels - 1)


def test_the_depth_of_the_callers_stack_does_not_matter() -> None:
    """The same record is judged alike from a shallow and from a deep call."""
    assert _deep(0) == _deep(500) == "accepted"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda children: st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=5), children, max_size=3),
    max_leaves=8,
)


@settings(max_examples=300)
@given(st.dictionaries(st.sampled_from([*VERDICT, "mcc", "device_id", "status", "currency"]), json_values, max_size=4))
def test_mutated_records_are_accepted_or_rejected(fields: dict[str, Any]) -> None:
    """Any JSON value in any field."""
    parse_both(json.dumps({**VERDICT, **fields}).encode())


@settings(max_examples=300)
@given(st.binary(max_size=300))
@example(b"\x00")
def test_any_bytes_are_accepted_or_rejected(value: bytes) -> None:
    """Bytes that no one meant."""
    parse_both(value)


@settings(max_examples=300)
@given(st.integers(0, len(GOOD) - 1), st.binary(max_size=4), st.integers(0, 4))
def test_broken_records_are_accepted_or_rejected(at: int, inserted: bytes, removed: int) -> None:
    """A good record with a few bytes replaced anywhere."""
    parse_both(GOOD[:at] + inserted + GOOD[at + removed :])


def parse_both(value: bytes) -> None:
    """Parse as either; anything but a result or RejectedTransaction fails the test, and results must fit a state."""
    for parse in (parse_transaction, parse_verdict):
        try:
            parsed = parse(value, NOW)
        except RejectedTransaction as exc:
            checked(exc)
            continue
        assert 0 < parsed.amount_paise <= 10**12
        assert 0 <= parsed.event_time_ms < 2**43
        assert parsed.payer_vpa == parsed.payer_vpa.lower()


def test_a_verdict_is_parsed() -> None:
    """0, 1, true and false say whether it was fraud; the label time may be text."""
    for said, is_fraud in ((0, False), (1, True), (False, False), (True, True)):
        value = json.dumps({**VERDICT, "is_fraud": said, "label_time": "2026-01-01T00:00:00.123Z"}).encode()
        verdict = parse_verdict(value, NOW)

        assert (verdict.is_fraud, verdict.label_time_ms, verdict.source) == (is_fraud, NOW, "bank")


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"is_fraud": 2}, "invalid_field"),
        ({"is_fraud": "1"}, "invalid_field"),
        ({"is_fraud": None}, "missing_field"),
        ({"label_time": NOW + 300_001}, "future_event_time"),
        ({"label_time": None}, "missing_field"),
    ],
)
def test_a_bad_verdict_is_rejected(fields: dict[str, Any], expected: str) -> None:
    """With a reason, as a transaction is."""
    with pytest.raises(RejectedTransaction) as caught:
        parse_verdict(json.dumps({**VERDICT, **fields}).encode(), NOW)

    assert caught.value.reason == expected


def test_late_is_more_than_30_days_behind_the_record() -> None:
    """At 30 days it is not, a millisecond later it is."""
    txn = transaction()

    assert not is_late(txn, NOW + 30 * DAY)
    assert is_late(txn, NOW + 30 * DAY + 1)
    assert not is_late(txn, NOW - 4 * MINUTE)


def test_logs_show_masked_vpas() -> None:
    """Two letters of a name, one of a very short one, never the whole."""
    shown = [mask_vpa(vpa) for vpa in ("ravi.kumar@okaxis", "abc@ybl", "ab@ybl", "a@ybl")]

    assert shown == ["ra***@okaxis", "ab***@ybl", "a***@ybl", "a***@ybl"]


def test_an_unknown_reason_is_a_programming_error() -> None:
    """Reasons are a closed set, since the topic `rejected` is read by others."""
    with pytest.raises(ValueError, match="rejection reason"):
        RejectedTransaction("because", "of it")
