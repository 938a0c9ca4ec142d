"""Sessions on every store: used once, ended by a theft, a new password, a disabled or deleted account."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from dataclasses import replace

import pytest
from sqlalchemy import select

from forward_factor.core.accounts import Role
from forward_factor.errors import LogInRefused, NotAllowed, NotAuthenticated
from forward_factor.services.disable_user import disable_user
from forward_factor.services.enable_user import enable_user
from forward_factor.services.find_session_secret import find_session_secret
from forward_factor.services.issue_session import IssuedSession
from forward_factor.services.set_password import set_password
from forward_factor.services.sign_out import sign_out
from forward_factor.storage.store import Store
from forward_factor.storage.tables import RefreshToken, table_of
from tests.integration.storage.accounts import CLOCK, PASSWORD, PASSWORDS, register
from tests.integration.storage.scanning import fetch
from tests.integration.storage.sessions import Desk

ANN = "ann@x.de"


@pytest.fixture
async def desk(store: Store) -> Desk:
    await register(store, ANN, role=Role.ADMIN)
    await register(store, "bob@x.de")
    return Desk(store)


async def _assert_ended(desk: Desk, *sessions: IssuedSession) -> None:
    for session in sessions:
        with pytest.raises(NotAuthenticated):
            await desk.caller(session)
        with pytest.raises(NotAuthenticated):
            await desk.refresh(session)


async def test_a_session_goes_on_as_long_as_it_is_refreshed(desk: Desk) -> None:
    first = await desk.enter(ANN)
    caller = await desk.caller(first)
    assert (caller.user.email, caller.user.role) == (ANN, Role.ADMIN)
    desk.wait(minutes=15)
    with pytest.raises(NotAuthenticated, match="expired"):
        await desk.caller(first)
    desk.wait(days=29)
    second = await desk.refresh(first)
    desk.wait(days=29)
    third = await desk.refresh(second)
    assert await desk.caller(third) == caller
    desk.wait(days=30)
    with pytest.raises(NotAuthenticated):
        await desk.refresh(third)


async def test_the_store_holds_no_token(desk: Desk) -> None:
    session = await desk.enter(ANN)
    async with desk.store.engine.connect() as connection:
        (row,) = (await connection.execute(select(table_of(RefreshToken)))).all()
    assert session.refresh_token not in repr(row)
    assert session.access_token not in repr(row)
    for secret in (session.refresh_token, session.access_token):
        assert secret not in repr(session)


async def test_a_used_token_that_comes_again_ends_its_session_and_no_other(desk: Desk) -> None:
    first, other, bobs = await desk.enter(ANN), await desk.enter(ANN), await desk.enter("bob@x.de")
    second = await desk.refresh(first)
    assert await desk.caller(second)
    with pytest.raises(NotAuthenticated):
        await desk.refresh(first)
    await _assert_ended(desk, first, second)
    for session in (other, bobs):
        assert await desk.caller(session)
        assert await desk.refresh(session)


async def test_of_many_who_show_the_same_token_at_once_one_goes_on(desk: Desk) -> None:
    session = await desk.enter(ANN)
    done = await asyncio.gather(*(desk.refresh(session) for _ in range(8)), return_exceptions=True)
    assert len([one for one in done if isinstance(one, IssuedSession)]) == 1
    assert {type(one) for one in done if isinstance(one, BaseException)} == {NotAuthenticated}
    tokens = await fetch(desk.store, "SELECT id FROM refresh_tokens")
    assert len(tokens) == 2


@pytest.mark.parametrize("token", ["", "x", "\0", "\ud800", "x" * 1_000_000, "' OR 1=1 --"])
async def test_what_is_no_refresh_token_is_refused(desk: Desk, token: str) -> None:
    session = await desk.enter(ANN)
    with pytest.raises(NotAuthenticated):
        await desk.refresh(replace(session, refresh_token=token))
    with pytest.raises(NotAuthenticated):
        await desk.refresh(replace(session, refresh_token=session.access_token))
    with pytest.raises(NotAuthenticated):
        await desk.caller(replace(session, access_token=session.refresh_token))
    assert await desk.caller(session)


async def test_signing_out_ends_one_session_or_all(desk: Desk) -> None:
    here, there, bobs = await desk.enter(ANN), await desk.enter(ANN), await desk.enter("bob@x.de")
    older = here
    here = await desk.refresh(here)
    await sign_out(desk.store, desk.clock, await desk.caller(here))
    await _assert_ended(desk, here, older)
    again = await desk.enter(ANN)
    desk.wait(seconds=1)
    await sign_out(desk.store, desk.clock, await desk.caller(there), everywhere=True)
    await _assert_ended(desk, there, again)
    assert await desk.caller(bobs)
    assert await desk.caller(await desk.enter(ANN))


async def test_a_new_password_ends_all_sessions(desk: Desk) -> None:
    first, second, bobs = await desk.enter(ANN), await desk.enter(ANN), await desk.enter("bob@x.de")
    desk.wait(seconds=1)
    await set_password(desk.store, PASSWORDS, desk.clock, first.user.id, "another password")
    await _assert_ended(desk, first, second)
    assert await desk.caller(bobs)
    assert await desk.caller(await desk.enter(ANN, "another password"))


async def test_a_changed_password_ends_all_sessions_but_the_one_that_goes_on(desk: Desk) -> None:
    first, second = await desk.enter(ANN), await desk.enter(ANN)
    with pytest.raises(NotAllowed):
        await desk.change_password(first, "wrong password", "another password")
    assert await desk.caller(second)
    third = await desk.change_password(first, PASSWORD, "another password")
    await _assert_ended(desk, first, second)
    assert await desk.caller(await desk.refresh(third))
    with pytest.raises(LogInRefused):
        await desk.enter(ANN)


async def test_a_disabled_account_has_no_session_and_gets_none_back(desk: Desk) -> None:
    session = await desk.enter(ANN)
    desk.wait(seconds=1)
    await disable_user(desk.store, desk.clock, session.user.id)
    await _assert_ended(desk, session)
    await enable_user(desk.store, session.user.id)
    await _assert_ended(desk, session)
    assert await desk.caller(await desk.enter(ANN))


async def test_a_log_in_begun_before_the_password_changed_begins_no_session(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    check = PASSWORDS.check

    async def check_and_lose(password: str, stored: str | None) -> object:
        verdict = await check(password, stored)
        user = (await desk.enter(ANN)).user if checks.pop() else None
        if user is not None:
            await set_password(desk.store, PASSWORDS, desk.clock, user.id, "another password")
        return verdict

    checks = [False, True]
    monkeypatch.setattr(PASSWORDS, "check", check_and_lose)
    with pytest.raises(LogInRefused):
        await desk.enter(ANN)
    assert await fetch(desk.store, "SELECT id FROM refresh_tokens WHERE revoked_at IS NULL") == []


async def test_a_role_taken_away_is_gone_at_once(desk: Desk) -> None:
    session = await desk.enter(ANN)
    async with desk.store.engine.begin() as connection:
        await connection.exec_driver_sql("UPDATE users SET role = 'user'")
    assert (await desk.caller(session)).user.role is Role.USER


async def test_tokens_long_expired_are_forgotten(desk: Desk) -> None:
    await desk.enter(ANN)
    bobs = await desk.enter("bob@x.de")
    desk.wait(days=31)
    await desk.enter(ANN)
    owners = await fetch(desk.store, "SELECT user_id FROM refresh_tokens")
    assert sorted(owners) == sorted([(bobs.user.id,), ((await desk.enter(ANN)).user.id,)])


async def test_one_secret_is_made_and_kept(store: Store) -> None:
    made = await asyncio.gather(*(find_session_secret(store, CLOCK) for _ in range(5)))
    assert set(made) == {await find_session_secret(store, CLOCK)}
    assert len(made[0]) >= 32
    assert await fetch(store, "SELECT count(*) FROM server_secrets") == [(1,)]


def test_processes_that_start_at_once_share_one_secret(store_url: str) -> None:
    program = "import sys; from tests.integration.storage.secret_finding import find; find(sys.argv[1])"
    started = [
        subprocess.Popen([sys.executable, "-c", program, store_url], stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    found = {process.communicate(timeout=120)[0] for process in started}
    assert len(found) == 1
    assert len(found.pop().strip()) >= 32
