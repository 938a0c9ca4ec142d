"""Services on a store of their own."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from forward_factor.storage.engine import PoolSettings
from forward_factor.storage.store import upgrade_store

POOL = PoolSettings(size=2, max_overflow=3, timeout=10)


def build(url: str) -> None:
    """Bring an empty database to the newest schema."""
    asyncio.run(upgrade_store(url, POOL))


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """A file that opening brings to the newest schema."""
    return f"sqlite:///{tmp_path / 'store.db'}"
