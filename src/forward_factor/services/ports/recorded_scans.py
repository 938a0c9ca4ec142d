"""Scans of the past, as rules look at them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from forward_factor.core.alert_preview import LoosestLimits, RecordedScans
from forward_factor.core.rules import PairRule, VolPoint


class ScanRecords(Protocol):
    """Reads what scans recorded; every call is a short read."""

    async def scans(
        self,
        tickers: Sequence[str],
        since: datetime,
        pairs: Sequence[PairRule],
        points: Sequence[VolPoint],
        limits: LoosestLimits,
    ) -> RecordedScans:
        """Return the scans of ``tickers`` from ``since`` on, the newest where there are too many.

        With them come the candidates of ``pairs`` at ``points`` that keep within ``limits``.
        """
