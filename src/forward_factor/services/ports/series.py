"""A recorded time series, read from its beginning to its end."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Protocol

from forward_factor.services.series import SeriesBatch, SeriesRequest


class SeriesReader(Protocol):
    """Reads series of any length in little memory."""

    def read(self, wanted: SeriesRequest) -> AsyncIterator[SeriesBatch]:
        """Yield a series by instant, one batch at least.

        Raises:
            InvalidInput: a ticker's quotes were recorded by several providers, and none was named.

        """

    async def quotes_kept(self, wanted: SeriesRequest) -> int:
        """Return how many quotes the snapshots in question say they have."""
