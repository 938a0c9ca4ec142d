"""Keep a lease while something is done, and give it back at the end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from forward_factor.errors import StorageError
from forward_factor.services.hold_lease import HoldLease

RENEWALS = 3
"""A lease is renewed so many times before it would run out: one that fails loses nothing."""


@asynccontextmanager
async def kept(lease: HoldLease) -> AsyncIterator[HoldLease]:
    """Take the lease as soon as it can be had, and give it back on leaving; it says itself whether it is held."""
    await _renew(lease)
    try:
        async with asyncio.TaskGroup() as group:  # a fault nobody foresaw ends what is done under the lease, too
            keeper = group.create_task(_keep(lease))
            try:
                yield lease
            finally:
                keeper.cancel()
    finally:
        with suppress(StorageError):
            await lease.give_back()


async def _keep(lease: HoldLease) -> None:
    while True:
        await asyncio.sleep(lease.lasts.total_seconds() / RENEWALS)
        await _renew(lease)


async def _renew(lease: HoldLease) -> None:
    with suppress(StorageError):  # whoever needs the store says so
        await lease.renew()
