"""Instants: aware in, aware UTC out, on all stores."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect

from forward_factor.storage.types import UtcDateTime

POSTGRESQL: Dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
SQLITE: Dialect = sqlite.dialect()
NOON = datetime(2026, 6, 1, 12, 0, tzinfo=timezone(timedelta(hours=-4)))


def test_aware_goes_in_as_utc() -> None:
    assert UtcDateTime().process_bind_param(NOON, POSTGRESQL) == datetime(2026, 6, 1, 16, 0, tzinfo=UTC)
    assert UtcDateTime().process_bind_param(NOON, SQLITE) == datetime(2026, 6, 1, 16, 0)


@pytest.mark.parametrize("dialect", [POSTGRESQL, SQLITE])
def test_naive_is_refused(dialect: Dialect) -> None:
    with pytest.raises(ValueError, match="zone"):
        UtcDateTime().process_bind_param(datetime(2026, 6, 1), dialect)


def test_out_comes_aware_utc() -> None:
    read = UtcDateTime().process_result_value(datetime(2026, 6, 1, 16, 0), SQLITE)
    assert read == NOON
    assert read is not None
    assert read.tzinfo is UTC
    assert UtcDateTime().process_result_value(None, SQLITE) is None
