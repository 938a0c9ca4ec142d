"""Accounts over HTTP: in, on, out, a new password, everything taken away."""

from __future__ import annotations

import pytest

from forward_factor.services.disable_user import disable_user
from tests.integration.server.conftest import Api, application_on, assert_problem
from tests.integration.storage.accounts import PASSWORD

ANN = {"email": "ann@x.de", "password": PASSWORD}


async def test_register_log_in_refresh_log_out(api: Api) -> None:
    made = await api.ask("POST", "/auth/register", json=ANN)
    assert made.status_code == 201
    assert made.json() == {
        "id": made.json()["id"],
        "email": "ann@x.de",
        "role": "user",
        "is_active": True,
        "created_at": "2026-06-01T18:00:00Z",
        "telegram_chat_id": None,
    }
    assert_problem(await api.ask("POST", "/auth/register", json=ANN | {"email": "ANN@x.de"}), 409, "already_exists")
    first = (await api.log_in("ann@x.de")).json()
    assert (first["token_type"], first["expires_in"]) == ("bearer", 900)
    api.tokens["ann"] = first["access_token"]
    assert (await api.get("/auth/me", "ann"))["email"] == "ann@x.de"
    api.wait(minutes=16)
    expired = await api.ask("GET", "/auth/me", "ann")
    assert_problem(expired, 401, "not_authenticated")
    assert expired.headers["www-authenticate"] == "Bearer"
    second = (await api.ask("POST", "/auth/refresh", json={"refresh_token": first["refresh_token"]})).json()
    api.tokens["ann"] = second["access_token"]
    await api.get("/auth/me", "ann")
    assert (await api.ask("POST", "/auth/logout", "ann")).status_code == 204
    assert_problem(await api.ask("GET", "/auth/me", "ann"), 401)
    assert_problem(await api.ask("POST", "/auth/refresh", json={"refresh_token": second["refresh_token"]}), 401)


async def test_a_refresh_token_used_twice_ends_the_session(api: Api) -> None:
    await api.join("ann")
    first = (await api.log_in("ann@x.de")).json()
    again = {"refresh_token": first["refresh_token"]}
    second = (await api.ask("POST", "/auth/refresh", json=again)).json()
    assert_problem(await api.ask("POST", "/auth/refresh", json=again), 401, "not_authenticated")
    assert_problem(await api.ask("POST", "/auth/refresh", json={"refresh_token": second["refresh_token"]}), 401)
    api.tokens["stolen"] = second["access_token"]
    assert_problem(await api.ask("GET", "/auth/me", "stolen"), 401)
    await api.get("/auth/me", "ann")


async def test_logging_out_everywhere(api: Api) -> None:
    await api.join("ann")
    api.tokens["there"] = (await api.log_in("ann@x.de")).json()["access_token"]
    api.wait(seconds=1)
    assert (await api.ask("POST", "/auth/logout", "ann", json={"everywhere": True})).status_code == 204
    for who in ("ann", "there"):
        assert_problem(await api.ask("GET", "/auth/me", who), 401)


async def test_a_new_password(api: Api) -> None:
    await api.join("ann")
    api.tokens["there"] = (await api.log_in("ann@x.de")).json()["access_token"]
    change = {"password": PASSWORD, "new_password": "another password"}
    assert_problem(await api.ask("POST", "/auth/password", "ann", json=change | {"password": "wrong"}), 403)
    assert_problem(await api.ask("POST", "/auth/password", "ann", json=change | {"new_password": "short"}), 422)
    api.wait(seconds=1)
    changed = await api.ask("POST", "/auth/password", "ann", json=change)
    assert changed.status_code == 200
    for who in ("ann", "there"):
        assert_problem(await api.ask("GET", "/auth/me", who), 401)
    api.tokens["ann"] = changed.json()["access_token"]
    await api.get("/auth/me", "ann")
    assert_problem(await api.log_in("ann@x.de"), 401, "log_in_refused")
    assert (await api.log_in("ann@x.de", "another password")).status_code == 200


async def test_export_and_deletion(api: Api) -> None:
    await api.join("ann")
    await api.ask("POST", "/watchlist", "ann", json={"tickers": ["AAPL"]})
    exported = await api.ask("GET", "/auth/me/export", "ann")
    assert "attachment" in exported.headers["content-disposition"]
    assert [one["ticker"] for one in exported.json()["tables"]["subscriptions"]] == ["AAPL"]
    assert "argon2" not in exported.text
    assert_problem(await api.ask("DELETE", "/auth/me", "ann", json={"password": "wrong"}), 403, "not_allowed")
    await api.get("/auth/me", "ann")
    assert (await api.ask("DELETE", "/auth/me", "ann", json={"password": PASSWORD})).status_code == 204
    assert_problem(await api.ask("GET", "/auth/me", "ann"), 401)
    assert_problem(await api.log_in("ann@x.de"), 401)


async def test_a_disabled_account_is_out_at_once(api: Api) -> None:
    user = await api.join("ann")
    await disable_user(api.store, api.clock, user)
    assert_problem(await api.ask("GET", "/auth/me", "ann"), 401)
    assert_problem(await api.log_in("ann@x.de"), 401, "log_in_refused")


async def test_a_closed_installation_takes_nobody(api: Api) -> None:
    backend = api.app.state.backend
    backend.application = application_on(backend.application.store_url, api.clock, registration_open=False)
    assert_problem(await api.ask("POST", "/auth/register", json=ANN), 403, "not_allowed")


@pytest.mark.parametrize("header", ["", "Bearer", "Bearer ", "Bearer x", "Basic YTpi", "bearer a.b.c", "Bearer \xff"])
async def test_what_is_no_token_is_refused(api: Api, header: str) -> None:
    answer = await api.client.get("/api/v1/auth/me", headers={b"Authorization": header.encode("latin-1")})
    assert_problem(answer, 401, "not_authenticated")
