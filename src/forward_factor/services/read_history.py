"""How a pair's forward factor and vols went, and where they stand now."""

from __future__ import annotations

from forward_factor.services.ports.records import Records, SeriesFilter
from forward_factor.services.record_views import History


async def read_history(records: Records, wanted: SeriesFilter, limit: int) -> History:
    """Return the newest readings of a span, and where the last of them stands among all of it."""
    return History(await records.series(wanted, limit), await records.percentiles(wanted))
