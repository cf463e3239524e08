"""What is read of many records at once is what the judge of single records would have read, to the byte."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features import wire_numbers
from features.errors import RejectedTransaction
from features.events import AMOUNT_PAISE, BITS, DEVICE, KEY, TIME_MS, payment_event
from features.hashing import text_hash
from features.murmur import murmur2
from features.transaction import parse_transaction
from features.wire_batch import read_payments
from features.wire_spans import text_spans

NEVER_FUTURE_MS = 2**50
USUAL = {
    "transaction_id": "T-1/2026",
    "event_time": "2026-03-01T05:30:00.123+05:30",
    "amount": 12.5,
    "payer_vpa": "Ravi.K_1@OkAxis",
    "payee_vpa": "shop-1@ybl",
}
WHOLE = {
    **USUAL,
    "currency": "INR",
    "device_id": "d1",
    "payee_type": "entity",
    "mcc": "5411",
    "initiation_mode": "QR",
    "txn_type": "collect",
    "status": "Failed",
    "ip": "10.0.0.1",
    "location": "Pune, MH",
    "app": "x" * 128,
}


def encoded(**fields: Any) -> bytes:
    """Return a usual payment with some fields changed."""
    return json.dumps({**USUAL, **fields}).encode()


def assert_read_alike(value: bytes, *, together: bool | None = None) -> None:
    """Where a record is read in a batch it is what `parse_transaction` says; `together` says whether it must be."""
    numbers, contents = read_payments([encoded(), value, encoded(device_id="last")])
    assert contents[0]
    assert contents[2]
    if together is not None:
        assert bool(contents[1]) == together
    if not contents[1]:
        return
    txn = parse_transaction(value, NEVER_FUTURE_MS)
    assert contents[1] == msgspec.msgpack.encode(txn)
    event, row = payment_event(txn, 0, 0), numbers[1].tolist()
    assert (row[wire_numbers.TIME_MS], row[wire_numbers.AMOUNT_PAISE], row[wire_numbers.BITS]) == (
        event[TIME_MS],
        event[AMOUNT_PAISE],
        event[BITS],
    )
    assert (row[wire_numbers.KEY], row[wire_numbers.DEVICE]) == (event[KEY], event[DEVICE])
    texts = [text.encode() for text in (txn.transaction_id, txn.payer_vpa, txn.payee_vpa)]
    assert contents[1][row[wire_numbers.PAYER_BEGIN] : row[wire_numbers.PAYER_END]] == texts[1]
    assert row[wire_numbers.PAYER_PARTY : wire_numbers.PAYER_BEGIN] == [
        *map(text_hash, texts[1:]),
        *map(murmur2, texts[1:]),
    ]
    spans = text_spans(np.frombuffer(contents[1], np.uint8), np.array([len(contents[1])])).reshape(-1, 2)
    assert [contents[1][begin:end] for begin, end in spans.tolist()] == texts


@pytest.mark.parametrize(
    "value",
    [
        encoded(),
        json.dumps(WHOLE).encode(),
        json.dumps(WHOLE, separators=(",", ":")).encode(),
        json.dumps(WHOLE, indent=2).encode(),
        json.dumps(dict(reversed(WHOLE.items()))).encode(),
        encoded(event_time=1_767_225_600_123),
        encoded(event_time="2026-12-31T23:59:59Z"),
        encoded(event_time="2028-02-29 00:00:00.1-11:59"),
        encoded(event_time="2026-01-01t00:00:00.123456789z"),
        encoded(amount="007.5"),
        encoded(amount=10**10),
        encoded(mcc=742),
        encoded(device_id=None, status="", currency=None, unknown="x", other=None, flag=True, rate=0.25),
    ],
)
def test_what_writers_usually_write_is_read_together(value: bytes) -> None:
    """These must not fall back: a fallback costs as much as all the rest."""
    assert_read_alike(value, together=True)


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"{}",
        b"[]",
        b"{",
        encoded() + b"x",
        encoded()[:-1],
        encoded(event_time="2026-02-29T00:00:00Z"),
        encoded(event_time="2026-01-01T24:00:00Z"),
        encoded(event_time="2026-01-01T00:00:00"),
        encoded(event_time="1969-12-31T23:59:59Z"),
        encoded(event_time=2**43),
        encoded(event_time=True),
        encoded(amount=0),
        encoded(amount=-1),
        encoded(amount=1e3) + b" ",
        encoded(amount=1.005),
        encoded(amount=10**10 + 1),
        encoded(amount=True),
        encoded(payer_vpa="no-handle"),
        encoded(payer_vpa="a@b@c"),
        encoded(payer_vpa="@b"),
        encoded(payer_vpa="a@"),
        encoded(payer_vpa="a@b_c"),
        encoded(payer_vpa="a" * 255 + "@b"),
        encoded(transaction_id=""),
        encoded(transaction_id="x" * 65),
        encoded(transaction_id='a"b'),
        encoded(transaction_id=7),
        encoded(location="पुणे"),
        encoded(location="x" * 129),
        encoded(currency="USD"),
        encoded(mcc=12345),
        encoded(device_id=5),
        encoded(unknown={"nested": 1}),
        b'{"amount":1,' + encoded()[1:],
        encoded().replace(b"12.5", b"012.5"),
        encoded().replace(b"12.5", b"12."),
        encoded().replace(b"12.5", b"1e1"),
    ],
)
def test_what_is_unusual_or_wrong_is_read_alike_or_left_to_the_judge(value: bytes) -> None:
    """A record that the judge rejects is never read here."""
    assert_read_alike(value)


def test_a_record_that_is_rejected_is_never_read_together() -> None:
    """Said once more without the comparison: rejected means not read."""
    for value in (encoded(amount=0), encoded(payer_vpa="a@b_c"), encoded(currency="USD"), encoded(event_time="now")):
        with pytest.raises(RejectedTransaction):
            parse_transaction(value, NEVER_FUTURE_MS)
        assert read_payments([value]).contents == [b""]


TEXTS = st.one_of(st.text(max_size=12), st.text(st.characters(codec="ascii"), max_size=140))
VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 2**44), st.floats(), TEXTS, st.lists(st.integers(), max_size=2)
)
DECIMALS = st.decimals(0, 10**10, places=2).map(float)
TIMES = st.one_of(
    st.datetimes().map(lambda time: time.isoformat(timespec="milliseconds") + "+05:30"),
    st.datetimes().map(lambda time: time.isoformat() + "Z"),
    st.from_regex(
        r"\A2[0-9]{3}-[0-1][0-9]-[0-3][0-9]T[0-2][0-9]:[0-6][0-9]:[0-6][0-9](\.[0-9]{1,7})?(Z|[+-][0-2][0-9]:[0-6][0-9])\Z"
    ),
    st.integers(0, 2**44),
)


@settings(max_examples=400, deadline=None)
@given(
    fields=st.dictionaries(st.sampled_from(sorted(WHOLE)), st.one_of(VALUES, DECIMALS, TIMES), max_size=4),
    time=TIMES,
    amount=DECIMALS,
)
def test_any_fields_are_read_alike(fields: dict[str, Any], time: int | str, amount: float) -> None:
    """Any values in any fields."""
    assert_read_alike(json.dumps({**WHOLE, "event_time": time, "amount": amount, **fields}).encode())


@pytest.mark.parametrize("mcc", [0.0, 1e3, -1, -0.5])
def test_a_merchant_code_that_is_no_whole_number_is_left_to_be_judged_alone(mcc: float) -> None:
    """`parse_transaction` says what is wrong with it."""
    assert_read_alike(json.dumps({**WHOLE, "mcc": mcc}).encode(), together=False)


@settings(max_examples=400, deadline=None)
@given(at=st.integers(0, 10_000), piece=st.binary(max_size=3), cut=st.integers(0, 3))
def test_any_damage_is_read_alike(at: int, piece: bytes, cut: int) -> None:
    """Bytes put in, changed or lost anywhere."""
    whole = json.dumps(WHOLE).encode()
    at %= len(whole)
    assert_read_alike(whole[:at] + piece + whole[at + cut :])


@settings(deadline=None)
@given(values=st.lists(st.sampled_from([encoded(), encoded(location="पुणे"), b"", json.dumps(WHOLE).encode()])))
def test_records_do_not_touch_each_other(values: list[bytes]) -> None:
    """A batch reads what each of its records alone would."""
    assert read_payments(values).contents == [read_payments([value]).contents[0] for value in values]
