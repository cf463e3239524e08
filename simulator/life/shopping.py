"""Shopping: favourite local shops, large merchants of the city, national ones; usual amounts come back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from features.clock import DAY_MS
from simulator import accounts, merchants
from simulator.payments import COLLECT, INTENT, OWN, PHONE, QR, VPA, Payments, pay

if TYPE_CHECKING:
    from simulator.dice import Dice, Floats, Ints
    from simulator.world import World

_FAVOURITES = 4
_EXPLORE_SHARE = 0.16
_AWAY_SHARE = 0.05
_AWAY_DAYS = 3
_USUAL_SHARE = 0.35
_LOCAL_MODES = (86.0, 5.0, 3.0, 6.0)
_WEB_MODES = (12.0, 74.0, 10.0, 4.0)


def local(world: World, dice: Dice, payer: Ints, time_ms: Ints, number: Ints) -> Payments:
    """Return purchases at small shops of the payer's town, or of a town the payer travels in."""
    home = accounts.town_of(payer)
    trip = time_ms // (_AWAY_DAYS * DAY_MS)
    away = world.dice.chance("away", _AWAY_SHARE, payer, trip)
    town = np.where(away, world.dice.below("away town", home + 1, payer, trip), home)
    rank = _rank(dice, number)
    known = world.dice.uniform("favourite shop", payer, rank) ** 1.7
    tried = dice.uniform("tried shop", number) ** 1.2
    explore = away | dice.chance("explore", _EXPLORE_SHARE, number)
    place = np.where(explore, tried, known) * accounts.TOWN_SHOPS
    shop = accounts.SHOPS + town * accounts.TOWN_SHOPS + place.astype(np.int64)
    return pay(
        time_ms,
        payer,
        shop,
        purchase(world, dice, payer, shop, number),
        mode=np.array([QR, VPA, INTENT, PHONE])[dice.pick("mode", _LOCAL_MODES, number)],
        place=np.where(away, world.place(town), OWN),
    )


def large(world: World, dice: Dice, payer: Ints, time_ms: Ints, number: Ints) -> Payments:
    """Return purchases at the city's supermarkets, pumps, cinemas, hospitals, metro."""
    city = accounts.town_of(payer) // accounts.CITY_TOWNS
    known = world.dice.uniform("favourite large", payer, _rank(dice, number)) ** 1.5
    place = np.where(dice.chance("explore", _EXPLORE_SHARE, number), dice.uniform("tried large", number), known)
    shop = accounts.LARGE + city * accounts.CITY_LARGE + (place * accounts.CITY_LARGE).astype(np.int64)
    rupees = purchase(world, dice, payer, shop, number)
    mode = np.array([QR, VPA, INTENT, PHONE])[dice.pick("mode", _LOCAL_MODES, number)]
    return pay(time_ms, payer, shop, rupees, mode=mode)


def national(world: World, dice: Dice, payer: Ints, time_ms: Ints, number: Ints) -> Payments:
    """Return purchases at merchants that everybody uses: food, trains, recharges, brokers."""
    known = favourite_national(world, payer, _rank(dice, number))
    tried = accounts.NATIONAL + dice.below("tried national", accounts.NATIONAL_COUNT, number)
    shop = np.where(dice.chance("explore", 0.1, number), tried, known)
    rupees = purchase(world, dice, payer, shop, number)
    mode = np.array([QR, INTENT, VPA, COLLECT])[dice.pick("mode", _WEB_MODES, number)]
    return pay(time_ms, payer, shop, rupees, mode=mode)


def favourite_national(world: World, payer: Ints, rank: Ints) -> Ints:
    """Return one of the payer's usual national merchants."""
    place = world.dice.uniform("favourite national", payer, rank) ** 1.8
    return accounts.NATIONAL + (place * accounts.NATIONAL_COUNT).astype(np.int64)


def purchase(world: World, dice: Dice, payer: Ints, shop: Ints, *ids: Ints) -> Floats:
    """Return what a purchase costs: often this payer's usual amount at this shop."""
    spend = world.people.spend[payer]
    usual = merchants.price(world.dice, world.dice.named("usual"), shop, spend, payer, shop)
    once = merchants.price(world.dice, dice, shop, spend, *ids)
    return np.where(dice.chance("as usual", _USUAL_SHARE, *ids), usual, once)


def customer(world: World, dice: Dice, town: Ints, *ids: Ints) -> Ints:
    """Return people of a town who use UPI."""
    person = town * accounts.TOWN_PEOPLE + dice.below("customer", accounts.TOWN_PEOPLE, *ids)
    return np.where(world.people.dormant[person], world.people.anybody(dice.uniform("guest", *ids)), person)


def _rank(dice: Dice, number: Ints) -> Ints:
    """Return which favourite is meant: the first ones far more often."""
    return (dice.uniform("favourite", number) ** 2.2 * _FAVOURITES).astype(np.int64)
