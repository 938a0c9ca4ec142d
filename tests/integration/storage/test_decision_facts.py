"""Decisions get their own copy of the signal they refer to, the same on every store."""

from __future__ import annotations

import json
import random
import struct
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import insert, select

from forward_factor.storage.decision_facts import fill_decision_facts
from forward_factor.storage.store import Store
from forward_factor.storage.tables import Signal, SignalUserDecision, User, table_of
from tests.integration.storage.scanning import fetch

AT = datetime(2026, 6, 1, 18, 0, 0, 123456, tzinfo=UTC)
ODD = 0.1 + 0.2
SIGNAL = {
    "id": "s1",
    "as_of_ts": AT,
    "ticker": "CRM",
    "front_expiry": date(2026, 6, 19),
    "back_expiry": date(2026, 7, 17),
    "front_dte": 18,
    "front_iv": ODD,
    "ff_value": 1e-17,
    "vol_point": 'A"TM\n',
    "reason_codes": ["ok", {"n": 1.5}],
    "is_discovery": True,
    "dedupe_key": "k1",
    "flags": [],
}


@pytest.fixture
async def decided(store: Store) -> Store:
    """A signal with two decisions, a decision without a signal, and one whose signal is gone."""
    decisions = [("d1", "s1"), ("d2", "s1"), ("d3", None), ("d4", "gone")]
    async with store.engine.begin() as connection:
        await connection.execute(insert(table_of(Signal)), [SIGNAL])
        await connection.execute(insert(table_of(User)), [{"id": "u1"}])
        await connection.execute(
            insert(table_of(SignalUserDecision)),
            [{"id": one, "signal_id": signal, "user_id": "u1", "decision": "placed"} for one, signal in decisions],
        )
    return store


async def filled(store: Store) -> int:
    async with store.engine.begin() as connection:
        return await fill_decision_facts(connection)


async def stored_facts(store: Store, key: str = "%") -> list[tuple[object, ...]]:
    """Return the facts as they stand in the store, as text."""
    return await fetch(
        store, f"SELECT CAST(signal_facts AS varchar) FROM signal_user_decisions WHERE id LIKE '{key}' ORDER BY id"
    )


async def test_every_column_of_the_signal_is_copied(decided: Store) -> None:
    assert await filled(decided) == 2
    table = table_of(SignalUserDecision)
    async with decided.engine.connect() as connection:
        rows = {row.id: row for row in (await connection.execute(select(table))).all()}
    facts = rows["d1"].signal_facts
    assert facts == {column.name: None for column in table_of(Signal).columns} | SIGNAL | {
        "as_of_ts": "2026-06-01T18:00:00.123456Z",
        "front_expiry": "2026-06-19",
        "back_expiry": "2026-07-17",
    }
    assert (rows["d1"].signal_ticker, rows["d1"].signal_as_of_ts) == ("CRM", AT)
    assert rows["d2"].signal_facts == facts
    assert (rows["d3"].signal_ticker, rows["d4"].signal_ticker) == (None, None)


async def test_facts_once_filled_stay(decided: Store) -> None:
    assert await filled(decided) == 2
    async with decided.engine.begin() as connection:
        await connection.execute(table_of(Signal).update().values(ff_value=9.0))
    assert await filled(decided) == 0
    (kept,) = await stored_facts(decided, "d1")
    assert json.loads(str(kept[0]))["ff_value"] == SIGNAL["ff_value"]


async def test_a_null_that_an_object_wrote_as_json_is_filled_too(decided: Store) -> None:
    async with decided.engine.begin() as connection:
        await connection.execute(table_of(SignalUserDecision).update().values(signal_facts=None))
    assert set(await stored_facts(decided)) == {("null",)}
    assert await filled(decided) == 2


async def test_numbers_keep_every_bit_and_infinite_ones_are_null(decided: Store) -> None:
    draw = random.Random(7)
    numbers = [struct.unpack("<d", draw.randbytes(8))[0] for _ in range(400)]
    numbers = [float("inf"), float("-inf"), *(one for one in numbers if one == one)]
    rows = [{"id": f"n{place}", "as_of_ts": AT, "ticker": "X", "ff_value": one} for place, one in enumerate(numbers)]
    async with decided.engine.begin() as connection:
        await connection.execute(insert(table_of(Signal)), rows)
        await connection.execute(
            insert(table_of(SignalUserDecision)), [{"id": one["id"], "signal_id": one["id"]} for one in rows]
        )
    assert await filled(decided) == len(rows) + 2
    stored = [await stored_facts(decided, one["id"]) for one in rows]
    read = [json.loads(str(found[0][0]), parse_constant=pytest.fail)["ff_value"] for found in stored]
    assert read == [None, None, *numbers[2:]]


async def test_not_a_number_is_null(decided: Store) -> None:
    async with decided.engine.begin() as connection:
        await connection.execute(table_of(Signal).update().values(ff_value=float("nan")))
    assert await filled(decided) == 2
    (kept,) = await stored_facts(decided, "d1")
    assert json.loads(str(kept[0]), parse_constant=pytest.fail)["ff_value"] is None
