"""From chains to one sorted table of quotes: expired rows out, duplicates settled, usable quotes marked.

Many chains go through at once, so that a whole market costs a few dozen array operations, not a few
dozen for each ticker. A *curve* below is one expiry of one chain.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from forward_factor.core.arrays import BoolArray, DateArray, FloatArray, IntArray
from forward_factor.core.chain import Chain, Contracts

DAYS_A_YEAR = 365.0


@dataclass(frozen=True, slots=True, eq=False)
class Curves:
    """The expiries of all chains, one entry an expiry, by chain and then by expiry.

    Attributes:
        chain: index of the chain.
        expiry: New York date.
        dte: calendar days from the snapshot's New York date to ``expiry``, at least 1.
        years: dte / 365.
        spot: dollars.

    """

    chain: IntArray
    expiry: DateArray
    dte: IntArray
    years: FloatArray
    spot: FloatArray

    def __len__(self) -> int:
        return len(self.dte)


@dataclass(frozen=True, slots=True, eq=False)
class QuoteTable:
    """Quotes sorted by curve, strike and right (put before call), each contract once.

    Attributes:
        curve: index into ``curves``.
        mid: (bid + ask) / 2 where usable, else NaN; dollars.
        usable: 0 < bid <= ask, their sum finite.
        duplicate: the contract stood several times in its chain.

    """

    curves: Curves
    contracts: Contracts
    curve: IntArray
    mid: FloatArray
    usable: BoolArray
    duplicate: BoolArray


def tabulate_quotes(chains: Sequence[Chain], horizon_days: int) -> QuoteTable:
    """Return the quotes of ``chains`` with 1 <= dte <= ``horizon_days`` as one sorted table.

    Where (expiry, strike, right) repeats, the row with the larger open interest counts (a missing one
    is smaller than any), the first of equals.
    """
    contracts, chain, dte = _rows_within(chains, horizon_days)
    order, duplicate = _settle_duplicates(contracts, chain)
    contracts, chain, dte = contracts.take(order), chain[order], dte[order]
    curve, first_rows = _number_runs(chain, contracts.expiry)
    spots = np.array([one.spot for one in chains], dtype=np.float64)
    curves = Curves(
        chain=chain[first_rows],
        expiry=contracts.expiry[first_rows],
        dte=dte[first_rows],
        years=dte[first_rows] / DAYS_A_YEAR,
        spot=spots[chain[first_rows]],
    )
    usable = usable_quotes(contracts)
    with np.errstate(invalid="ignore", over="ignore"):
        mid = np.where(usable, (contracts.bid + contracts.ask) / 2.0, np.nan)
    return QuoteTable(curves, contracts, curve, mid, usable, duplicate)


def usable_quotes(contracts: Contracts) -> BoolArray:
    """Return where 0 < bid <= ask and their sum is finite."""
    bid, ask = contracts.bid, contracts.ask
    with np.errstate(invalid="ignore", over="ignore"):
        return (bid > 0.0) & (bid <= ask) & (bid + ask < np.inf)


def count_crossed(contracts: Contracts) -> int:
    """Return how many contracts are bid above their ask."""
    with np.errstate(invalid="ignore"):
        return int(np.count_nonzero(contracts.bid > contracts.ask))


def usable_rows(quotes: QuoteTable, curve: int, is_call: bool) -> IntArray:
    """Return the rows of a curve's usable quotes of one right, by strike."""
    first, end = _bounds(quotes, curve)
    wanted = quotes.usable[first:end] & (quotes.contracts.is_call[first:end] == is_call)
    return np.flatnonzero(wanted) + first


def standing_rows(quotes: QuoteTable, curve: int, is_call: bool) -> IntArray:
    """Return the same of quotes that stand: 0 <= bid <= ask, ask > 0 and their sum finite."""
    first, end = _bounds(quotes, curve)
    bid, ask = quotes.contracts.bid[first:end], quotes.contracts.ask[first:end]
    with np.errstate(invalid="ignore", over="ignore"):
        stands = (bid >= 0.0) & (bid <= ask) & (ask > 0.0) & (bid + ask < np.inf)
    return np.flatnonzero(stands & (quotes.contracts.is_call[first:end] == is_call)) + first


def listed_rows(quotes: QuoteTable, curve: int, is_call: bool) -> IntArray:
    """Return all rows of a curve of one right, by strike, whatever they are quoted at."""
    first, end = _bounds(quotes, curve)
    return np.flatnonzero(quotes.contracts.is_call[first:end] == is_call) + first


def _bounds(quotes: QuoteTable, curve: int) -> tuple[int, int]:
    first, end = np.searchsorted(quotes.curve, [curve, curve + 1])
    return int(first), int(end)


def _rows_within(chains: Sequence[Chain], horizon_days: int) -> tuple[Contracts, IntArray, IntArray]:
    contracts = Contracts.concatenate([one.contracts for one in chains] or [Contracts.empty()])
    chain = np.repeat(np.arange(len(chains)), [len(one.contracts) for one in chains])
    today = np.array([one.new_york_date for one in chains], dtype="datetime64[D]")
    dte = (contracts.expiry - today[chain]).astype(np.int64)
    rows = np.flatnonzero((dte >= 1) & (dte <= horizon_days))
    return contracts.take(rows), chain[rows], dte[rows]


def _settle_duplicates(contracts: Contracts, chain: IntArray) -> tuple[IntArray, BoolArray]:
    keys = (contracts.is_call, contracts.strike, contracts.expiry, chain)
    order = np.lexsort(keys)
    repeats = _equals_previous(order, keys)
    if not repeats.any():
        return order, np.zeros(len(order), dtype=np.bool_)
    smallest_last = -np.nan_to_num(contracts.open_interest, nan=-1.0)
    order = np.lexsort((smallest_last, *keys))
    repeats = _equals_previous(order, keys)
    repeated = repeats | np.append(repeats[1:], False)
    return order[~repeats], repeated[~repeats]


def _equals_previous(order: IntArray, keys: tuple[np.ndarray, ...]) -> BoolArray:
    equal = np.ones(len(order), dtype=np.bool_)
    equal[:1] = False
    for key in keys:
        column = key[order]
        equal[1:] &= column[1:] == column[:-1]
    return equal


def _number_runs(chain: IntArray, expiry: DateArray) -> tuple[IntArray, IntArray]:
    starts = np.ones(len(chain), dtype=np.bool_)
    starts[1:] = (chain[1:] != chain[:-1]) | (expiry[1:] != expiry[:-1])
    return np.cumsum(starts) - 1, np.flatnonzero(starts)
