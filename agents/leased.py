"""How far the owner of a payer partition may put anything out: its state says so before, for whoever comes next.

A worker that is killed has put out more than it committed, and its successor must say the same again. With a lease the
successor knows where that ends: nobody ever put out anything that comes of a record at or behind `until_offset`, and
from there on it may take in what its predecessor did not know (`agents.overdue`).

```
transactions   ... │ committed │ put out, not committed │ leased │ free ...
                               source_offset            put_out  until_offset
```

A lease rides on commits that are made anyway, and reaches twice as far as was put out between the last two. Where the
load jumps beyond it, the next outputs wait for one commit, some 10 ms; where it falls, the lease shrinks with it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

#: Records ahead at the least: a trickle waits for no commit.
AHEAD_MIN = 100
#: How many times as far ahead as was put out since the last commit.
_AHEAD_TIMES = 2
#: What it shrinks by at most from one commit to the next: one may come right behind another.
_SHRINKS_BY = 4


class Lease:
    """The lease of one partition, from its opening on; `seal` puts an `until_offset` into what is applied.

    `found` is what an earlier owner may have put out up to, `position` the first offset that is not applied.
    """

    def __init__(self, found: int, position: int, seal: Callable[[bytes | None, int], bytes]) -> None:
        self.until_offset = found
        self._found = found
        self._put_out = self._put_out_before = position
        self._ahead = AHEAD_MIN
        self._seal = seal
        self._coming: int | None = None

    @property
    def due(self) -> bool:
        """Whether a commit should be made for the lease alone: it is too short, or reaches further than it need."""
        return self._put_out > self.until_offset or self._ahead > AHEAD_MIN

    def covers(self, until_offset: int) -> bool:
        """Whether all before this offset may be put out now; what may not soon may, as it is part of the next lease."""
        self._put_out = max(self._put_out, until_offset)
        return until_offset <= self.until_offset

    def calm(self) -> None:
        """Forget how fast records came: a backlog's end is reached, and from now on they come as they are paid."""
        self._put_out_before, self._ahead = self._put_out, AHEAD_MIN

    def sealed(self, applied: bytes | None) -> bytes:
        """Return what to commit: what is applied, and the next lease, which holds once `committed` is called."""
        since, self._put_out_before = self._put_out - self._put_out_before, self._put_out
        self._ahead = max(AHEAD_MIN, _AHEAD_TIMES * since, self._ahead // _SHRINKS_BY)
        self._coming = max(self._found, self._put_out + self._ahead)
        # It may be shorter: from now on nothing behind it is put out, whatever the last one said.
        self.until_offset = min(self.until_offset, self._coming)
        return self._seal(applied, self._coming)

    def committed(self) -> None:
        """Take note that what was sealed is durable."""
        if self._coming is not None:
            self.until_offset, self._coming = self._coming, None

    def closed(self, applied: bytes | None) -> bytes:
        """Return what to commit when nothing more is put out."""
        return self._seal(applied, max(self._found, self._put_out))
