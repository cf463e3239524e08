"""A part of a bundle is the bundle of a part of its items, whatever they are and wherever it is cut."""

from __future__ import annotations

import msgspec
import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from agents.bundle import Bundle, Kind, debit_content, decode_bundle, encode_bundle
from agents.cutting import first_offsets, last_offsets, part_of
from features.events import COLUMNS
from features.transaction import Transaction, Verdict
from features.vector import PAYER_FEATURE_COUNT

_KINDS = st.lists(
    st.tuples(st.sampled_from([Kind.PAYMENT, Kind.LATE, Kind.WARM_UP, Kind.VERDICT, Kind.DEBIT]), st.integers(0, 3)),
    min_size=1,
    max_size=20,
)


def content(kind: Kind, number: int) -> bytes:
    """Return the content of an item."""
    payer, payee = f"p{number}@x", f"q{'y' * number}@z"
    if kind is Kind.DEBIT:
        return debit_content(payer.encode())
    if kind is Kind.VERDICT:
        return msgspec.msgpack.encode(Verdict(f"t{number}", 1, 1, payer, payee, True, 2, "s"))
    return msgspec.msgpack.encode(Transaction(f"t{number}", number, 100 + number, payer, payee))


def bundle_of(items: list[tuple[Kind, int]]) -> Bundle:
    """Return a bundle of items of these kinds and sources; each number in it says which item it is of."""
    rng = np.random.default_rng(len(items))
    kinds = [kind for kind, _ in items]
    rows = sum(kind is not Kind.DEBIT for kind in kinds)
    return Bundle.of(
        np.array([source for _, source in items], np.int32),
        (list(range(5, 5 + len(items))), bytes(kinds), [content(kind, at) for at, kind in enumerate(kinds)]),
        (rng.integers(0, 2**40, (len(items), COLUMNS)), rng.random((rows, PAYER_FEATURE_COUNT))),
    )


@given(_KINDS, st.data())
def test_a_part_of_a_bundle_has_the_items_between(items: list[tuple[Kind, int]], data: st.DataObject) -> None:
    """Contents, events and rows, of which debits have none; and a part may be cut again, and be sent."""
    whole = bundle_of(items)
    start = data.draw(st.integers(0, len(items)))
    end = data.draw(st.integers(start, len(items) + 2))

    part = part_of(whole, start, end)

    assert list(part.items()) == list(whole.items())[start:end]
    assert list(decode_bundle(encode_bundle(part)).items()) == list(part.items())
    middle = len(part.offsets) // 2
    assert list(part_of(part, middle, len(items)).items()) == list(part.items())[middle:]


@given(_KINDS)
def test_a_bundle_tells_how_far_its_sources_reach(items: list[tuple[Kind, int]]) -> None:
    """The lowest and the highest offset of each, as a look at every item finds them."""
    whole = bundle_of(items)
    offsets: dict[int, list[int]] = {}
    for item in whole.items():
        offsets.setdefault(item.source, []).append(item.offset)

    assert first_offsets(whole) == {source: min(own) for source, own in offsets.items()}
    assert last_offsets(whole) == {source: max(own) for source, own in offsets.items()}
