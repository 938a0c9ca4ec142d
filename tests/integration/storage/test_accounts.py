"""Accounts on every store: registered once, let in by their own password alone."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import insert, select, update

from forward_factor.core.accounts import Role
from forward_factor.errors import AlreadyExists, InvalidInput, LogInRefused, NotFound
from forward_factor.services.disable_user import disable_user
from forward_factor.services.find_user import find_user
from forward_factor.services.list_users import list_users
from forward_factor.services.set_password import set_password
from forward_factor.storage.schema import downgrade_schema, upgrade_schema
from forward_factor.storage.store import Store
from forward_factor.storage.tables import User, UserSettings, table_of
from tests.integration.storage.accounts import CLOCK, NOW, PASSWORD, PASSWORDS, enter, register
from tests.integration.storage.scanning import rows_by_table

USERS = table_of(User)


async def test_a_new_account_logs_in_and_has_the_settings_of_a_new_account(store: Store) -> None:
    new = await register(store, "  Ann@Example.com ", role=Role.ADMIN)
    user = await enter(store, "Ann@Example.com")
    assert (user.id, user.email, user.role, user.is_active) == (new.id, "Ann@Example.com", Role.ADMIN, True)
    assert user.created_at == NOW
    async with store.engine.connect() as connection:
        (stored,) = (await connection.execute(select(table_of(UserSettings)))).mappings().all()
        (row,) = (await connection.execute(select(USERS))).mappings().all()
    assert dict(stored) == {
        "user_id": new.id,
        "ff_threshold": 0.2,
        "dte_pairs": [
            {"front": 30, "back": 60, "front_tol": 5, "back_tol": 10},
            {"front": 30, "back": 90, "front_tol": 5, "back_tol": 10},
            {"front": 60, "back": 90, "front_tol": 10, "back_tol": 10},
        ],
        "vol_point": "ATM",
        "min_open_interest": 100,
        "min_volume": 10,
        "max_bid_ask_pct": 0.08,
        "sigma_fwd_floor": 0.05,
        "stability_scans": 2,
        "cooldown_minutes": 120,
        "quiet_hours": {"enabled": False, "start": "22:00", "end": "08:00"},
        "preferred_structure": "ATM_calendar_call",
        "timezone": "America/New_York",
        "scan_priority": "standard",
        "discovery_mode": False,
        "ex_earnings": False,
        "alerts_paused": False,
        "discovery_ff_threshold": None,
        "bankroll": None,
        "win_rate": None,
        "win_loss_ratio": None,
    }
    assert row["status"] == "active"
    assert row["password_hash"].startswith("$argon2id$")
    for spelled in ("ann@example.com", " ANN@EXAMPLE.COM"):
        assert (await enter(store, spelled)).id == new.id


async def test_an_address_is_registered_once_in_whatever_case(store: Store) -> None:
    await register(store, "über@example.com")
    before = await rows_by_table(store)
    for again in ("über@example.com", "ÜBER@Example.com", "u\u0308ber@example.com"):
        with pytest.raises(AlreadyExists):
            await register(store, again)
    assert await rows_by_table(store) == before


async def test_of_many_who_register_one_address_at_once_one_does(store: Store) -> None:
    spellings = ["ann@example.com", "Ann@example.com", "ANN@example.com", "anN@example.com", "ann@example.com"]
    done = await asyncio.gather(*(register(store, one) for one in spellings), return_exceptions=True)
    assert [type(one) for one in done if isinstance(one, BaseException)] == [AlreadyExists] * 4
    rows = await rows_by_table(store)
    assert (rows["users"], rows["user_settings"]) == (1, 1)


async def test_what_cannot_be_registered_leaves_nothing(store: Store) -> None:
    for email, password in (
        ("ann", PASSWORD),
        ("a\0nn@x.de", PASSWORD),
        ("ann@x.de", "short"),
        ("ann@x.de", "\0" * 20),
    ):
        with pytest.raises(InvalidInput):
            await register(store, email, password)
    assert (await rows_by_table(store))["users"] == 0


async def test_every_refusal_says_the_same(store: Store) -> None:
    await register(store, "ann@x.de")
    await register(store, "gone@x.de")
    await disable_user(store, CLOCK, (await find_user(store, "gone@x.de")).id)
    attempts = [
        ("ann@x.de", PASSWORD + "!"),
        ("ann@x.de", ""),
        ("gone@x.de", PASSWORD),
        ("nobody@x.de", PASSWORD),
        ("", PASSWORD),
        ("a\0nn@x.de", PASSWORD),
        ("\ud800@x.de", PASSWORD),
        ("%@x.de", PASSWORD),
        ("' OR 1=1 --", PASSWORD),
        ("ann@x.de", "x" * 1_000_000),
    ]
    said = set()
    for email, password in attempts:
        with pytest.raises(LogInRefused) as raised:
            await enter(store, email, password)
        said.add(str(raised.value))
    assert said == {"e-mail or password is wrong"}


async def test_addresses_of_the_old_bot_that_differ_in_case_both_log_in(store: Store) -> None:
    for name, email in (("one", "Ann@Example.com"), ("two", "ann@example.com"), ("three", "Bob@example.com")):
        await _insert_moved(store, name, email, await PASSWORDS.hash(f"password of {name}"))
    assert (await enter(store, "Ann@Example.com", "password of one")).id == "one"
    assert (await enter(store, "ann@example.com", "password of two")).id == "two"
    assert (await enter(store, "bob@example.com", "password of three")).id == "three"
    for wrong in (("Ann@Example.com", "password of two"), ("ANN@example.com", "password of one")):
        with pytest.raises(LogInRefused):
            await enter(store, *wrong)
    with pytest.raises(NotFound, match="several"):
        await find_user(store, "ANN@EXAMPLE.COM")
    for taken in ("bob@EXAMPLE.com", "aNN@example.com"):
        with pytest.raises(AlreadyExists):
            await register(store, taken)


@pytest.mark.parametrize("stored", [None, "", "damaged", "$2b$12$x", "$argon2id$v=19$m=65536,t=3,p=4$a$b"])
async def test_a_damaged_hash_is_a_refusal(store: Store, stored: str | None) -> None:
    await _insert_moved(store, "one", "ann@x.de", stored)
    for password in (PASSWORD, "", stored or "x"):
        with pytest.raises(LogInRefused):
            await enter(store, "ann@x.de", password)


@pytest.mark.parametrize("status", [None, "", "active", "inactive"])
async def test_users_of_the_old_bot_are_active_unless_it_said_otherwise(store: Store, status: str | None) -> None:
    await _insert_moved(store, "one", "ann@x.de", await PASSWORDS.hash(PASSWORD), status)
    if status == "inactive":
        with pytest.raises(LogInRefused):
            await enter(store, "ann@x.de")
    else:
        assert (await enter(store, "ann@x.de")).role is Role.USER


async def test_a_new_password_takes_the_place_of_the_old(store: Store) -> None:
    user = await register(store, "ann@x.de")
    await set_password(store, PASSWORDS, CLOCK, user.id, "another password")
    assert (await enter(store, "ann@x.de", "another password")).id == user.id
    with pytest.raises(LogInRefused):
        await enter(store, "ann@x.de")
    with pytest.raises(InvalidInput):
        await set_password(store, PASSWORDS, CLOCK, user.id, "short")
    with pytest.raises(NotFound):
        await set_password(store, PASSWORDS, CLOCK, "nobody", "another password")


async def test_a_log_in_never_undoes_a_password_set_meanwhile(store: Store) -> None:
    user = await register(store, "ann@x.de")
    async with store.unit_of_work() as work:
        assert not await work.users.replace_password_hash(user.id, "renewed", instead_of="what was checked")
        await work.commit()
    assert (await enter(store, "ann@x.de")).id == user.id


async def test_accounts_are_listed_the_oldest_first_without_their_hashes(store: Store) -> None:
    await register(store, "ann@x.de")
    await _insert_moved(store, "one", None, None)
    async with store.engine.begin() as connection:
        await connection.execute(update(USERS).where(USERS.c.id == "one").values(role="emperor"))
    found = await list_users(store)
    assert [(one.email, one.role) for one in found] == [(None, Role.USER), ("ann@x.de", Role.USER)]
    assert "argon2" not in repr(found)
    async with store.reading() as work:
        credentials = await work.users.called("ann@x.de")
    assert credentials is not None
    assert credentials.password_hash is not None
    assert "argon2" not in repr(credentials)
    assert "argon2" not in repr(await register(store, "bob@x.de"))


async def test_accounts_outlast_a_step_down_and_up_as_those_of_ordinary_users(store: Store) -> None:
    new = await register(store, "Ann@x.de", role=Role.ADMIN)
    await downgrade_schema(store.engine, "0003")
    await upgrade_schema(store.engine)
    user = await enter(store, "ann@x.de")
    assert (user.id, user.role) == (new.id, Role.USER)
    with pytest.raises(AlreadyExists):
        await register(store, "ANN@x.de")


async def test_disabling_twice_or_nobody(store: Store) -> None:
    user = await register(store, "ann@x.de")
    for _ in range(2):
        await disable_user(store, CLOCK, user.id)
    assert [one.is_active for one in await list_users(store)] == [False]
    with pytest.raises(NotFound):
        await disable_user(store, CLOCK, "nobody")


async def _insert_moved(
    store: Store, name: str, email: str | None, hashed: str | None, status: str | None = "active"
) -> None:
    """Insert a user as a move leaves one: without what only this version knows."""
    async with store.engine.begin() as connection:
        row = {"id": name, "email": email, "password_hash": hashed, "status": status}
        await connection.execute(insert(USERS).values(row))
