"""Columns of any values: read all at once or one by one they are the same, and what is held comes back as it was."""

from __future__ import annotations

import json
import math
import sqlite3
import struct
from collections.abc import Sequence
from contextlib import closing
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forward_factor.storage.transfer.catalogue import Kind, legacy_catalogue
from forward_factor.storage.transfer.forms import read_column
from forward_factor.storage.transfer.ledger import Run
from forward_factor.storage.transfer.legacy import LEGACY_REVISION
from forward_factor.storage.transfer.render import from_verbatim, raw_digests, verbatim, with_originals
from forward_factor.storage.transfer.sqlite_source import SqliteSource
from forward_factor.storage.transfer.sqlite_target import SqliteTarget
from tests.old_bot.schema import STATEMENTS

AT = "2025-09-02 10:00:00.000001"
SIGNALS = next(table for table in legacy_catalogue() if table.name == "signals")
COLUMNS = {spec.kind: spec for spec in SIGNALS.columns if spec.is_nullable}
AS_OF = next(spec for spec in SIGNALS.columns if spec.name == "as_of_ts")
DECLARED = {
    Kind.TEXT: "VARCHAR", Kind.JSON: "JSON", Kind.NUMBER: "FLOAT", Kind.WHOLE: "INTEGER", Kind.TRUTH: "BOOLEAN",
    Kind.INSTANT: "DATETIME", Kind.DAY: "DATE",
}  # fmt: skip

texts = st.text(max_size=20)
stamps = st.datetimes().map(lambda one: one.strftime("%Y-%m-%d %H:%M:%S.%f").rjust(26, "0"))
documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
values = st.one_of(
    st.none(), texts, st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False), st.binary(max_size=9), stamps,
    stamps.map(lambda text: text[:19]), stamps.map(lambda text: text[:10]), st.integers(0, 1),
    st.sampled_from(["true", "no", "1", "", "-0", " 5", "NaN", "[NaN]", "{}", "[1, 2 ]", "1e5", "007"]),
    st.sampled_from(["1e400", '"\\u0000"', '"\\ud800"']),
    documents.map(json.dumps),
)  # fmt: skip


def stored(kind: Kind, some: Sequence[Any]) -> list[Any]:
    """Return what SQLite makes of values in a column of a kind."""
    with closing(sqlite3.connect(":memory:")) as file:
        file.execute(f"CREATE TABLE t (v {DECLARED[kind]})")
        file.executemany("INSERT INTO t VALUES (?)", [(one,) for one in some])
        return [row[0] for row in file.execute("SELECT v FROM t ORDER BY rowid")]


def spelled(value: Any) -> Any:
    """Return a value with its class, and a number with all its bits."""
    return (type(value), struct.pack(">d", value) if isinstance(value, float) else value)


@pytest.mark.parametrize("kind", [kind for kind in COLUMNS if kind is not Kind.INSTANT])
@given(some=st.lists(values, min_size=1, max_size=12))
def test_one_by_one_is_as_all_at_once(kind: Kind, some: list[Any]) -> None:
    raw = stored(kind, [one for one in some if not _is_lone(one)] or [None])
    spec = COLUMNS[kind]
    whole = read_column(spec, raw)
    for row, value in enumerate(raw):
        alone = read_column(spec, [value])
        assert (row in whole.refused) is bool(alone.refused)
        assert (row in whole.originals) is bool(alone.originals)
        if row not in whole.refused:
            assert spelled(whole.values.listed()[row]) == spelled(alone.values.listed()[0])
    assert sum(whole.forms(raw).values()) == sum(value is not None for value in raw)


@pytest.mark.parametrize("kind", sorted(DECLARED))
@given(some=st.lists(values, min_size=1, max_size=8))
def test_what_is_held_comes_back_as_it_was(kind: Kind, some: list[Any]) -> None:
    """From an old file through our stores into a new old file, through the very code that does it."""
    spec = AS_OF if kind is Kind.INSTANT else COLUMNS[kind]
    held = [one for one in some if not _is_lone(one) and (one is not None or spec.is_nullable)]
    with closing(sqlite3.connect(":memory:")) as file:
        file.execute(next(one for one in STATEMENTS if one.startswith("CREATE TABLE signals")))
        statement = f"INSERT INTO signals (id, ticker, as_of_ts) VALUES (?, 'T', '{AT}')"
        file.executemany(statement, [(str(number),) for number in range(len(held))])
        file.executemany(
            f"UPDATE signals SET {spec.name} = ? WHERE id = ?", [(one, str(number)) for number, one in enumerate(held)]
        )
        source = SqliteSource("", LEGACY_REVISION, (SIGNALS,), [], file, 0)
        target = SqliteTarget(file, Run.of("", "", []), is_fresh=True, is_legacy=True)
        before, after, refused = file.execute("SELECT * FROM signals").fetchall(), [], 0
        for batch in source.batches(SIGNALS):
            target.sparse_instants = source.sparse_instants
            after += target.encode(batch).rows
            before = [
                row for row in before if row[0] not in {one.row[SIGNALS.names.index("id")] for one in batch.refused}
            ]
            refused += len(batch.refused)
        names = [column[1] for column in file.execute("PRAGMA table_info(signals)")]
        file.execute("DELETE FROM signals")
        marks = ", ".join("?" for _ in SIGNALS.names)
        file.executemany(f"INSERT INTO signals ({', '.join(SIGNALS.names)}) VALUES ({marks})", after)
        found = file.execute(f"SELECT {', '.join(names)} FROM signals").fetchall()
    assert [list(map(spelled, row)) for row in found] == [list(map(spelled, row)) for row in before]
    assert len(found) + refused == len(held)


@given(st.lists(values | st.binary().map(bytearray), max_size=8))
def test_a_row_in_quarantine_is_verbatim(row: list[Any]) -> None:
    names = [f"c{number}" for number in range(len(row))]
    text = verbatim(names, tuple(row))
    assert text.isascii()
    assert [spelled(one) for one in from_verbatim(text).values()] == [spelled(one) for one in row]


@given(st.floats(allow_nan=False), st.floats(allow_nan=False))
def test_a_digest_tells_every_bit(left: float, right: float) -> None:
    same = struct.pack(">d", left) == struct.pack(">d", right)
    assert (raw_digests([(left,)]) == raw_digests([(right,)])) is same
    assert raw_digests([(1,)]) != raw_digests([(1.0,)]) != raw_digests([("1.0",)])


def test_a_value_that_has_changed_since_keeps_its_own_spelling() -> None:
    names = SIGNALS.names
    row = tuple("2025-09-02 10:00:00.000000" if name == "as_of_ts" else None for name in names)
    same = with_originals(SIGNALS, row, {"as_of_ts": "2025-09-02T12:00:00+02:00"})
    assert same[names.index("as_of_ts")] == "2025-09-02T12:00:00+02:00"
    assert with_originals(SIGNALS, row, {"as_of_ts": "2025-09-02T12:00:01+02:00"}) == row


@pytest.mark.parametrize("number", [math.inf, -math.inf, 5e-324, 1e308, 0.1 + 0.2])
def test_odd_numbers_are_numbers(number: float) -> None:
    reading = read_column(COLUMNS[Kind.NUMBER], [number])
    assert (reading.values.listed(), reading.refused, reading.originals) == ([number], {}, set())


def _is_lone(value: Any) -> bool:
    """Return whether a text holds what no file can: half of a surrogate pair."""
    return isinstance(value, str) and any("\ud800" <= letter <= "\udfff" for letter in value)
