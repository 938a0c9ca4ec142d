"""What watched tickers cost when they were scanned last."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from forward_factor.storage.faults import translated_faults
from forward_factor.storage.tables import MasterTicker, table_of


class SqlScannedPrices:
    """Prices at the last scan, on any of the three stores; every call is its own short read."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine.execution_options(reads_only=True)

    async def of_watched(self) -> Mapping[str, float]:
        """Return, in dollars, the price at its last scan of every ticker that an active user watches."""
        table = table_of(MasterTicker)
        is_watched = (table.c.active_subscriber_count > 0, table.c.last_scan_price.is_not(None))
        statement = select(table.c.ticker, table.c.last_scan_price).where(*is_watched).order_by(table.c.ticker)
        with translated_faults():
            async with self._engine.connect() as connection:
                return {row.ticker: row.last_scan_price for row in (await connection.execute(statement)).all()}
