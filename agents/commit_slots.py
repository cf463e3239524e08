"""When partitions commit: each at a time of its own within the linger, so that no payment waits behind all of them.

A commit is three requests, and what they cost the event loop. Partitions that are given records together would stay
together: with nine, five commits began within 10 ms, once a second, and took 20 ms each; one alone takes some 12.
"""

from __future__ import annotations

#: Multiples of it lie far apart within 0 to 1, however many there are: the golden ratio's.
_APART = 0.6180339887498949
#: Where the first partition of a stage stands: between those of the other stages.
_FIRST = {"payer": 0.0, "payee": 0.1, "budget": 0.45, "labels": 0.55, "control": 0.75}


def commit_phase(stage: str, partition: int) -> float:
    """Return when within a linger, 0 to 1, a stage's partition commits.

    >>> sorted(round(commit_phase(stage, n), 2) for stage in ("payer", "payee") for n in range(4))
    [0.0, 0.1, 0.24, 0.34, 0.62, 0.72, 0.85, 0.95]
    """
    return (_FIRST[stage] + partition * _APART) % 1


def until_slot_s(now_s: float, every_s: float, phase: float) -> float:
    """Return how long it is until the next slot: there is one every so often, `phase` of that after its multiples.

    >>> until_slot_s(10.0, 1.0, 0.25), until_slot_s(10.5, 1.0, 0.25), until_slot_s(10.0, 0.0, 0.25)
    (0.25, 0.75, 0.0)
    """
    return every_s - (now_s - phase * every_s) % every_s if every_s else 0.0
