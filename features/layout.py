"""One account in memory while a payment is read and folded: a row of 64-bit words, the same for payer and payee.

```
header     how many payments, keys, verdicts, devices, debits; first, last and dropped times; is there an overflow
columns    times │ amounts │ parties │ flags   up to 256 payments, oldest first, by event time
           keys                                of the newest 256 payments in the order they came (payers)
           verdict ids │ marks │ times │ amounts   up to 64, by label time
           devices                             up to 15 hashes, by index
debits     times │ amounts │ stays             up to 32 of what a payee paid itself (`passing`)
overflow   counters, snapshots and sketch of what the 256 cannot keep (`overflow`, `sketch`)
```

A payment that arrives out of order is put in its place; among equal times, arrival order. What the 257th pushes out
goes to the overflow. `LAST` marks the newest payment of each party, so that the different parties of the newest k
payments are a count. Windows never look back more than 30 d, and 45 d are kept: answers are the same for payments up to
15 d out of order, and no answer depends on whether older ones are still here.

At rest an account is bytes (`packing`), as short as what it holds. A word beyond a column's count means nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from features.clock import DAY_MS, HOUR_MS, MINUTE_MS

if TYPE_CHECKING:
    from numpy.typing import NDArray

RING_MAX = 256
KEYS_MAX = 256
VERDICTS_MAX = 64
"""Room for payees; payers keep fewer (`payer.VERDICTS_KEPT`), since 8 KiB hold their keys too."""

DEVICES_MAX = 15
DEBITS_MAX = 32
KEEP_MS = 45 * DAY_MS
NEWNESS_MS = 30 * DAY_MS
NEVER = -1

NEW = 1  # the other party was not in a payment of the 30 d before
FAILED = 2
STATUS_GIVEN = 4
LAST = 8  # no newer payment here has the same party
DEVICE_SHIFT = 4

WINDOWS_MS = (5 * MINUTE_MS, HOUR_MS, 24 * HOUR_MS, 7 * DAY_MS, 30 * DAY_MS)
WINDOW_COUNT = len(WINDOWS_MS)
BUCKETS_PER_WINDOW = 16
SNAPSHOTS = BUCKETS_PER_WINDOW + 1
SNAPSHOT_COUNT = SNAPSHOTS * WINDOW_COUNT

SKETCH_ROWS_MAX = 10
SKETCH_COLUMNS_MAX = 64
CELLS_MAX = SKETCH_ROWS_MAX * SKETCH_COLUMNS_MAX

# The header's words.
COUNT = 0
FIRST_MS = 1
LAST_MS = 2
DROPPED_MS = 3
KEY_COUNT = 4
VERDICT_COUNT = 5
DEVICE_COUNT = 6
OVERFLOWS = 7
# The overflow's: counters of what was pushed out; of these at exactly the newest time; estimates of parties.
OUT_NEWEST_MS = 8
OUT_COUNT = 9
OUT_SUM = 10
OUT_TICK_COUNT = 11
OUT_TICK_SUM = 12
ESTIMATED_MS = 13
DUE_MS = 14
DUE_COUNT = 15
ESTIMATES = 16
# The sketch's.
BASE_UNIT = ESTIMATES + WINDOW_COUNT
TICK_MS = BASE_UNIT + 1
ROWS = BASE_UNIT + 2
PENDING_COUNT = BASE_UNIT + 3
# Of a payee's own payments.
DEBIT_COUNT = BASE_UNIT + 4
# The columns.
TIMES = 32
AMOUNTS = TIMES + RING_MAX
PARTIES = AMOUNTS + RING_MAX
FLAGS = PARTIES + RING_MAX
KEYS = FLAGS + RING_MAX
VERDICT_IDS = KEYS + KEYS_MAX
VERDICT_MARKS = VERDICT_IDS + VERDICTS_MAX
VERDICT_TIMES = VERDICT_MARKS + VERDICTS_MAX
VERDICT_AMOUNTS = VERDICT_TIMES + VERDICTS_MAX
DEVICES = VERDICT_AMOUNTS + VERDICTS_MAX
OUT_COUNTS = DEVICES + DEVICES_MAX + 1
OUT_SUMS = OUT_COUNTS + SNAPSHOT_COUNT
CELLS = OUT_SUMS + SNAPSHOT_COUNT
PENDING = CELLS + CELLS_MAX
DEBIT_TIMES = PENDING + CELLS_MAX
DEBIT_AMOUNTS = DEBIT_TIMES + DEBITS_MAX
DEBIT_STAYS = DEBIT_AMOUNTS + DEBITS_MAX
WORDS = DEBIT_STAYS + DEBITS_MAX

assert DEBIT_COUNT < TIMES, "the header must end before the columns"  # noqa: S101 - a relation of constants
assert (1 << 32) > KEEP_MS > NEWNESS_MS, "what is kept fits 32 bits and outlasts the windows"  # noqa: S101 - as above

Account = "NDArray[np.int64]"


def new_arena(accounts: int) -> NDArray[np.int64]:
    """Return room for that many accounts, one a row; what is in it means nothing before `packing.unpack`."""
    return np.empty((accounts, WORDS), np.int64)
