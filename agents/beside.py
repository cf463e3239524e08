"""What a decision says beside the verdict: the challenger's probability, rules on trial that would have hit, its list.

Fields that only some decisions have: without a challenger, rules on trial or an entry, nothing is added.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from agents.controlled import Deciding
    from agents.lists import Listing


def beside_json(
    deciding: Deciding, rows: NDArray[np.float64], listings: Sequence[Listing | None] | None
) -> list[bytes] | None:
    """Return for each of n rows of shape [n, F] what is added to its decision, or None where nothing is to any."""
    if deciding.challenger is None and deciding.shadow is None and listings is None:
        return None
    texts = [b""] * len(rows)
    if deciding.challenger is not None:
        told = map(orjson.dumps, deciding.challenger(rows))
        texts = [b',"challenger_probability":%b' % probability for probability in told]
    if deciding.shadow is not None:
        hits = deciding.shadow.hits(rows)
        texts = [b'%b,"shadow_rules":%b' % pair for pair in zip(texts, map(orjson.dumps, hits), strict=True)]
    if listings is not None:
        texts = [
            text if listing is None else b'%b,"listed":"%b"' % (text, (listing.silent or "block").encode())
            for text, listing in zip(texts, listings, strict=True)
        ]
    return texts
