"""Stores at the newest schema, for tests of what is in them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from forward_factor.storage.engine import PoolSettings
from forward_factor.storage.store import Store, open_store, upgrade_store
from tests.servers.store import StoreServer

POOL = PoolSettings(size=5, max_overflow=5, timeout=10)


def build(url: str) -> None:
    """Bring an empty database to the newest schema."""
    asyncio.run(upgrade_store(url, POOL))


@pytest.fixture
def store_url(store_server: StoreServer) -> str:
    """A database at the newest schema, on each of the four stores."""
    return store_server.cloned_url("newest", build)


@pytest.fixture
async def store(store_url: str) -> AsyncIterator[Store]:
    """An open store, each of the four."""
    async with open_store(store_url, POOL) as opened:
        yield opened


@pytest.fixture
async def timescale(timescale_store: StoreServer) -> AsyncIterator[Store]:
    """An open TimescaleDB store."""
    async with open_store(timescale_store.cloned_url("newest", build), POOL) as opened:
        yield opened
