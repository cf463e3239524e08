"""Block and allow lists: where accounts and devices stand, asked once per payment, changed only by control records.

Immutable: whoever holds one holds what was in force at one place of its log. An entry ends by event time, so a replay
next year answers as the stream did. A blocked account or device makes its payment hit a rule of weight 100; an allowed
or snoozed one keeps its payment from being a candidate for an alert. A block beats an allow.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from agents.control_record import entry_key, until_ms

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from agents.control_record import Entry

#: Entries in force at most, over both kinds of subject; an entry beyond it is refused by the sender, ignored by stages.
ENTRIES_MAX = 100_000

BLOCK = "block"
LISTED_PAYEE = "LISTED_PAYEE"
LISTED_PAYER = "LISTED_PAYER"
LISTED_DEVICE = "LISTED_DEVICE"
LISTED_RULES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        LISTED_PAYEE: ("Payee on the block list", "this payee is on the block list"),
        LISTED_PAYER: ("Payer on the block list", "this payer is on the block list"),
        LISTED_DEVICE: ("Device on the block list", "this device is on the block list"),
    }
)
"""Title and reason of each hit that a list makes, by the id that decisions carry among their rules."""


class Standing(NamedTuple):
    """On which list a subject is, and until when in event time (exclusive; None: for good)."""

    list: str
    until_ms: int | None


class Listing(NamedTuple):
    """What the lists say of one payment: the hits of blocked parties, or else the list that keeps it silent."""

    blocked: tuple[str, ...]
    silent: str | None


class Lists:
    """All entries in force; false when there are none, so that a stage without lists asks nothing.

    >>> from agents.control_record import Entry
    >>> lists = Lists().put([Entry("block", "vpa", "mule@ybl"), Entry("allow", "vpa", "shop@ybl")])
    >>> lists.find("ravi@okaxis", "mule@ybl", None, 0).blocked
    ('LISTED_PAYEE',)
    >>> lists.find("ravi@okaxis", "shop@ybl", None, 0).silent
    'allow'
    >>> lists.find("ravi@okaxis", "other@ybl", None, 0) is None
    True
    """

    __slots__ = ("_devices", "_vpas")

    def __init__(self, vpas: dict[str, Standing] | None = None, devices: dict[str, Standing] | None = None) -> None:
        self._vpas = {} if vpas is None else vpas
        self._devices = {} if devices is None else devices

    def __bool__(self) -> bool:
        return bool(self._vpas or self._devices)

    def __len__(self) -> int:
        return len(self._vpas) + len(self._devices)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Lists) and (self._vpas, self._devices) == (other._vpas, other._devices)

    __hash__ = None  # type: ignore[assignment]

    @property
    def vpas(self) -> Mapping[str, Standing]:
        """Accounts with an entry."""
        return MappingProxyType(self._vpas)

    @property
    def devices(self) -> Mapping[str, Standing]:
        """Devices with an entry."""
        return MappingProxyType(self._devices)

    def put(self, entries: Iterable[Entry]) -> Lists:
        """Return the lists with these entries in force, in their order; what is beyond ENTRIES_MAX is left out."""
        vpas, devices = dict(self._vpas), dict(self._devices)
        for entry in entries:
            held = vpas if entry.subject == "vpa" else devices
            key = entry_key(entry)
            if entry.list == "none":
                held.pop(key, None)
            elif key in held or len(vpas) + len(devices) < ENTRIES_MAX:
                held[key] = Standing(entry.list, until_ms(entry))
        return Lists(vpas, devices)

    def find(self, payer_vpa: str, payee_vpa: str, device_id: str | None, event_time_ms: int) -> Listing | None:
        """Return what the lists say of a payment, or None where they say nothing."""
        found = [
            (rule, standing)
            for rule, standing in (
                (LISTED_PAYEE, self._vpas.get(payee_vpa)),
                (LISTED_PAYER, self._vpas.get(payer_vpa)),
                (LISTED_DEVICE, None if device_id is None else self._devices.get(device_id)),
            )
            if standing is not None and (standing.until_ms is None or event_time_ms < standing.until_ms)
        ]
        if not found:
            return None
        blocked = tuple(rule for rule, standing in found if standing.list == BLOCK)
        return Listing(blocked, None if blocked else found[0][1].list)
