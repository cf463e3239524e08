"""Accounts that honest episodes pay into: somebody known, or an account opened lately for the purpose."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from simulator.accounts import new_account

if TYPE_CHECKING:
    from simulator.dice import Bools, Dice, Ints
    from simulator.world import World

_NUMBERS = 1 << 25


def opened(dice: Dice, case: Ints, *, shop: Bools | bool) -> Ints:
    """Return an account opened lately by honest people, one per case."""
    return new_account(dice.below("account", _NUMBERS, case), shop=shop, honest=True)


def host(world: World, dice: Dice, case: Ints, *, new_share: float) -> Ints:
    """Return a person who takes money for others: somebody of long standing, or a new account."""
    known = world.people.anybody(dice.uniform("host", case))
    return np.where(dice.chance("new host", new_share, case), opened(dice, case, shop=False), known)
