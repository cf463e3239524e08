"""How Python's collector of reference cycles works in a worker: seldom, and not over what stays for good.

Stages make tens of thousands of short-lived objects a second, and hardly a cycle. With Python's own thresholds the
collector took a tenth of a draining worker's time, most of it going over modules, rules and models again and again.
"""

from __future__ import annotations

import gc

#: Objects made and not yet freed before the young ones are looked at; what a few chunks hold at once.
_YOUNG = 50_000
_MIDDLE, _OLD = 20, 20


def settle() -> None:
    """Take what is there now for good out of collections, and let the others be rare; called when a worker is ready."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_YOUNG, _MIDDLE, _OLD)
