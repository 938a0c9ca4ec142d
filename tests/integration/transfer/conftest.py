"""Old files to move, and stores to move them to."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.transfer.moving import sqlite_url
from tests.old_bot.oddities import spoil
from tests.old_bot.write import Amounts, write_old_file
from tests.servers.store import StoreServer


@pytest.fixture
def plain_file(tmp_path: Path) -> Path:
    """A file without any oddity."""
    path = tmp_path / "ffbot.db"
    write_old_file(path, Amounts(users=30, signals=1200, snapshots=150, decisions=200))
    return path


@pytest.fixture
def odd_file(plain_file: Path) -> Path:
    """A file with every oddity there is."""
    spoil(plain_file)
    return plain_file


@pytest.fixture
def target(store_server: StoreServer) -> str:
    """An empty database on each of the four stores."""
    return store_server.new_url()


@pytest.fixture
def back(tmp_path: Path) -> str:
    """A file that is not there yet."""
    return sqlite_url(tmp_path / "back.db")
