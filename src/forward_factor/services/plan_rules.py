"""What to look for in each ticker: all that those who want it scanned asked for, and no more."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from forward_factor.core.account_settings import AccountSettings
from forward_factor.core.rules import VOL_POINTS, PairRule, ScanRules, VolPoint
from forward_factor.services.ports import Transactions


async def plan_rules(
    store: Transactions, base: ScanRules, defaults: AccountSettings, tickers: Sequence[str]
) -> Mapping[ScanRules, Sequence[str]]:
    """Return ``tickers``, grouped by the rules to scan them under.

    The pair rules and vol points of a ticker are those of its active watchers together, and, where discovery scans it,
    of those who seek; everything else, and all of a ticker that nobody wants, is ``base``.
    """
    async with store.reading() as work:
        wanted = await work.audience.wishes(tickers, defaults)
    of_ticker: dict[str, set[AccountSettings]] = defaultdict(set)
    for wish in wanted.wishes:
        for ticker in wanted.discovered if wish.ticker is None else (wish.ticker,):
            of_ticker[ticker].add(wish.settings)
    known: dict[frozenset[AccountSettings], ScanRules] = {}
    groups: dict[ScanRules, list[str]] = defaultdict(list)
    for ticker in dict.fromkeys(tickers):
        settings = frozenset(of_ticker[ticker])
        if settings not in known:
            known[settings] = _together(base, settings)
        groups[known[settings]].append(ticker)
    return groups


def _together(base: ScanRules, settings: frozenset[AccountSettings]) -> ScanRules:
    if not settings:
        return base
    pairs = {pair for one in settings for pair in one.pairs}
    points = {point for one in settings for point in one.vol_points}
    return replace(base, pairs=tuple(sorted(pairs, key=_order)), vol_points=_in_order(points))


def _in_order(points: set[VolPoint]) -> tuple[VolPoint, ...]:
    return tuple(point for point in VOL_POINTS if point in points)


def _order(pair: PairRule) -> tuple[int, int, int, int]:
    return pair.front, pair.back, pair.front_tolerance, pair.back_tolerance
