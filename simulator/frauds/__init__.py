"""The frauds, one module each: `plan(world, cases)` lays out the payments of any number of cases.

A fraud's code is its place in FRAUDS, from 1; 0 is honest. A third of most cases is careful: slower, smaller, spread
out, so that they look like their honest counterparts in `simulator.lookalikes`.
"""

from __future__ import annotations

from simulator.episodes import Episode
from simulator.frauds import (
    collect_scam,
    device_farm,
    digital_arrest,
    dormant_awakening,
    fake_merchant,
    investment_scam,
    layering,
    mule_fan_in,
    probe_then_large,
    qr_swap,
    sim_swap,
    structuring,
    velocity_takeover,
)

FRAUDS = (
    Episode("velocity_takeover", 13, 8.0, velocity_takeover.plan, sleeps=False),
    Episode("sim_swap", 7, 4.5, sim_swap.plan, sleeps=False),
    Episode("qr_swap", 11, 20.0, qr_swap.plan),
    Episode("collect_scam", 10, 15.0, collect_scam.plan),
    Episode("mule_fan_in", 13, 24.0, mule_fan_in.plan),
    Episode("layering", 9, 8.0, layering.plan, sleeps=False),
    Episode("probe_then_large", 6, 4.5, probe_then_large.plan, sleeps=False),
    Episode("dormant_awakening", 5, 6.0, dormant_awakening.plan, sleeps=False),
    Episode("investment_scam", 6, 6.0, investment_scam.plan),
    Episode("digital_arrest", 3, 3.5, digital_arrest.plan),
    Episode("fake_merchant", 8, 28.0, fake_merchant.plan),
    Episode("structuring", 4, 5.0, structuring.plan),
    Episode("device_farm", 5, 18.0, device_farm.plan, sleeps=False),
)
FRAUD_NAMES = ("", *(fraud.name for fraud in FRAUDS))
