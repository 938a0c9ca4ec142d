"""The slots of tickers that could not be scanned: left open for another try, or failed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from forward_factor.core.slots import MOST_STARTS, Cadences, SlotReason, retry_delay
from forward_factor.services.ports import Clock, Transactions
from forward_factor.services.ports.jobs import Again
from forward_factor.services.ports.slots import OpenTicker


@dataclass(frozen=True, slots=True)
class ScanFailure:
    """Why a ticker could not be scanned: the code of an error, and whether trying again may help."""

    reason: str
    is_retryable: bool


async def end_scans(
    store: Transactions,
    clock: Clock,
    cadences: Cadences,
    begun: Sequence[OpenTicker],
    failures: Mapping[str, ScanFailure],
    begun_at: datetime,
) -> Mapping[str, Again]:
    """Leave those open that another try may help, fail the others; return when the former shall be tried again.

    A try helps no more where the ticker had its fill of them, or will be due anew anyway.
    """
    now = clock.now()
    again = {
        one.ticker: Again(retry_delay(one.starts + 1), failures[one.ticker].reason)
        for one in begun
        if one.ticker in failures
        and failures[one.ticker].is_retryable
        and one.starts + 1 < MOST_STARTS
        and now - one.due_at < cadences.of(one.tier)
    }
    failed = {ticker: failure.reason for ticker, failure in failures.items() if ticker not in again}
    async with store.unit_of_work() as work:
        await work.slots.release({ticker: one.reason for ticker, one in again.items()}, begun_at)
        await work.slots.fail(failed, begun_at, now)
        await work.commit()
    return again


async def give_back(store: Transactions, tickers: Sequence[str], begun_at: datetime) -> None:
    """Leave the slots of tickers open whose scan was stopped with its worker, as if it had not begun."""
    async with store.unit_of_work() as work:
        await work.slots.release(dict.fromkeys(tickers, SlotReason.STOPPED), begun_at, uncounted=True)
        await work.commit()
