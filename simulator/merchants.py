"""Merchants: what they sell, what a purchase usually costs there, and the UPI limit of their category."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from simulator import accounts

if TYPE_CHECKING:
    from simulator.dice import Dice, Floats, Ints
    from simulator.payments import Payments

LAKH_PAISE = 100_000 * 100
PERSON_MCC = "0000"


@dataclass(frozen=True, slots=True)
class Trade:
    """A line of business: MCC, median purchase in rupees, its log-normal spread, what amounts are multiples of."""

    mcc: str
    median: float
    spread: float
    whole: float
    weight: float


LOCAL = (
    Trade("5411", 170, 0.7, 1, 22), Trade("5814", 25, 0.5, 5, 18), Trade("5451", 60, 0.5, 1, 10),
    Trade("5912", 240, 0.8, 0.01, 9), Trade("5462", 110, 0.6, 5, 8), Trade("4814", 239, 0.5, 1, 5),
    Trade("7230", 180, 0.6, 10, 6), Trade("5943", 90, 0.7, 5, 6), Trade("5812", 220, 0.6, 1, 10),
    Trade("5691", 650, 0.7, 10, 4), Trade("7538", 480, 0.9, 10, 2),
)  # fmt: skip
LARGE = (
    Trade("5411", 820, 0.8, 0.01, 14), Trade("5541", 420, 0.6, 10, 14), Trade("7832", 380, 0.5, 1, 6),
    Trade("5812", 560, 0.6, 1, 12), Trade("8062", 2600, 1.1, 1, 6), Trade("8220", 9000, 0.9, 100, 4),
    Trade("5651", 1400, 0.8, 1, 9), Trade("5732", 5200, 1.0, 1, 5), Trade("5944", 11000, 1.0, 1, 3),
    Trade("4111", 35, 0.4, 5, 16), Trade("7997", 1100, 0.5, 50, 3), Trade("5977", 520, 0.7, 1, 8),
)  # fmt: skip
NATIONAL = (
    Trade("4814", 299, 0.4, 1, 14), Trade("5812", 310, 0.5, 0.01, 20), Trade("5311", 640, 1.0, 0.01, 18),
    Trade("4112", 540, 0.8, 0.01, 9), Trade("5815", 199, 0.5, 1, 6), Trade("6300", 2400, 0.9, 1, 4),
    Trade("6211", 3000, 1.1, 100, 5), Trade("4900", 900, 0.7, 1, 7), Trade("4121", 165, 0.6, 0.01, 9),
    Trade("4899", 590, 0.3, 0.01, 4), Trade("9311", 5200, 1.2, 1, 1), Trade("6012", 7400, 1.0, 0.01, 3),
)  # fmt: skip
EMPLOYER_MCC = "7361"
LIMIT_LAKH = {"6211": 2, "6300": 2, "6012": 2, "5944": 2, "8062": 5, "8220": 5, "9311": 5}

_WEB_MCCS = {"5311", "5651", "5732", "6211", "5815", "4112", "5944"}
_WEB_SHARE = 0.35
_SAVINGS = [place for place, trade in enumerate(NATIONAL) if trade.mcc in {"6300", "6211"}]
_TRADES = LOCAL + LARGE + NATIONAL
MCCS = (PERSON_MCC, EMPLOYER_MCC, *dict.fromkeys(trade.mcc for trade in _TRADES))
_WEB_TRADES = np.array([place for place, trade in enumerate(_TRADES) if trade.mcc in _WEB_MCCS])
_MEDIANS = np.array([trade.median for trade in _TRADES])
_SPREADS = np.array([trade.spread for trade in _TRADES])
_WHOLES = np.array([trade.whole for trade in _TRADES])
_MCC_INDEX = np.array([MCCS.index(trade.mcc) for trade in _TRADES])
_LIMITS_PAISE = np.array([LIMIT_LAKH.get(mcc, 1) * LAKH_PAISE for mcc in MCCS])


def trade_of(dice: Dice, account: Ints) -> Ints:
    """Return the line of business of merchants; people and employers get a local shop's, which nobody uses.

    Shops opened lately, honest or not, are local ones and, a third of them, of trades that sell over the web.
    """
    local = dice.pick("trade", tuple(trade.weight for trade in LOCAL), account)
    large = len(LOCAL) + dice.pick("trade", tuple(trade.weight for trade in LARGE), account)
    national = len(LOCAL) + len(LARGE) + (account - accounts.NATIONAL) % len(NATIONAL)
    is_large = (account >= accounts.LARGE) & (account < accounts.NATIONAL)
    is_national = (account >= accounts.NATIONAL) & (account < accounts.EMPLOYERS)
    web = _WEB_TRADES[dice.below("web trade", len(_WEB_TRADES), account)]
    is_web = (account >= accounts.NEW_SHOPS) & dice.chance("on the web", _WEB_SHARE, account)
    return np.select([is_national, is_large, is_web], [national, large, web], local)


def mcc_of(dice: Dice, account: Ints) -> Ints:
    """Return the index into MCCS of each account."""
    employer = (account >= accounts.EMPLOYERS) & (account < accounts.NEW_PEOPLE)
    merchant = np.where(employer, 1, _MCC_INDEX[trade_of(dice, account)])
    return np.where(accounts.is_entity(account), merchant, 0)


def limit_paise(dice: Dice, account: Ints) -> Ints:
    """Return the largest payment that UPI lets this payee take: Rs 1 lakh, 2 or 5 for some categories."""
    return _LIMITS_PAISE[mcc_of(dice, account)]


def respect_limits(dice: Dice, payments: Payments) -> None:
    """Cut amounts, in place, to what UPI lets each payee take."""
    payee, row = np.unique(payments.payee, return_inverse=True)
    payments.amount_paise = np.minimum(payments.amount_paise, limit_paise(dice, payee)[row])


def price(root: Dice, dice: Dice, account: Ints, spend: Floats, *ids: Ints) -> Floats:
    """Return what a purchase costs, in rupees: the trade's usual, the shop's own level, how freely the payer spends.

    `root` are the world's dice, which know the shop; `dice` throw this purchase.
    """
    trade = trade_of(root, account)
    level = root.around("level", 1.0, 0.25, account)
    rupees = dice.around("price", _MEDIANS[trade] * level * np.sqrt(spend), _SPREADS[trade], *ids)
    return whole(rupees, _WHOLES[trade])


def saver(uniform: Floats) -> Ints:
    """Return national insurers and brokers for numbers in [0, 1)."""
    number = np.arange(accounts.NATIONAL, accounts.NATIONAL + accounts.NATIONAL_COUNT)
    savers = number[np.isin((number - accounts.NATIONAL) % len(NATIONAL), _SAVINGS)]
    return savers[np.asarray(uniform * len(savers), dtype=np.int64)]


def told(dice: Dice, rupees: Floats, *ids: Ints) -> Floats:
    """Return amounts as people say them: often whole hundreds, sometimes tens, sometimes to the rupee."""
    multiple = np.array([1.0, 10.0, 100.0, 500.0])[dice.pick("told", (32.0, 22.0, 36.0, 10.0), *ids)]
    return whole(rupees, np.minimum(multiple, 10.0 ** np.floor(np.log10(np.maximum(rupees, 1.0)))))


def whole(rupees: Floats, multiple: Floats | float) -> Floats:
    """Return amounts as whole multiples, one multiple at least.

    >>> whole(np.array([12.4, 1.0]), 5.0).tolist()
    [10.0, 5.0]
    """
    return np.maximum(1.0, np.round(rupees / multiple)) * multiple
