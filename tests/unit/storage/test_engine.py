"""Database URLs in any spelling, and what a fault says."""

from __future__ import annotations

import re

import pytest
from sqlalchemy.exc import OperationalError

from forward_factor.errors import InvalidInput, StorageError, StoreUnavailable
from forward_factor.storage.engine import is_sqlite, parse_database_url
from forward_factor.storage.faults import translated_faults


@pytest.mark.parametrize(
    ("given", "parsed"),
    [
        ("sqlite:///f.db", "sqlite+aiosqlite:///f.db"),
        ("sqlite+aiosqlite:////abs/f.db", "sqlite+aiosqlite:////abs/f.db"),
        ("postgresql://u:p@h:5433/d", "postgresql+asyncpg://u:p@h:5433/d"),
        ("postgres://h/d", "postgresql+asyncpg://h/d"),
        ("postgresql+psycopg2://h/d", "postgresql+asyncpg://h/d"),
        ("postgresql+asyncpg://h/d", "postgresql+asyncpg://h/d"),
        ("postgresql://h/d?sslmode=require", "postgresql+asyncpg://h/d?ssl=require"),
        ("  postgresql://u:p%40ss@h/d ", "postgresql+asyncpg://u:p%40ss@h/d"),
    ],
)
def test_spellings(given: str, parsed: str) -> None:
    url = parse_database_url(given)
    assert url.render_as_string(hide_password=False) == parsed
    assert is_sqlite(url) == parsed.startswith("sqlite")


@pytest.mark.parametrize("given", ["", "f.db", "mysql://u:s3cret@h/d", "postgresql:/u:s3cret@h", "://s3cret"])
def test_what_is_no_url_is_refused_without_repeating_it(given: str) -> None:
    with pytest.raises(InvalidInput) as raised:
        parse_database_url(given)
    assert "s3cret" not in str(raised.value)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("postgresql://u:s3cret@h:abc/x", "cannot be read"),
        ("postgresql://u:s3cret@[::1/x", "cannot be read"),
        ("postgresql://u:s3cret@h:99999/x", "port 99999"),
        ("postgresql://u:s3cret@h/x?foo=s3cret", "option 'foo' is not known; postgresql knows: host, passfile"),
        ("sqlite:///f.db?mode=ro", "option 'mode' is not known; sqlite knows: none"),
    ],
)
def test_what_the_driver_would_trip_over_is_refused_in_one_line(given: str, words: str) -> None:
    with pytest.raises(InvalidInput, match=re.escape(words)) as raised:
        parse_database_url(given)
    assert "s3cret" not in str(raised.value)
    assert "\n" not in str(raised.value)


class _Fault(Exception):
    def __init__(self, text: str, sqlstate: str | None = None) -> None:
        super().__init__(text)
        self.sqlstate = sqlstate


@pytest.mark.parametrize(
    ("cause", "kind"),
    [
        (_Fault("deadlock detected\nDETAIL: secret rows", "40P01"), StoreUnavailable),
        (_Fault("server closed", "08006"), StoreUnavailable),
        (_Fault("database is locked"), StoreUnavailable),
        (_Fault("column does not exist", "42703"), StorageError),
    ],
)
def test_faults_become_one_line_and_know_whether_to_try_again(cause: _Fault, kind: type[StorageError]) -> None:
    with pytest.raises(kind) as raised, translated_faults():
        raise OperationalError("INSERT INTO users VALUES ('s3cret')", {"password": "s3cret"}, cause)
    assert type(raised.value) is kind
    said = str(raised.value)
    assert "\n" not in said
    assert "secret" not in said


@pytest.mark.parametrize("fault", [ConnectionRefusedError(111, "refused"), TimeoutError()])
def test_a_server_that_does_not_answer_is_unavailable(fault: Exception) -> None:
    with pytest.raises(StoreUnavailable), translated_faults():
        raise fault
