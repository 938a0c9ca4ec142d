"""A process that watches simulated prices: ``python -m tests.integration.worker.watching_prices URL OFFSET_S LEASE_S``.

What it says goes to stderr, a line of JSON an event.
"""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime, timedelta

from forward_factor.bootstrap import Application
from forward_factor.clock import SystemClock
from forward_factor.config import Settings
from forward_factor.logs import configure_logs
from forward_factor.worker.prices import watch_prices


def application_at(url: str, now: datetime, **settings: object) -> Application:
    """Return an application on simulated data, for which it is ``now``."""
    return _application(url, now - datetime.now(UTC), **settings)


def _application(url: str, offset: timedelta, **settings: object) -> Application:
    values: dict[str, object] = {"scan_provider": "simulated", **settings}
    return Application(Settings.model_validate(values), url, SystemClock(offset))


async def watch(url: str, offset_s: str, lease_s: str) -> None:
    """Watch until killed."""
    configure_logs("INFO")
    application = _application(url, timedelta(seconds=float(offset_s)))
    async with application.store() as store, application.market_data() as data:
        await watch_prices(application, store, data, asyncio.Event(), timedelta(seconds=float(lease_s)))


if __name__ == "__main__":
    asyncio.run(watch(*sys.argv[1:]))
