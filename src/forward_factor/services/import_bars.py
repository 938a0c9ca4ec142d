"""Bars from outside into the store, batch by batch."""

from __future__ import annotations

from collections.abc import Callable

from forward_factor.core.bars import BarTable, Timeframe, as_instant
from forward_factor.services.ports import ScanStore

ROWS_A_BATCH = 50_000


async def import_bars(
    store: ScanStore, timeframe: Timeframe, table: BarTable, progress: Callable[[int], None] = lambda _rows: None
) -> int:
    """Store bars, each batch in a transaction of its own, and bring what is made from minutes up to date.

    It may be ended at any moment and done again: a bar that is there already is left as it is, or replaced where the
    new one differs. ``progress`` is told of every batch's rows.

    Returns:
        How many bars were new, or other than those stored.

    """
    rows, changed = len(table.bars), 0
    for start in range(0, rows, ROWS_A_BATCH):
        batch = table.take(slice(start, start + ROWS_A_BATCH))
        async with store.unit_of_work() as work:
            changed += await work.bars.put(timeframe, batch)
            await work.commit()
        progress(len(batch.bars))
    if timeframe is Timeframe.MINUTE and rows:
        await store.aggregates.refresh_bars(as_instant(table.bars.at.min()), as_instant(table.bars.at.max()))
    return changed
