"""The board: which contracts a ticker has on a day, and all that stays as it is until the next day.

Strikes are listed around all prices of the last two months, so that a contract stays listed when the
underlying has moved away from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import lru_cache
from math import ceil, floor

import numpy as np

from forward_factor.core import market_hours
from forward_factor.core.arrays import BoolArray, DateArray, FloatArray, IntArray
from forward_factor.providers.simulated.events import MEMORY_DAYS, Announcements, announcements_between
from forward_factor.providers.simulated.noise import normals, stable_key, uniforms
from forward_factor.providers.simulated.stock import Stock
from forward_factor.providers.simulated.universe import Profile

_WEEKLIES_DAYS = 56
_MONTHLIES_DAYS = 365
_LIGHT_DAYS = 130
_LEAPS_MONTHS = (1, 6)
_SHORTEST_DTE = 0.5

_WEEKS_REMEMBERED = 9
_STEP_BELOW = ((20.0, 0.5), (80.0, 1.0), (200.0, 2.5), (1_000.0, 5.0), (2_500.0, 10.0))
_WIDEST_STEP = 25.0
_ROAMING = 1.25

_MONTHLY_FAVOUR = 2.5
_CROSSED_BEYOND = 1.5


class Depth(StrEnum):
    """How much of the market is listed: all of it, or a few expiries and strikes a ticker."""

    FULL = "full"
    LIGHT = "light"


_DEVIATIONS = {Depth.FULL: 3.0, Depth.LIGHT: 2.5}
_MOST_STRIKES = {Depth.FULL: 48, Depth.LIGHT: 14}


@dataclass(frozen=True, slots=True)
class ListingRules:
    """What the exchange lists, and how dirty the vendor is.

    Attributes:
        depth: all contracts or a few.
        horizon_days: no expiry is further away.
        dirt: share of contracts with something missing or wrong.

    """

    depth: Depth
    horizon_days: int
    dirt: float


@dataclass(frozen=True, slots=True, eq=False)
class Expiries:
    """One entry an expiry: date, days left, monthly or not, variance of the announcements before it."""

    day: DateArray
    dte: FloatArray
    is_monthly: BoolArray
    announced: FloatArray

    @property
    def years(self) -> FloatArray:
        """Return the time to expiry in years of 365 days."""
        return self.dte / 365.0


@dataclass(frozen=True, slots=True, eq=False)
class Dirt:
    """Rows of contracts that the vendor gets wrong."""

    without_last: IntArray
    without_iv: IntArray
    crossed: IntArray


@dataclass(frozen=True, slots=True, eq=False)
class Board:
    """A ticker's contracts of one day; its arrays are shared by all chains of the day, and read-only.

    ``strike`` and ``curve`` (index into ``expiries``) have one entry a pair of call and put; the other
    arrays have one a contract, by expiry, strike and right, the call first. ``volume`` is the whole
    day's, ``last_place`` says where between bid and ask the last trade was.

    Attributes:
        announced: log return left in the price by past announcements.

    """

    day: date
    announced: float
    expiries: Expiries
    curve: IntArray
    strike: FloatArray
    contract_expiry: DateArray
    contract_strike: FloatArray
    is_call: BoolArray
    volume: FloatArray
    open_interest: FloatArray
    last_place: FloatArray
    dirt: Dirt

    def __post_init__(self) -> None:
        for column in (self.contract_expiry, self.contract_strike, self.is_call, self.open_interest):
            column.setflags(write=False)


def draw_up_board(stock: Stock, day: date, rules: ListingRules) -> Board:
    """Return the contracts of ``stock`` on the trading day ``day``."""
    profile, listed = stock.profile, _listed_expiries(day, rules.depth, rules.horizon_days)
    weeks = day.toordinal() - 7 * np.arange(_WEEKS_REMEMBERED)
    announcements = announcements_between(profile, int(weeks[-1]) - MEMORY_DAYS, listed[-1].toordinal())
    announced = announcements.realised_by(weeks)
    spots = stock.weekly_spots(day, announced)
    expiries = _expiries(day, listed, announcements)
    reach = _reach(profile, expiries)
    curve, strike = _strikes(profile, spots, reach, rules.depth)
    distance = np.repeat(np.abs(np.log(strike / spots[0])) / reach[curve], 2)
    chance = _Chance(profile.key, day, expiries.day[curve], strike)
    open_interest = _open_interest(profile, expiries, curve, distance, chance)
    lot = chance.uniform_today("lot")
    return Board(
        day=day,
        announced=float(announced[0]),
        expiries=expiries,
        curve=curve,
        strike=strike,
        contract_expiry=np.repeat(expiries.day[curve], 2),
        contract_strike=np.repeat(strike, 2),
        is_call=np.tile(np.array([True, False]), len(strike)),
        volume=np.floor(open_interest * 0.25 * np.exp(0.7 * chance.normal_today("volume"))),
        open_interest=open_interest,
        last_place=lot * 1024.0 % 1.0,
        dirt=_soil(rules.dirt, distance, lot),
    )


class _Chance:
    """Noise of each contract, which goes with the contract wherever on the board it stands."""

    def __init__(self, key: int, day: date, expiry: DateArray, strike: FloatArray) -> None:
        pairs = expiry.astype(np.int64) * 10_000_000 + np.rint(strike * 100.0).astype(np.int64)
        self._counters = (2 * pairs[:, None] + np.array([1, 0])).ravel()
        self._key, self._day = key, day

    def normal_for_ever(self, purpose: str) -> FloatArray:
        return normals(stable_key(self._key, purpose), self._counters)

    def normal_today(self, purpose: str) -> FloatArray:
        return normals(stable_key(self._key, purpose, self._day), self._counters)

    def uniform_today(self, purpose: str) -> FloatArray:
        return uniforms(stable_key(self._key, purpose, self._day), self._counters)


def _expiries(day: date, listed: tuple[date, ...], announcements: Announcements) -> Expiries:
    monthlies = _monthlies(day, (listed[-1] - day).days)
    dates = np.array(listed, "datetime64[D]")
    dte = (dates - np.datetime64(day)).astype(np.int64)
    return Expiries(
        day=dates,
        dte=np.maximum(dte.astype(np.float64), _SHORTEST_DTE),
        is_monthly=np.array([expiry in monthlies for expiry in listed]),
        announced=announcements.expected_variance(day.toordinal(), day.toordinal() + dte),
    )


@lru_cache(maxsize=64)
def _listed_expiries(day: date, depth: Depth, horizon_days: int) -> tuple[date, ...]:
    """Weeklies for eight weeks, monthlies for a year, then LEAPS; in a light market the first of them."""
    nearest = market_hours.weekly_expiries(day, min(_WEEKLIES_DAYS, horizon_days))
    last_day = _LIGHT_DAYS if depth is Depth.LIGHT else horizon_days
    further = [
        expiry
        for expiry in _monthlies(day, min(last_day, horizon_days))
        if (expiry - day).days <= _MONTHLIES_DAYS or expiry.month in _LEAPS_MONTHS
    ]
    return tuple(sorted({*nearest, *further}))


@lru_cache(maxsize=64)
def _monthlies(day: date, horizon_days: int) -> tuple[date, ...]:
    return market_hours.third_fridays(day, horizon_days)


def _reach(profile: Profile, expiries: Expiries) -> FloatArray:
    """One standard deviation of ln(price at expiry), as the exchange sees it: from long-run vol."""
    years = np.maximum(expiries.dte, 5.0) / 365.0
    return np.asarray(np.sqrt(1.2 * profile.iv**2 * years + expiries.announced))


def _strikes(profile: Profile, spots: FloatArray, reach: FloatArray, depth: Depth) -> tuple[IntArray, FloatArray]:
    margin = np.exp(_DEVIATIONS[depth] * reach)
    lows, highs = spots.min() / margin, spots.max() * margin
    steps = _grid_steps(profile, margin, _MOST_STRIKES[depth])
    rows = zip(lows.tolist(), highs.tolist(), steps.tolist(), strict=True)
    grids = [step * np.arange(max(floor(low / step), 1), ceil(high / step) + 1) for low, high, step in rows]
    return np.repeat(np.arange(len(grids)), [len(grid) for grid in grids]), np.concatenate(grids)


def _grid_steps(profile: Profile, margin: FloatArray, most: int) -> FloatArray:
    """Return the grid of each expiry: the finest one, or every second, fourth … of it if these are too many.

    It depends on time alone, so that grids only ever get finer and no strike is lost before its expiry.
    """
    price = profile.price
    finest = next((step for below, step in _STEP_BELOW if price < below), _WIDEST_STEP)
    finest = 1.0 if profile.has_penny_ticks else finest
    excess = _ROAMING * price * (margin - 1.0 / margin) / finest / most
    return np.asarray(finest * np.exp2(np.ceil(np.log2(np.maximum(excess, 1.0)))))


def _open_interest(
    profile: Profile, expiries: Expiries, curve: IntArray, distance: FloatArray, chance: _Chance
) -> FloatArray:
    favour = np.where(expiries.is_monthly, _MONTHLY_FAVOUR, 1.0) * np.exp(-expiries.dte / 120.0)
    interest = profile.open_interest * np.repeat(favour[curve], 2) * np.exp(-0.45 * distance**2)
    return np.floor(interest * np.exp(0.6 * chance.normal_for_ever("open interest")))


def _soil(dirt: float, distance: FloatArray, lot: FloatArray) -> Dirt:
    """Take the last price from a third of them, the vol from another, and cross the rest where far out."""
    rows = np.flatnonzero(lot < dirt)
    kind = np.floor(3.0 * lot[rows] / dirt) if len(rows) else np.empty(0)
    crossed = (kind == 2.0) & (distance[rows] > _CROSSED_BEYOND)
    without_iv = kind == 1.0
    return Dirt(without_last=rows[~crossed & ~without_iv], without_iv=rows[without_iv], crossed=rows[crossed])
