"""The ids that a payer remembers: keys of its newest 256 payments in the order they came, however late each was."""

from __future__ import annotations

from typing import TYPE_CHECKING

from features.compiled import compiled
from features.events import KEY, TIME_MS
from features.expiry import STUB_AFTER_MS
from features.hashing import CONTENT_BITS
from features.layout import KEY_COUNT, KEYS, KEYS_MAX, LAST_MS, NEVER
from features.side import CONFLICT, NEW, SAME

if TYPE_CHECKING:
    from features.events import Events
    from features.sketch import Account


@compiled
def find_repeat(account: Account, event: Events) -> int:
    """Tell whether this payment's id is among the newest 256 that came, and whether all its content is the same."""
    if account[KEY_COUNT] == 0 or event[TIME_MS] - account[LAST_MS] > STUB_AFTER_MS:
        return NEW
    key = event[KEY]
    for at in range(KEYS, KEYS + account[KEY_COUNT]):
        if account[at] >> CONTENT_BITS == key >> CONTENT_BITS:
            return SAME if account[at] == key else CONFLICT
    return NEW


@compiled
def remember(account: Account, event: Events) -> None:
    """Take a payment's key in; the oldest of more than 256 goes, and all after 31 days of silence."""
    if account[LAST_MS] != NEVER and event[TIME_MS] - account[LAST_MS] > STUB_AFTER_MS:
        account[KEY_COUNT] = 0
    if account[KEY_COUNT] == KEYS_MAX:
        for at in range(KEYS, KEYS + KEYS_MAX - 1):
            account[at] = account[at + 1]
        account[KEY_COUNT] -= 1
    account[KEYS + account[KEY_COUNT]] = event[KEY]
    account[KEY_COUNT] += 1
