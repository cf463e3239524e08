"""A lease says how far its owner may put anything out, and is durable before it is used."""

from __future__ import annotations

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.alignment import Aligner
from agents.leased import AHEAD_MIN, Lease
from agents.payer import BACKLOG_RECORDS, PayerApplied, PayerLogic
from agents.ports import Chunk
from tests.agents.stages import DictTable, all_in_one


def seal(applied: bytes | None, until_offset: int) -> bytes:
    """Return a lease as what is applied."""
    assert applied is None
    return msgspec.json.encode(until_offset)


class Log:
    """A changelog that holds the last lease committed; a commit may take as long as it likes."""

    def __init__(self, durable: int = 0) -> None:
        self.durable = durable
        self._coming: int | None = None

    def may_be_found(self) -> list[int]:
        """Return what a successor may find: a commit under way may have been the log's already."""
        return [self.durable] if self._coming is None else [self.durable, self._coming]

    def begin(self, lease: Lease) -> None:
        """Begin to commit."""
        if self._coming is None:
            self._coming = msgspec.json.decode(lease.sealed(None))

    def end(self, lease: Lease) -> None:
        """Make durable what was begun."""
        if self._coming is not None:
            self.durable, self._coming = self._coming, None
            lease.committed()


STEPS = st.one_of(
    st.tuples(st.sampled_from(["put out", "put out", "kill"]), st.sampled_from([1, 60, 500])),
    st.tuples(st.sampled_from(["begin", "end", "commit", "commit", "sweep", "close"]), st.just(0)),
)


@given(steps=st.lists(STEPS, max_size=40))
@settings(max_examples=500)
def test_nobody_puts_anything_out_behind_what_is_durable(steps: list[tuple[str, int]]) -> None:
    """Whenever commits begin and end, whoever is killed: a successor finds a lease that covers all that was put out."""
    log, put_out, applied = Log(), 0, 0
    lease = Lease(0, 0, seal)
    for step, count in steps:
        match step:
            case "put out" if lease.covers(applied + count):
                applied += count
                put_out = max(put_out, applied)
            case "begin":
                log.begin(lease)
            case "end":
                log.end(lease)
            case "commit":
                log.begin(lease)
                log.end(lease)
            case "sweep":  # puts nothing out
                assert lease.covers(0)
            case "kill":
                applied = max(0, applied - count)
                log = Log(log.may_be_found()[-1])
                lease = Lease(log.durable, applied, seal)
            case "close":
                log = Log(msgspec.json.decode(lease.closed(None)))
                lease = Lease(log.durable, applied, seal)
            case _:
                pass
        assert put_out <= min(log.may_be_found())


def commit(lease: Lease) -> int:
    """Commit a lease and return it."""
    until_offset: int = msgspec.json.decode(lease.sealed(None))
    lease.committed()
    return until_offset


def test_a_lease_reaches_twice_as_far_as_was_put_out_and_shrinks_where_nothing_is() -> None:
    """Nothing has to wait at a steady load, and after a burst little is left that a successor could not change."""
    lease = Lease(0, 1_000, seal)
    lease.covers(2_000)
    assert commit(lease) == 4_000

    assert lease.covers(3_500)
    ahead = []
    while lease.due:
        ahead.append(commit(lease) - 3_500)
    assert ahead == [3_000, 750, 187, AHEAD_MIN]


def test_a_backlog_s_end_leaves_a_short_lease() -> None:
    """Its records came as fast as they could, and say nothing of what comes now."""
    lease = Lease(0, 0, seal)
    lease.covers(5_000)
    commit(lease)
    lease.covers(9_000)
    lease.calm()

    assert commit(lease) == 9_000 + AHEAD_MIN


def test_a_partition_that_caught_up_is_calm_and_one_that_always_was_lives_on() -> None:
    """Live records reach the log's end with every chunk: how fast they came says how fast they come."""
    leases = []
    for backlog in (True, False):
        logic = PayerLogic(0, DictTable(), Aligner(lambda: 0.0), all_in_one)
        if backlog:
            logic.new_records(Chunk([], lambda: None, behind=BACKLOG_RECORDS + 1))
        logic.lease.covers(3_000)
        logic.caught_up()
        leases.append(msgspec.msgpack.decode(logic.lease.sealed(None), type=PayerApplied).leased_until)

    assert leases == [3_000 + AHEAD_MIN, 9_000]


def test_a_lease_that_is_being_shortened_counts_as_short_already() -> None:
    """The commit may be durable before this worker knows; and so does what a sweep, of no record, asks in between."""
    lease = Lease(0, 0, seal)
    lease.covers(500)
    commit(lease)
    assert lease.covers(1_000)
    assert lease.covers(0)
    assert commit(lease) == 2_000
    shorter = msgspec.json.decode(lease.sealed(None))

    assert shorter == 1_250
    assert not lease.covers(2_000)
    lease.committed()
    assert not lease.covers(2_000)


def test_what_an_earlier_owner_may_have_put_out_stays_covered() -> None:
    """However little of it this owner has come to, killed or closed; and until then nothing waits."""
    lease = Lease(900, 10, seal)

    assert lease.covers(500)
    assert commit(lease) == 2 * 490 + 500
    assert Lease(900, 10, seal).closed(None) == b"900"


def test_closed_says_exactly_what_was_put_out() -> None:
    """So that whoever follows begins right there."""
    lease = Lease(0, 0, seal)
    lease.covers(40)
    commit(lease)

    assert lease.closed(None) == b"40"
