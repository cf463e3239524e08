"""Hard negatives: honest episodes that look like a fraud, one module each, laid out as the frauds are.

| honest episode | looks like |
|---|---|
| market_trip | velocity takeover |
| new_phone | SIM swap |
| new_shop | QR swap, fake merchant |
| collect_round | collect scam |
| gathering | mule fan-in |
| treasurer | pass-through layering |
| trial_payment | probe-then-large |
| homecoming | dormant awakening |
| new_investor | investment scam |
| emergency | digital arrest |
| ticket_sale | fake merchant, mule fan-in |
| split_payment | structuring |
| shared_phone | device farm |
| newcomer | throw-away accounts of any fraud |
"""

from __future__ import annotations

from simulator.episodes import Episode
from simulator.lookalikes import (
    collect_round,
    emergency,
    gathering,
    homecoming,
    market_trip,
    new_investor,
    new_phone,
    new_shop,
    newcomer,
    shared_phone,
    split_payment,
    ticket_sale,
    treasurer,
    trial_payment,
)

LOOKALIKES = (
    Episode("market_trip", 12, 7.0, market_trip.plan, sleeps=False),
    Episode("new_phone", 10, 5.0, new_phone.plan),
    Episode("new_shop", 20, 50.0, new_shop.plan),
    Episode("collect_round", 8, 16.0, collect_round.plan),
    Episode("gathering", 12, 26.0, gathering.plan),
    Episode("treasurer", 7, 12.0, treasurer.plan),
    Episode("trial_payment", 5, 2.5, trial_payment.plan),
    Episode("homecoming", 4, 6.0, homecoming.plan),
    Episode("new_investor", 5, 5.0, new_investor.plan),
    Episode("emergency", 4, 3.5, emergency.plan),
    Episode("ticket_sale", 8, 60.0, ticket_sale.plan),
    Episode("split_payment", 3, 3.0, split_payment.plan),
    Episode("shared_phone", 6, 10.0, shared_phone.plan),
    Episode("newcomer", 7, 9.0, newcomer.plan),
)
