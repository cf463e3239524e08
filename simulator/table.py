"""Payments as a table of strings and rupees, in the columns of a history file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from features.clock import HOUR_MS, IST_OFFSET_MS
from simulator import merchants, names, traces
from simulator.accounts import is_entity
from simulator.frauds import FRAUD_NAMES
from simulator.payments import COLLECT, MODES

if TYPE_CHECKING:
    from simulator.dice import Dice, Ints
    from simulator.payments import Payments

COLUMNS = (
    "transaction_id", "event_time", "payer_vpa", "payee_vpa", "amount", "device_id", "payee_type", "mcc",
    "initiation_mode", "txn_type", "status", "ip", "location", "app", "is_fraud", "label_time", "fraud_type",
)  # fmt: skip
TRANSACTION_COLUMNS = COLUMNS[:14]


def time_strings(time_ms: Ints) -> pl.Series:
    """Return RFC 3339 times in IST with milliseconds.

    >>> time_strings(np.array([1_767_225_600_123])).to_list()
    ['2026-01-01T05:30:00.123+05:30']
    """
    local = pl.Series(time_ms + IST_OFFSET_MS).cast(pl.Datetime("ms"))
    return local.dt.strftime("%Y-%m-%dT%H:%M:%S%.3f+05:30")


def account_columns(dice: Dice, account: Ints, prefix: str) -> pl.DataFrame:
    """Return VPA, type, MCC and app of each account, computed once per account."""
    distinct, row = np.unique(account, return_inverse=True)
    frame = pl.DataFrame(
        {
            f"{prefix}_vpa": names.vpas(dice, distinct),
            f"{prefix}_type": pl.Series(["PERSON", "ENTITY"]).gather(is_entity(distinct).astype(np.int64)),
            f"{prefix}_mcc": pl.Series(merchants.MCCS).gather(merchants.mcc_of(dice, distinct)),
            f"{prefix}_app": pl.Series(names.APPS).gather(names.app_of(dice, distinct)),
        }
    )
    return frame[row]


def transactions(dice: Dice, payments: Payments, ids: Ints, salt: int = 0) -> pl.DataFrame:
    """Return what scoring may read, without `event_time`: row i is payment i under the id of `ids[i]` and `salt`."""
    payer = account_columns(dice, payments.payer, "payer")
    payee = account_columns(dice, payments.payee, "payee")
    mode = pl.Series(payments.mode)
    return pl.DataFrame(
        {
            "transaction_id": traces.hex_strings(
                [dice.bits("id", ids, salt), dice.bits("id again", ids, salt)]
            ).str.head(24),
            "payer_vpa": payer["payer_vpa"],
            "payee_vpa": payee["payee_vpa"],
            "amount": payments.amount_paise / 100,
            "device_id": traces.device_strings(dice, payments, ids),
            "payee_type": payee["payee_type"],
            "mcc": payee["payee_mcc"],
            "initiation_mode": pl.Series(MODES).gather(mode),
            "txn_type": pl.Series(["PAY", "COLLECT"]).gather((mode == COLLECT).cast(pl.Int64)),
            "status": pl.Series(["SUCCESS", "FAILED"]).gather(payments.failed.astype(np.int64)),
            "ip": traces.ip_strings(dice, payments, ids),
            "location": traces.place_strings(dice, payments, ids),
            "app": payer["payer_app"],
        }
    )


def fraud_types(code: Ints) -> pl.Series:
    """Return the names of fraud codes, null for honest payments."""
    return pl.Series([None, *FRAUD_NAMES[1:]], dtype=pl.String).gather(code)


def history_table(dice: Dice, payments: Payments, ids: Ints, label_delay_hours: float) -> pl.DataFrame:
    """Return all columns of a history file, verdicts included."""
    delay_ms = round(label_delay_hours * HOUR_MS)
    frame = transactions(dice, payments, ids)
    return frame.with_columns(
        time_strings(payments.time_ms).alias("event_time"),
        pl.Series("is_fraud", payments.fraud > 0).cast(pl.Int8),
        time_strings(payments.time_ms + delay_ms).alias("label_time"),
        fraud_types(payments.fraud).alias("fraud_type"),
    ).select(COLUMNS)
