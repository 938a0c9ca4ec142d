"""Moves as the tests make them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import text

from forward_factor.storage.engine import open_engine, parse_database_url
from forward_factor.storage.transfer.copying import copy_database
from forward_factor.storage.transfer.proving import verify_databases
from forward_factor.storage.transfer.report import Quiet, TransferReport


async def copied(source: str | Path, target: str | Path, *, to_legacy: bool = False) -> TransferReport:
    """Copy and return the report."""
    return await copy_database(_url(source), _url(target), Quiet(), to_legacy=to_legacy)


async def verified(source: str | Path, target: str | Path) -> TransferReport:
    """Verify and return the report."""
    return await verify_databases(_url(source), _url(target), Quiet())


async def query(url: str | Path, statement: str, **values: Any) -> list[tuple[Any, ...]]:
    """Run a statement in a store, committed, and return its rows."""
    engine = open_engine(parse_database_url(_url(url)))
    try:
        async with engine.begin() as connection:
            result = await connection.execute(text(statement), values)
            return [tuple(row) for row in result.all()] if result.returns_rows else []
    finally:
        await engine.dispose()


def sqlite_url(path: Path) -> str:
    """Return the URL of a file."""
    return f"sqlite:///{path}"


def _url(store: str | Path) -> str:
    return sqlite_url(store) if isinstance(store, Path) else store
