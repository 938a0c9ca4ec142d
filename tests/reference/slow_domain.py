"""Slow, independent reference: forward, vol points, pairs and forward factor.

Written from design/02-domain.md alone: plain loops, one contract at a time. It shares
no code with the package, so that agreement to 1e-9 means something.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

from tests.reference.slow_black76 import Market, black_delta, implied_vol

PairRule = tuple[int, int, int, int]
"""(front target, back target, front tolerance, back tolerance), in days."""

DEFAULT_PAIRS: tuple[PairRule, ...] = (
    (30, 60, 5, 10),
    (30, 90, 5, 10),
    (60, 90, 10, 10),
)
DEFAULT_VOL_POINTS: tuple[str, ...] = ("ATM", "35d_put", "35d_call")

NEW_YORK = ZoneInfo("America/New_York")
DAYS_A_YEAR = 365.0
LAST_REPORTED_DTE = 120
FORWARD_STRIKES = 5
TARGET_DELTA = 0.35
SIGMA_FWD_FLOOR = 0.05
FF_THRESHOLD = 0.20
WIDEST_SPREAD = 0.08
SPREAD_TOLERANCE = 1e-9
LOWEST_OPEN_INTEREST = 100.0
LOWEST_VOLUME = 10.0


@dataclass(frozen=True)
class Row:
    """One contract of a chain; None is a missing value."""

    expiry: date
    strike: float
    right: str
    bid: float | None = None
    ask: float | None = None
    last: float | None = None
    volume: float | None = None
    open_interest: float | None = None
    iv: float | None = None
    delta: float | None = None


@dataclass(frozen=True)
class Snapshot:
    """One underlying at one instant; `as_of` is an aware UTC datetime."""

    ticker: str
    as_of: datetime
    spot: float
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class SlowExpiry:
    """The result for one expiry.

    `flags` joins the flags of the expiry with those of its points; `point_flags` and
    `contracts` (of the mid point) are per point, for whoever has to find a difference.
    """

    dte: int
    forward: float
    flags: set[str]
    iv: dict[str, dict[str, float | None]]
    point_flags: dict[str, set[str]]
    contracts: dict[str, tuple[Row, ...]]


@dataclass(frozen=True)
class SlowCandidate:
    """The result for one pair rule at one vol point."""

    pair: str
    vol_point: str
    front_expiry: date | None
    back_expiry: date | None
    front_dte: int | None
    back_dte: int | None
    front_iv: float | None
    back_iv: float | None
    sigma_fwd: float | None
    ff: float | None
    ff_low: float | None
    ff_high: float | None
    reasons: set[str]


@dataclass(frozen=True)
class SlowResult:
    """Everything that `slow_scan` computes for a snapshot."""

    expiries: dict[date, SlowExpiry]
    candidates: list[SlowCandidate]


@dataclass(frozen=True)
class Node:
    """An out-of-the-money contract with a vol, and |delta| at that vol."""

    strike: float
    sigma: float
    delta: float
    row: Row


@dataclass(frozen=True)
class Made:
    """A vol point that could be made, and the contracts it was made from."""

    sigma: float
    contracts: tuple[Row, ...]
    flags: frozenset[str] = frozenset()


def known(value: float | None) -> float | None:
    """Turn a number that is not finite into a missing one."""
    return value if value is not None and math.isfinite(value) else None


def usable_quote(row: Row) -> tuple[float, float] | None:
    """Give (bid, ask) if 0 < bid <= ask."""
    bid, ask = known(row.bid), known(row.ask)
    if bid is None or ask is None or not 0.0 < bid <= ask:
        return None
    return bid, ask


def quote_price(row: Row, side: str) -> float | None:
    """Give the bid, mid or ask of a usable quote."""
    quote = usable_quote(row)
    if quote is None:
        return None
    bid, ask = quote
    return {"bid": bid, "mid": (bid + ask) / 2.0, "ask": ask}[side]


def interest(row: Row) -> float:
    """Give the open interest by which a duplicate is chosen."""
    value = known(row.open_interest)
    return -1.0 if value is None else value


def drop_duplicates(rows: Iterable[Row]) -> tuple[dict[tuple[float, str], Row], bool]:
    """Keep one row per (strike, right) of an expiry; say whether any was dropped."""
    kept: dict[tuple[float, str], Row] = {}
    dropped = False
    for row in rows:
        key = (row.strike, row.right)
        if key in kept:
            dropped = True
        if key not in kept or interest(row) > interest(kept[key]):
            kept[key] = row
    return kept, dropped


# ---------------------------------------------------------------- forward


def parity_mids(
    rows: dict[tuple[float, str], Row],
) -> list[tuple[float, float, float]]:
    """Give (strike, call mid, put mid) where both sides have a usable quote."""
    found = []
    for strike, right in rows:
        if right != "C" or (strike, "P") not in rows:
            continue
        call = quote_price(rows[strike, "C"], "mid")
        put = quote_price(rows[strike, "P"], "mid")
        if call is not None and put is not None:
            found.append((strike, call, put))
    return found


def forward_price(rows: dict[tuple[float, str], Row], spot: float, years: float, rate: float) -> tuple[float, bool]:
    """Give the forward, and whether it had to be taken from spot."""
    growth = math.exp(rate * years)
    quoted = parity_mids(rows)
    if not quoted:
        return spot * growth, True
    quoted.sort(key=lambda item: (abs(item[0] - spot), item[0]))
    nearest = quoted[:FORWARD_STRIKES]
    implied = [strike + growth * (call - put) for strike, call, put in nearest]
    return statistics.median(implied), False


# ---------------------------------------------------------------- vol points


def side_sigma(row: Row, market: Market, side: str) -> float | None:
    """Give a contract's vol from its bid, mid or ask, or from the vendor."""
    if side == "vendor":
        sigma = known(row.iv)
        return sigma if sigma is not None and sigma > 0.0 else None
    price = quote_price(row, side)
    if price is None:
        return None
    return implied_vol(market, row.strike, row.right, price)


def make_nodes(rows: dict[tuple[float, str], Row], market: Market, side: str) -> list[Node]:
    """Give the out-of-the-money contracts with a vol, by rising strike."""
    nodes: list[Node] = []
    if market.forward <= 0.0:
        return nodes
    for (strike, right), row in sorted(rows.items(), key=lambda item: item[0]):
        if right != ("P" if strike < market.forward else "C"):
            continue
        sigma = side_sigma(row, market, side)
        if sigma is not None:
            delta = abs(black_delta(market, strike, right, sigma))
            nodes.append(Node(strike, sigma, delta, row))
    return nodes


def atm_point(nodes: list[Node], market: Market) -> Made | None:
    """Interpolate total variance in k at k = 0."""
    puts = [node for node in nodes if node.row.right == "P"]
    calls = [node for node in nodes if node.row.right == "C"]
    if puts and calls:
        sigma = atm_between(puts[-1], calls[0], market)
        return Made(sigma, (puts[-1].row, calls[0].row))
    if puts or calls:
        only = puts[-1] if puts else calls[0]
        return Made(only.sigma, (only.row,), frozenset({"single_strike"}))
    return None


def atm_between(low: Node, high: Node, market: Market) -> float:
    """Give the vol at k = 0 between a put's strike and a call's."""
    k_low = math.log(low.strike / market.forward)
    k_high = math.log(high.strike / market.forward)
    w_low = low.sigma * low.sigma * market.years
    w_high = high.sigma * high.sigma * market.years
    weight = (0.0 - k_low) / (k_high - k_low)
    return math.sqrt((w_low + weight * (w_high - w_low)) / market.years)


def delta_crossings(nodes: list[Node], right: str) -> list[Made]:
    """Give the vol at every crossing of the target delta, from the money outward."""
    outward = [node for node in nodes if node.row.right == right]
    if right == "P":
        outward.reverse()
    found = []
    for near, far in pairwise(outward):
        low, high = min(near.delta, far.delta), max(near.delta, far.delta)
        if low <= TARGET_DELTA <= high:
            found.append(Made(delta_between(near, far), (near.row, far.row)))
    return found


def delta_between(near: Node, far: Node) -> float:
    """Give the vol at the target delta, linear in delta."""
    if near.delta == far.delta:
        return near.sigma
    weight = (TARGET_DELTA - near.delta) / (far.delta - near.delta)
    return near.sigma + weight * (far.sigma - near.sigma)


def make_point(point: str, nodes: list[Node], market: Market) -> Made | None:
    """Make one vol point from the contracts that have a vol."""
    if point == "ATM":
        return atm_point(nodes, market)
    right = {"35d_put": "P", "35d_call": "C"}[point]
    crossings = delta_crossings(nodes, right)
    return crossings[0] if crossings else None


# ---------------------------------------------------------------- expiries


def compute_expiry(
    rows: Iterable[Row],
    spot: float,
    dte: int,
    vol_points: Sequence[str],
    rate: float,
) -> SlowExpiry:
    """Compute forward and vol points of one expiry."""
    chain, dropped = drop_duplicates(rows)
    years = dte / DAYS_A_YEAR
    forward, from_spot = forward_price(chain, spot, years, rate)
    market = Market(forward, years, rate)
    result = SlowExpiry(dte, forward, set(), {}, {}, {})
    if dropped:
        result.flags.add("duplicate_contract")
    if from_spot:
        result.flags.add("forward_from_spot")
    sides = ("mid", "bid", "ask", "vendor")
    nodes = {side: make_nodes(chain, market, side) for side in sides}
    for point in vol_points:
        add_point(result, point, nodes, market)
    return result


def add_point(result: SlowExpiry, point: str, nodes: dict[str, list[Node]], market: Market) -> None:
    """Put one vol point into the result of an expiry."""
    mid = make_point(point, nodes["mid"], market)
    if mid is not None:
        bid = make_point(point, nodes["bid"], market)
        ask = make_point(point, nodes["ask"], market)
        flags = set(mid.flags)
    else:
        mid = make_point(point, nodes["vendor"], market)
        bid = ask = None
        flags = set() if mid is None else {*mid.flags, "vendor_iv"}
    made = {"mid": mid, "bid": bid, "ask": ask}
    result.iv[point] = {side: None if one is None else one.sigma for side, one in made.items()}
    result.point_flags[point] = flags
    result.flags.update(flags)
    result.contracts[point] = () if mid is None else mid.contracts


def days_to_expiry(snapshot: Snapshot) -> dict[date, int]:
    """Give the dte of every expiry with dte >= 1, from the New York date."""
    today = snapshot.as_of.astimezone(NEW_YORK).date()
    days = {row.expiry: (row.expiry - today).days for row in snapshot.rows}
    return {expiry: days[expiry] for expiry in sorted(days) if days[expiry] >= 1}


def choose_expiry(days: dict[date, int], target: int, tolerance: int) -> date | None:
    """Give the expiry nearest the target within the tolerance, ties to the earlier."""
    near = [e for e, dte in days.items() if abs(dte - target) <= tolerance]
    return min(near, key=lambda e: (abs(days[e] - target), e), default=None)


# ---------------------------------------------------------------- pairs


def forward_vol(front: float | None, t_front: float, back: float | None, t_back: float) -> float | None:
    """Give sigma_fwd; None if a vol is missing or V_fwd <= 0."""
    if front is None or back is None:
        return None
    v_front, v_back = front * front * t_front, back * back * t_back
    variance = (v_back - v_front) / (t_back - t_front)
    return math.sqrt(variance) if variance > 0.0 else None


def forward_factor(front: float | None, t_front: float, back: float | None, t_back: float) -> float | None:
    """Give FF = (sigma_front - sigma_fwd) / sigma_fwd, or None."""
    sigma_fwd = forward_vol(front, t_front, back, t_back)
    if front is None or sigma_fwd is None:
        return None
    return (front - sigma_fwd) / sigma_fwd


def liquidity_reasons(contracts: Iterable[Row]) -> set[str]:
    """Judge every contract the points were made from; one failure is enough."""
    reasons = set()
    for row in contracts:
        quote = usable_quote(row)
        if quote is not None:
            bid, ask = quote
            spread = (ask - bid) / ((bid + ask) / 2.0)
            if spread > WIDEST_SPREAD + SPREAD_TOLERANCE:
                reasons.add("wide_spread")
        open_interest, volume = known(row.open_interest), known(row.volume)
        if open_interest is None or open_interest < LOWEST_OPEN_INTEREST:
            reasons.add("low_open_interest")
        if volume is None or volume < LOWEST_VOLUME:
            reasons.add("low_volume")
    return reasons


def expiry_reasons(front: date | None, back: date | None) -> set[str]:
    """Say which leg has no expiry; a back that is not later is no back."""
    reasons = set()
    if front is None:
        reasons.add("no_front_expiry")
    if back is None or (front is not None and front >= back):
        reasons.add("no_back_expiry")
    return reasons


def ff_reasons(sigma_fwd: float | None, ff: float | None) -> set[str]:
    """Judge the forward vol and the factor of two legs that have a vol."""
    if sigma_fwd is None or ff is None:
        return {"negative_forward_variance"}
    reasons = set()
    if sigma_fwd < SIGMA_FWD_FLOOR:
        reasons.add("sigma_fwd_below_floor")
    if ff < FF_THRESHOLD:
        reasons.add("ff_below_threshold")
    return reasons


@dataclass(frozen=True)
class Leg:
    """A chosen expiry at one vol point; all missing if there is no such expiry."""

    dte: int | None = None
    mid: float | None = None
    bid: float | None = None
    ask: float | None = None
    contracts: tuple[Row, ...] = ()

    @property
    def years(self) -> float:
        """Give T, 0 if there is no expiry."""
        return (self.dte or 0) / DAYS_A_YEAR

    @property
    def pointless(self) -> bool:
        """Say whether there is an expiry without the vol point."""
        return self.dte is not None and self.mid is None


@dataclass(frozen=True)
class Numbers:
    """The forward vol and the three factors of a pair."""

    sigma_fwd: float | None = None
    ff: float | None = None
    ff_low: float | None = None
    ff_high: float | None = None


def make_leg(expiry: date | None, point: str, computed: dict[date, SlowExpiry]) -> Leg:
    """Give one leg of a pair."""
    if expiry is None:
        return Leg()
    found = computed[expiry]
    iv = found.iv[point]
    return Leg(found.dte, iv["mid"], iv["bid"], iv["ask"], found.contracts[point])


def make_numbers(front: Leg, back: Leg) -> Numbers:
    """Give the forward vol and the factors of a front before a back."""
    t_1, t_2 = front.years, back.years
    return Numbers(
        sigma_fwd=forward_vol(front.mid, t_1, back.mid, t_2),
        ff=forward_factor(front.mid, t_1, back.mid, t_2),
        ff_low=forward_factor(front.bid, t_1, back.ask, t_2),
        ff_high=forward_factor(front.ask, t_1, back.bid, t_2),
    )


def make_candidate(
    pair: str,
    point: str,
    expiries: tuple[date | None, date | None],
    computed: dict[date, SlowExpiry],
) -> SlowCandidate:
    """Judge one pair of expiries at one vol point."""
    front, back = (make_leg(expiry, point, computed) for expiry in expiries)
    reasons = expiry_reasons(*expiries)
    numbers = Numbers() if reasons else make_numbers(front, back)
    if front.pointless or back.pointless:
        reasons.add("no_vol_point")
    if not reasons:
        reasons |= ff_reasons(numbers.sigma_fwd, numbers.ff)
    reasons |= liquidity_reasons(front.contracts + back.contracts)
    return SlowCandidate(
        pair=pair,
        vol_point=point,
        front_expiry=expiries[0],
        back_expiry=expiries[1],
        front_dte=front.dte,
        back_dte=back.dte,
        front_iv=front.mid,
        back_iv=back.mid,
        sigma_fwd=numbers.sigma_fwd,
        ff=numbers.ff,
        ff_low=numbers.ff_low,
        ff_high=numbers.ff_high,
        reasons=reasons,
    )


def slow_scan(
    snapshot: Snapshot,
    pairs: Sequence[PairRule] = DEFAULT_PAIRS,
    vol_points: Sequence[str] = DEFAULT_VOL_POINTS,
    rate: float = 0.04,
) -> SlowResult:
    """Compute every expiry up to 120 days, and every pair rule at every vol point."""
    days = days_to_expiry(snapshot)
    chosen: list[tuple[str, tuple[date | None, date | None]]] = []
    for front, back, front_tol, back_tol in pairs:
        front_leg = choose_expiry(days, front, front_tol)
        back_leg = choose_expiry(days, back, back_tol)
        chosen.append((f"{front}/{back}", (front_leg, back_leg)))
    wanted = {expiry for expiry, dte in days.items() if dte <= LAST_REPORTED_DTE}
    wanted |= {leg for _, legs in chosen for leg in legs if leg is not None}
    computed: dict[date, SlowExpiry] = {}
    for expiry in sorted(wanted):
        rows = [row for row in snapshot.rows if row.expiry == expiry]
        computed[expiry] = compute_expiry(rows, snapshot.spot, days[expiry], vol_points, rate)
    candidates = [make_candidate(pair, point, legs, computed) for pair, legs in chosen for point in vol_points]
    reported = {e: x for e, x in computed.items() if x.dte <= LAST_REPORTED_DTE}
    return SlowResult(reported, candidates)
