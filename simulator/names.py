"""The VPA of an account number: ordinary Indian names, phone-like numbers and QR numbers, one to one.

The number is shuffled first, so that a name tells nothing about the account: a fraud ring's account and its honest
neighbour get names from the same bag. Phone-like names begin with 5, as no Indian mobile number does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from simulator import accounts
from simulator.words import FIRST, HANDLES, LAST, NATIONAL, TRADES

if TYPE_CHECKING:
    from simulator.dice import Dice, Ints

APPS = ("GPay", "PhonePe", "Paytm", "BHIM", "BankApp", "AmazonPay")
_HANDLE_APP = np.array([0, 0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 4, 4, 4, 4, 5])
_HANDLE_WEIGHTS = (9, 8, 7, 6, 22, 14, 10, 5, 3, 2, 4, 3, 3, 2, 1, 1)
_SUFFIX_BITS = 16
_NAME_BITS = 6
_NAME_MASK = (1 << _NAME_BITS) - 1
_NUMBERED_SHARE = 0.35
_QR_SHARE = 0.55


def handle_of(dice: Dice, account: Ints) -> Ints:
    """Return the index into HANDLES of each account."""
    return dice.pick("handle", _HANDLE_WEIGHTS, account)


def app_of(dice: Dice, account: Ints) -> Ints:
    """Return the index into APPS of each account: the app that gives out its handle."""
    return _HANDLE_APP[handle_of(dice, account)]


def vpas(dice: Dice, account: Ints) -> pl.Series:
    """Return the VPA of each account, unique to it.

    >>> from simulator.dice import Dice
    >>> vpas(Dice(1), np.array([3, accounts.NATIONAL])).to_list()
    ['rohit.reddy13221@okhdfcbank', 'bharatrecharge0@ybl']
    """
    place = accounts.shuffled(dice.seed, account)
    names = np.where(accounts.is_entity(account), 1, 0)
    numbered = dice.uniform("numbered name", account) < np.where(names == 1, _QR_SHARE, _NUMBERED_SHARE)
    frame = pl.DataFrame(
        {
            "place": place,
            "first": place & _NAME_MASK,
            "last": (place >> _NAME_BITS) & _NAME_MASK,
            "suffix": place >> (2 * _NAME_BITS),
            "digits": place * 3 + dice.below("digits", 3, account),
            "style": names * 2 + numbered,
            "account": account,
            "handle": handle_of(dice, account),
        }
    )
    return frame.select(pl.concat_str(_name(), pl.lit("@"), _word(HANDLES, "handle")).alias("vpa")).to_series()


def _word(words: list[str], index: str) -> pl.Expr:
    return pl.lit(pl.Series(words)).gather(pl.col(index))


def _name() -> pl.Expr:
    """Return a name by style: person by name or number, merchant by name or QR number, national by its own."""
    digits = pl.col("digits").cast(pl.String).str.zfill(9)
    suffix = pl.col("suffix").cast(pl.String)
    number = pl.col("account") - accounts.NATIONAL
    national = pl.concat_str(pl.lit(pl.Series(NATIONAL)).gather(number.clip(0) % len(NATIONAL)), number.cast(pl.String))
    is_national = (number >= 0) & (number < accounts.NATIONAL_COUNT)
    return (
        pl.when(is_national)
        .then(national)
        .when(pl.col("style") == 0)
        .then(pl.concat_str(_word(FIRST, "first"), pl.lit("."), _word(LAST, "last"), suffix))
        .when(pl.col("style") == 1)
        .then(pl.concat_str(pl.lit("5"), digits))
        .when(pl.col("style") == 2)
        .then(pl.concat_str(_word(FIRST, "first"), pl.lit("."), _word(TRADES, "last"), suffix))
        .otherwise(pl.concat_str(pl.lit("paytmqr5"), digits))
    )
