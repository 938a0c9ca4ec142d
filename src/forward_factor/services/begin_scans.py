"""Which of the tickers that a worker was handed are due, and the count of their starts before it begins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from forward_factor.core.slots import MOST_STARTS, SlotReason
from forward_factor.services.ports import Clock, Transactions
from forward_factor.services.ports.slots import OpenTicker


@dataclass(frozen=True, slots=True)
class DueTickers:
    """The due ones among some tickers, by how they should be scanned.

    Attributes:
        groups: those to be scanned together. Tickers that a worker may have died of are among themselves.
        alone: those to be scanned each by itself, with no other scan in the process: a worker died of them twice.
        given_up: those a worker died of too often; their slots have failed.

    """

    groups: Sequence[Sequence[OpenTicker]] = ()
    alone: Sequence[OpenTicker] = ()
    given_up: Sequence[str] = field(default=())


async def find_due(store: Transactions, clock: Clock, tickers: Sequence[str]) -> DueTickers:
    """Return which of ``tickers`` are due; of those that are hopeless, fail the slots."""
    now = clock.now()
    async with store.reading() as work:
        found = await work.slots.open_among(tickers, now)
    given_up = [one.ticker for one in found if _is_hopeless(one)]
    if given_up:
        async with store.unit_of_work() as work:
            await work.slots.fail(dict.fromkeys(given_up, SlotReason.GAVE_UP), now, now)
            await work.commit()
    worth = [one for one in found if not _is_hopeless(one)]
    alone = [one for one in worth if one.gave_up_before or (one.is_suspect and one.starts > 1)]
    others = [one for one in worth if one not in alone]
    groups = [[one for one in others if one.is_suspect is suspect] for suspect in (False, True)]
    return DueTickers([group for group in groups if group], alone, given_up)


async def begin_scans(store: Transactions, tickers: Sequence[str], until: datetime) -> None:
    """Count a start of the slots of ``tickers`` due until ``until``, and make it last before anything else is done."""
    async with store.unit_of_work() as work:
        await work.slots.begin(tickers, until)
        await work.commit()


def _is_hopeless(one: OpenTicker) -> bool:
    return one.is_suspect and (one.starts >= MOST_STARTS or one.gave_up_before)
