"""What the drivers raise, as errors of this project: one clear line, no statement and no password in it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from forward_factor.errors import StorageError, StoreUnavailable

_WORTH_ANOTHER_TRY = {"40001", "40P01", "55P03", "57P01", "57P02", "57P03", "53300"}
"""Serialisation failure, deadlock, lock timeout, server going down or starting, too many connections."""


@contextmanager
def translated_faults() -> Iterator[None]:
    """Raise StoreUnavailable or StorageError for whatever a driver raises within."""
    try:
        yield
    except DBAPIError as fault:
        raise _translated(fault) from fault
    except (OSError, asyncpg.InterfaceError, TimeoutError) as fault:
        raise StoreUnavailable(f"the database cannot be reached: {_first_line(fault)}") from fault
    except asyncpg.InternalClientError as fault:  # what the driver says where a connection broke between two commands
        raise StoreUnavailable("the connection to the database was lost") from fault
    except asyncpg.PostgresError as fault:
        raise _by_state(fault.sqlstate, fault) from fault
    except sqlite3.Error as fault:
        kind = StoreUnavailable if "locked" in str(fault) else StorageError
        raise kind(f"the database refused: {_first_line(fault)}") from fault
    except SQLAlchemyError as fault:
        raise StorageError(f"the database refused: {_first_line(fault)}") from fault


def _translated(fault: DBAPIError) -> StorageError:
    cause = fault.orig or fault
    if fault.connection_invalidated or "database is locked" in str(cause):
        return StoreUnavailable(f"the database is not answering: {_first_line(cause)}")
    return _by_state(getattr(cause, "sqlstate", None), cause)


def _by_state(state: str | None, cause: BaseException) -> StorageError:
    kind = StoreUnavailable if state in _WORTH_ANOTHER_TRY or (state or "").startswith("08") else StorageError
    return kind(f"the database refused: {_first_line(cause)}")


def _first_line(fault: BaseException) -> str:
    lines = str(fault).strip().splitlines() or [type(fault).__name__]
    return lines[0].removeprefix("<class '").replace("'>", "")
