"""Ask for scans now, whatever the tickers' cadence: after a price move, or because somebody wants one."""

from __future__ import annotations

from collections.abc import Sequence

from forward_factor.core.slots import Cause
from forward_factor.core.ticker import parse_ticker
from forward_factor.core.tiers import Tier
from forward_factor.services.ports import Clock, Transactions
from forward_factor.services.ports.slots import NewSlot


async def request_scan(store: Transactions, clock: Clock, tickers: Sequence[str], cause: Cause) -> Sequence[str]:
    """Make ``tickers`` due now, but those that are due already; return the rest of them. The scheduler carries them on.

    Raises:
        InvalidTicker: one of them is none.

    """
    wanted = sorted(set(map(parse_ticker, tickers)))
    now = clock.now()
    async with store.unit_of_work() as work:
        new = await work.slots.add_unless_open([NewSlot(ticker, now, cause, Tier.HIGH) for ticker in wanted])
        await work.commit()
        return new
