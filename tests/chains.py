"""Chains for tests: of the slow reference's rows, of the engine's columns, and small ones made up on the spot."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from math import exp, isnan, nan

import numpy as np

from forward_factor.core.black76 import prices
from forward_factor.core.chain import Chain, Contracts
from tests.reference.slow_domain import Row, Snapshot

AS_OF = datetime(2026, 6, 1, 18, 0, tzinfo=UTC)
TODAY = date(2026, 6, 1)


def chain_of(snapshot: Snapshot, provider: str = "files") -> Chain:
    """Return a slow snapshot as the engine's chain."""
    return Chain(snapshot.ticker, snapshot.as_of, snapshot.spot, provider, contracts_of(snapshot.rows))


def snapshot_of(chain: Chain) -> Snapshot:
    """Return the engine's chain as a slow snapshot."""
    contracts = chain.contracts

    def numbers(name: str) -> list[float | None]:
        return [None if isnan(value) else value for value in getattr(contracts, name).tolist()]

    rights = ["C" if is_call else "P" for is_call in contracts.is_call.tolist()]
    columns = [numbers(name) for name in ("bid", "ask", "last", "volume", "open_interest", "iv", "delta")]
    rows = zip(contracts.expiry.tolist(), contracts.strike.tolist(), rights, *columns, strict=True)
    return Snapshot(chain.ticker, chain.as_of, chain.spot, tuple(Row(*row) for row in rows))


def contracts_of(rows: Sequence[Row]) -> Contracts:
    """Return rows as columns."""

    def numbers(values: Iterable[float | None]) -> np.ndarray:
        return np.array([nan if value is None else value for value in values], dtype=np.float64)

    return Contracts(
        expiry=np.array([row.expiry for row in rows], dtype="datetime64[D]"),
        strike=numbers(row.strike for row in rows),
        is_call=np.array([row.right == "C" for row in rows], dtype=np.bool_),
        bid=numbers(row.bid for row in rows),
        ask=numbers(row.ask for row in rows),
        last=numbers(row.last for row in rows),
        volume=numbers(row.volume for row in rows),
        open_interest=numbers(row.open_interest for row in rows),
        iv=numbers(row.iv for row in rows),
        delta=numbers(row.delta for row in rows),
    )


def priced_chain(
    vols: dict[int, float],
    ticker: str = "TEST",
    as_of: datetime = AS_OF,
    spot: float = 100.0,
    half_spread: float = 0.01,
    rate: float = 0.04,
    strikes: Sequence[float] = tuple(range(60, 141, 2)),
) -> Chain:
    """Return a liquid chain of flat smiles: vol by dte, exact Black-76 mids, quotes a share of the mid apart."""
    parts = [_expiry(dte, vol, as_of, spot, half_spread, rate, np.array(strikes, float)) for dte, vol in vols.items()]
    return Chain(ticker, as_of, spot, "files", Contracts.concatenate(parts))


def _expiry(
    dte: int, vol: float, as_of: datetime, spot: float, half_spread: float, rate: float, strikes: np.ndarray
) -> Contracts:
    strike = np.repeat(strikes, 2)
    is_call = np.tile([False, True], len(strikes))
    years = np.full(len(strike), dte / 365)
    forward = np.full(len(strike), spot * exp(rate * dte / 365))
    mid = prices(is_call, forward, strike, years, np.full(len(strike), vol), rate)
    count = len(strike)
    return Contracts(
        expiry=np.full(count, np.datetime64(as_of.date() + timedelta(days=dte), "D")),
        strike=strike,
        is_call=is_call,
        bid=mid * (1 - half_spread),
        ask=mid * (1 + half_spread),
        last=mid,
        volume=np.full(count, 500.0),
        open_interest=np.full(count, 5000.0),
        iv=np.full(count, nan),
        delta=np.full(count, nan),
    )
