"""What watched tickers cost at their last scan, on each store."""

from __future__ import annotations

from typing import Any

from sqlalchemy import insert

from forward_factor.storage.store import Store
from forward_factor.storage.tables import MasterTicker


async def test_only_what_is_watched_and_was_scanned_counts(store: Store) -> None:
    rows: list[dict[str, Any]] = [
        {"ticker": "AAPL", "active_subscriber_count": 2, "last_scan_price": 190.5},
        {"ticker": "MSFT", "active_subscriber_count": 1, "last_scan_price": None},
        {"ticker": "NVDA", "active_subscriber_count": 0, "last_scan_price": 100.0},
        {"ticker": "OLD", "active_subscriber_count": None, "last_scan_price": 1.0},
    ]
    async with store.engine.begin() as connection:
        await connection.execute(insert(MasterTicker), rows)
    assert await store.scanned_prices.of_watched() == {"AAPL": 190.5}
