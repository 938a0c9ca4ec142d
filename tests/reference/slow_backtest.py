"""A second backtest, written from docs/backtest.md alone: plain loops, one contract at a time.

It shares no code with the package; candidates come from the slow reference of the domain.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from tests.reference.slow_black76 import Market
from tests.reference.slow_domain import (
    NEW_YORK,
    Node,
    PairRule,
    Row,
    Snapshot,
    choose_expiry,
    days_to_expiry,
    drop_duplicates,
    forward_factor,
    forward_price,
    forward_vol,
    make_nodes,
    make_point,
    usable_quote,
)
from tests.reference.slow_sessions import close_on_or_before, sessions_before

RATE = 0.04
DAYS_A_YEAR = 365.0
SIGMA_FWD_FLOOR = 0.05
SLACK = 1e-9


@dataclass(frozen=True)
class SlowRules:
    """What the page lets one choose, with its defaults."""

    pairs: tuple[PairRule, ...] = ((30, 60, 5, 10),)
    structure: str = "call"
    vol_point: str = "ATM"
    threshold: float = 0.20
    stability: int = 1
    max_spread: float = 0.08
    min_open_interest: float = 100
    min_volume: float = 10
    exit_days: int = 1
    target: float | None = None
    stop: float | None = None
    bankroll: float = 100_000.0
    risk: float = 0.02
    win_rate: float | None = None
    win_loss: float | None = None
    capacity: float = 0.10
    max_positions: int = 10
    max_at_risk: float = 0.20
    partial_share: float = 0.5
    commission: float = 0.65


@dataclass(frozen=True)
class Contract:
    expiry: date
    strike: float
    right: str
    sign: int  # +1 bought, -1 sold


@dataclass(frozen=True)
class Held:
    legs: list[Contract]
    contracts: int


@dataclass
class SlowTrade:
    ticker: str
    pair: str
    legs: list[Contract]
    contracts: int
    opened_at: datetime
    entry: list[tuple[float, float]]
    ff: float
    last_at: datetime
    last: list[tuple[float, float]]
    closed_at: datetime | None = None
    reason: str = ""
    closed: list[tuple[float, float] | float] = field(default_factory=list)
    now: Held = field(default_factory=lambda: Held([], 0))  # after the splits so far
    at_last: Held = field(default_factory=lambda: Held([], 0))
    at_exit: Held = field(default_factory=lambda: Held([], 0))

    def __post_init__(self) -> None:
        self.now = self.at_last = Held(self.legs, self.contracts)

    def debit_mid(self) -> float:
        return value_at_mid(self.legs, self.entry)

    def debit_touch(self) -> float:
        return touch_debit(self.legs, self.entry)

    def profit(self, share: float, commission: float) -> float:
        paid = received = 0.0
        for leg, bought, sold in zip(self.legs, self.entry, self.closed, strict=True):
            paid += leg.sign * price_of(bought, leg.sign, share)
            received += leg.sign * (sold if isinstance(sold, float) else price_of(sold, -leg.sign, share))
        commissions = (self.contracts + self.at_exit.contracts) * len(self.legs) * commission
        return 100 * self.at_exit.contracts * received - 100 * self.contracts * paid - commissions


@dataclass
class SlowOutcome:
    trades: list[SlowTrade] = field(default_factory=list)
    skipped: dict[str, int] = field(default_factory=dict)
    signals: int = 0


@dataclass(frozen=True)
class Signal:
    """A pair's candidate that may be traded: its expiries, FF, and where the strikes should lie."""

    front: date
    back: date
    ff: float
    targets: list[tuple[str, float | None]]  # (right, target strike)


class Instant:
    """One snapshot with its contracts in dictionaries."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.ticker, self.at, self.spot = snapshot.ticker, snapshot.as_of, snapshot.spot
        self.day = snapshot.as_of.astimezone(NEW_YORK).date()
        self.days = days_to_expiry(snapshot)
        self.rows: dict[date, dict[tuple[float, str], Row]] = {}
        for expiry in self.days:
            self.rows[expiry], _ = drop_duplicates(row for row in snapshot.rows if row.expiry == expiry)
        self.smiles: dict[date, tuple[float, list[Node]]] = {}

    def smile(self, expiry: date) -> tuple[float, list[Node]]:
        if expiry not in self.smiles:
            years = self.days[expiry] / DAYS_A_YEAR
            forward, _ = forward_price(self.rows[expiry], self.spot, years, RATE)
            nodes = make_nodes(self.rows[expiry], Market(forward, years, RATE), "mid")
            self.smiles[expiry] = forward, nodes
        return self.smiles[expiry]

    def usable(self, expiry: date, right: str) -> dict[float, tuple[float, float]]:
        found = {}
        for (strike, own_right), row in self.rows.get(expiry, {}).items():
            quote = usable_quote(row)
            if own_right == right and quote is not None:
                found[strike] = quote
        return found

    def standing(self, expiry: date, right: str) -> dict[float, tuple[float, float]]:
        found = {}
        for (strike, own_right), row in self.rows.get(expiry, {}).items():
            if own_right != right or row.bid is None or row.ask is None:
                continue
            if 0 <= row.bid <= row.ask and 0 < row.ask < math.inf:
                found[strike] = (row.bid, row.ask)
        return found

    def sound(self, leg: Contract) -> tuple[float, float] | None:
        ladder = self.standing(leg.expiry, leg.right)
        if leg.strike not in ladder:
            return None
        bid, ask = ladder[leg.strike]
        if leg.sign > 0 and bid == 0:
            return None
        tolerance = 0.005 * self.spot
        if ask < intrinsic(leg, self.spot) - tolerance:
            return None
        if bid > (self.spot if leg.right == "C" else leg.strike) + tolerance:
            return None
        lower = max((strike for strike in ladder if strike < leg.strike), default=None)
        higher = min((strike for strike in ladder if strike > leg.strike), default=None)
        dearer, cheaper = (lower, higher) if leg.right == "C" else (higher, lower)
        if dearer is not None and bid > ladder[dearer][1]:
            return None
        if cheaper is not None and ask < ladder[cheaper][0]:
            return None
        return bid, ask

    def sound_trade(self, legs: list[Contract]) -> list[tuple[float, float]] | None:
        quotes = []
        for leg in legs:
            quote = self.sound(leg)
            if quote is None:
                return None
            quotes.append(quote)
        for number in range(0, len(legs), 2):
            if quotes[number][0] > quotes[number + 1][1]:
                return None
        return quotes


SlowSplit = tuple[str, date, float]  # ticker, first day, new shares for one


def run_slowly(snapshots: Sequence[Snapshot], rules: SlowRules, all_splits: Sequence[SlowSplit] = ()) -> SlowOutcome:
    """Trade snapshots that come in the order of their instants, then tickers."""
    outcome = SlowOutcome()
    positions: dict[tuple[str, str], SlowTrade] = {}
    stable: dict[tuple[str, str], int] = {}
    before: dict[str, Instant] = {}
    for one in fresh_instants(snapshots):
        ratios, jumped = splits_since(before.get(one.ticker), one, all_splits)
        before[one.ticker] = one
        was_open = {name for ticker, name in positions if ticker == one.ticker}
        for key in [(one.ticker, name) for name in names_of(rules)]:
            if key in positions and follow(positions[key], one, rules, ratios, jumped=jumped):
                outcome.trades.append(positions.pop(key))
        for name, pair in names_of(rules).items():
            key = (one.ticker, name)
            signal = find_signal(one, pair, rules)
            stable[key] = 0 if signal is None else stable.get(key, 0) + 1
            if signal is None:
                continue
            outcome.signals += 1
            held = list(positions.values())
            opened = enter(one, name, signal, rules, held, stable[key], was_open=name in was_open)
            if isinstance(opened, SlowTrade):
                positions[key] = opened
            else:
                outcome.skipped[opened] = outcome.skipped.get(opened, 0) + 1
    for position in positions.values():
        close(position, position.last_at, list(position.last), "end_of_data", position.at_last)
        outcome.trades.append(position)
    outcome.trades.sort(key=lambda trade: (trade.opened_at, trade.ticker, trade.pair))
    return outcome


def names_of(rules: SlowRules) -> dict[str, PairRule]:
    return {f"{pair[0]}/{pair[1]}": pair for pair in rules.pairs}


def fresh_instants(snapshots: Sequence[Snapshot]) -> Iterator[Instant]:
    """Leave out snapshots that come twice, and those that repeat the one before."""
    seen: dict[str, tuple[datetime, list[object]]] = {}
    for snapshot in snapshots:
        before = seen.get(snapshot.ticker)
        if before is not None and before[0] == snapshot.as_of:
            continue
        prints: list[object] = [(r.expiry, r.strike, r.right, r.bid, r.ask, r.volume) for r in snapshot.rows]
        seen[snapshot.ticker] = (snapshot.as_of, prints)
        if before is None or before[1] != prints:
            yield Instant(snapshot)


def find_signal(one: Instant, pair: PairRule, rules: SlowRules) -> Signal | None:
    front = choose_expiry(one.days, pair[0], pair[2])
    back = choose_expiry(one.days, pair[1], pair[3])
    if front is None or back is None or back <= front:
        return None
    points = ["35d_put", "35d_call"] if rules.structure == "double" else [rules.vol_point]
    factors, targets = [], []
    for point in points:
        judged = judge(one, front, back, point, rules)
        if judged is None:
            return None
        factors.append(judged)
        right = {"35d_put": "P", "35d_call": "C"}.get(point, "P" if rules.structure == "put" else "C")
        targets.append((right, target_strike(one, front, point)))
    ff = min(factors)
    return Signal(front, back, ff, targets) if ff >= rules.threshold else None


def judge(one: Instant, front: date, back: date, point: str, rules: SlowRules) -> float | None:
    """FF of a candidate that no gate refuses."""
    vols = []
    for expiry in (front, back):
        forward, nodes = one.smile(expiry)
        years = one.days[expiry] / DAYS_A_YEAR
        if not one.spot * 0.8 <= forward <= one.spot * 1.25:
            return None
        made = make_point(point, nodes, Market(forward, years, RATE))
        if made is None:
            return None
        vols.append((made.sigma, years))
        if not all(passes(row, rules) for row in made.contracts):
            return None
    (s1, t1), (s2, t2) = vols
    sigma_fwd = forward_vol(s1, t1, s2, t2)
    if sigma_fwd is None or sigma_fwd < SIGMA_FWD_FLOOR:
        return None
    return forward_factor(s1, t1, s2, t2)


def passes(row: Row, rules: SlowRules) -> bool:
    """Whether a contract behind a vol point passes the liquidity gates."""
    bid, ask = usable_quote(row) or (0.0, 0.0)
    if (ask - bid) / ((bid + ask) / 2) > rules.max_spread + SLACK:
        return False
    if row.open_interest is None or row.open_interest < rules.min_open_interest:
        return False
    return row.volume is not None and row.volume >= rules.min_volume


def target_strike(one: Instant, front: date, point: str) -> float | None:
    forward, nodes = one.smile(front)
    if point == "ATM":
        return forward
    made = make_point(point, nodes, Market(forward, one.days[front] / DAYS_A_YEAR, RATE))
    if made is None:
        return None
    near, far = (next(node for node in nodes if node.row is row) for row in made.contracts)
    if near.delta == far.delta:
        return near.strike
    return near.strike + (0.35 - near.delta) / (far.delta - near.delta) * (far.strike - near.strike)


def enter(
    one: Instant,
    name: str,
    signal: Signal,
    rules: SlowRules,
    held: list[SlowTrade],
    in_a_row: int,
    *,
    was_open: bool,
) -> SlowTrade | str:
    if in_a_row < rules.stability:
        return "not_stable_yet"
    if was_open:
        return "position_open"
    legs: list[Contract] = []
    for right, target in signal.targets:
        calendar = choose_calendar(one, signal, right, target)
        if isinstance(calendar, str):
            return calendar
        legs += calendar
    if one.day >= sessions_before(signal.front, rules.exit_days):
        return "too_close_to_expiry"
    quotes = one.sound_trade(legs)
    if quotes is None:
        return "unsound_quotes"
    count = size(one, legs, 100 * touch_debit(legs, quotes), rules, held)
    if isinstance(count, str):
        return count
    return SlowTrade(one.ticker, name, legs, count, one.at, quotes, signal.ff, one.at, quotes)


def choose_calendar(one: Instant, signal: Signal, right: str, target: float | None) -> list[Contract] | str:
    if target is None or not 0 < target < math.inf:
        return "no_vol_point"
    fronts, backs = one.usable(signal.front, right), one.usable(signal.back, right)
    common = sorted(strike for strike in fronts if strike in backs)
    if not common:
        return "no_common_strike"
    strike = min(common, key=lambda own: (abs(own - target), own))
    if mid(backs[strike]) - mid(fronts[strike]) <= SLACK:
        return "debit_not_positive"
    return [Contract(signal.front, strike, right, -1), Contract(signal.back, strike, right, 1)]


def size(one: Instant, legs: list[Contract], loss: float, rules: SlowRules, held: list[SlowTrade]) -> int | str:
    count = math.floor(stake(rules) / loss * (1 + SLACK))
    if count < 1:
        return "stake_too_small"
    if rules.capacity > 0:
        for leg in legs:
            row = one.rows[leg.expiry][leg.strike, leg.right]
            count = min(
                count, *(math.floor(rules.capacity * (number or 0)) for number in (row.volume, row.open_interest))
            )
    if count < 1:
        return "no_capacity"
    if len(held) >= rules.max_positions:
        return "too_many_positions"
    at_risk = sum(100 * trade.debit_touch() * trade.contracts for trade in held)
    count = min(count, math.floor((rules.max_at_risk * rules.bankroll - at_risk) / loss * (1 + SLACK)))
    return count if count >= 1 else "no_room"


def stake(rules: SlowRules) -> float:
    if rules.win_rate is None or rules.win_loss is None:
        return rules.risk * rules.bankroll
    kelly = max(rules.win_rate - (1 - rules.win_rate) / rules.win_loss, 0)
    return min(kelly / 4, 0.04) * rules.bankroll


def follow(trade: SlowTrade, one: Instant, rules: SlowRules, ratios: list[float], *, jumped: bool) -> bool:
    """One snapshot of an open trade; whether it was closed."""
    if lost_in_a_split(trade, one, ratios, jumped=jumped):
        close(trade, one.at, list(trade.last), "split", trade.at_last)
        return True
    front = trade.legs[0].expiry
    if one.at >= close_on_or_before(front):
        close(trade, one.at, settled_prices(trade, one), "settled", trade.now)
        return True
    quotes = one.sound_trade(trade.now.legs)
    if quotes is None:
        return False
    trade.last, trade.last_at, trade.at_last = quotes, one.at, trade.now
    contracts_for_one = trade.now.contracts // trade.contracts
    value, debit = contracts_for_one * value_at_mid(trade.now.legs, quotes), trade.debit_mid()
    reason = ""
    if one.day >= sessions_before(front, rules.exit_days):
        reason = "before_expiry"
    elif rules.stop is not None and value <= (1 - rules.stop) * debit:
        reason = "stop"
    elif rules.target is not None and value >= (1 + rules.target) * debit:
        reason = "target"
    if reason:
        close(trade, one.at, list(quotes), reason, trade.now)
    return bool(reason)


def settled_prices(trade: SlowTrade, one: Instant) -> list[tuple[float, float] | float]:
    prices: list[tuple[float, float] | float] = []
    for leg in trade.now.legs:
        quote = one.sound(leg) if leg.sign > 0 else None
        prices.append(intrinsic(leg, one.spot) if quote is None else quote[0])
    return prices


def close(trade: SlowTrade, at: datetime, prices: list[tuple[float, float] | float], reason: str, held: Held) -> None:
    trade.closed_at, trade.closed, trade.reason, trade.at_exit = at, prices, reason, held


def splits_since(before: Instant | None, one: Instant, all_splits: Sequence[SlowSplit]) -> tuple[list[float], bool]:
    """The ratios of splits since the fresh snapshot before, and whether the spot jumped beside them."""
    if before is None:
        return [], False
    own: list[SlowSplit] = []
    for split in sorted(one_split for one_split in all_splits if one_split[0] == one.ticker):
        said_before = any(split[2] == other[2] and (split[1] - other[1]).days <= 30 for other in own)
        if split[2] != 1 and not said_before:
            own.append(split)
    ratios = [ratio for _, day, ratio in own if before.day < day <= one.day]
    shares = math.prod(ratios)
    return ratios, abs(one.spot * shares / before.spot - 1) > 1 / 3


def lost_in_a_split(trade: SlowTrade, one: Instant, ratios: list[float], *, jumped: bool) -> bool:
    """Adjust a position for whole splits; whether nobody can tell what became of it."""
    if any(ratio != int(ratio) or not 2 <= ratio <= 100 for ratio in ratios):
        return True
    for ratio in ratios:
        legs = [
            Contract(leg.expiry, math.floor(leg.strike / ratio * 100 + 0.5) / 100, leg.right, leg.sign)
            for leg in trade.now.legs
        ]
        trade.now = Held(legs, trade.now.contracts * int(ratio))
    if not jumped:
        return False
    return any(
        leg.expiry > one.day and (leg.strike, leg.right) not in one.rows.get(leg.expiry, {}) for leg in trade.now.legs
    )


def intrinsic(leg: Contract, spot: float) -> float:
    return max(spot - leg.strike, 0.0) if leg.right == "C" else max(leg.strike - spot, 0.0)


def mid(quote: tuple[float, float]) -> float:
    return (quote[0] + quote[1]) / 2


def price_of(quote: tuple[float, float], side: int, share: float) -> float:
    return mid(quote) + side * share * (quote[1] - quote[0]) / 2


def value_at_mid(legs: Sequence[Contract], quotes: Sequence[tuple[float, float]]) -> float:
    return sum(leg.sign * mid(quote) for leg, quote in zip(legs, quotes, strict=True))


def touch_debit(legs: Sequence[Contract], quotes: Sequence[tuple[float, float]]) -> float:
    return sum(quote[1] if leg.sign > 0 else -quote[0] for leg, quote in zip(legs, quotes, strict=True))
