"""The account's forms and downloads over HTTP: one's own session, the password again, nothing for others."""

from __future__ import annotations

import csv
import io

import httpx
import pytest

from forward_factor.bootstrap import Application
from forward_factor.core.decisions import Decision, Entry
from forward_factor.server.limits import RateGate, RateLimits
from forward_factor.server.web import account_forms, entry, own_files
from forward_factor.server.web.decision_rows import csv_of_decisions
from forward_factor.services.decision_views import DecisionPage, PagePlace
from forward_factor.services.list_decisions import list_decisions
from forward_factor.services.ports import Transactions
from forward_factor.services.record_decision import record_decision
from tests.integration.server.conftest import Api, client_of
from tests.integration.server.seeding import ANNS_NOTES, seed_ann
from tests.integration.storage.accounts import PASSWORD

NEW = "another horse battery"
FOREIGN = {"Sec-Fetch-Site": "cross-site"}


@pytest.fixture
async def web(api: Api) -> Api:
    """The API with the page's own routes, and Ann logged in."""
    for module in (entry, own_files, account_forms):
        api.app.include_router(module.router)
    await seed_ann(api)
    await _log_in(api, "ann")
    return api


async def _log_in(web: Api, who: str, password: str = PASSWORD) -> httpx.Response:
    return await web.client.post("/login", data={"email": f"{who}@x.de", "password": password})


async def _is_in(client: httpx.AsyncClient) -> bool:
    answer = await client.get("/history.csv")
    assert answer.status_code in {200, 303}
    return answer.status_code == 200


def _rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


async def test_nobody_downloads_anything(web: Api) -> None:
    async with client_of(web.app) as nobody:
        for path, page in (("/history.csv", "%2Fhistory"), ("/account.json", "%2Faccount")):
            answer = await nobody.get(path)
            assert (answer.status_code, answer.headers["location"]) == (303, f"/login?next={page}")


async def test_the_file_has_ones_own_decisions_and_no_formulas(web: Api) -> None:
    bob = await web.join("bob")
    signals = await web.store.findings.signals("DEAR")
    evil = Entry(price=1.5, contracts=2, notes="=HYPERLINK(0)\n<b>bold</b>")
    await record_decision(web.store, web.clock, bob, signals[0].id, Decision.PLACED, evil)
    answer = await web.client.get("/history.csv")
    assert answer.headers["content-disposition"] == 'attachment; filename="history.csv"'
    assert answer.headers["cache-control"] == "no-store"
    assert [one["notes"] for one in _rows(answer.text)] == [ANNS_NOTES]
    await _log_in(web, "bob")
    (own,) = _rows((await web.client.get("/history.csv")).text)
    assert own["notes"] == "'=HYPERLINK(0)\n<b>bold</b>"
    assert (own["ticker"], own["decision"], own["entry_price"], own["contracts"]) == ("DEAR", "placed", "1.5", "2")
    assert float(own["ff"]) == signals[0].ff


async def test_the_file_goes_through_all_pages(web: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    async def two_at_once(store: Transactions, user_id: str, after: PagePlace | None, _limit: int) -> DecisionPage:
        return await list_decisions(store, user_id, after, 2)

    monkeypatch.setattr("forward_factor.server.web.decision_rows.list_decisions", two_at_once)
    bob, signals = await web.join("bob"), await web.store.findings.signals("DEAR")
    for signal in signals[:5]:
        web.wait(seconds=1)
        await record_decision(web.store, web.clock, bob, signal.id, Decision.IGNORED)
    text = "".join([part async for part in csv_of_decisions(web.store, bob)])
    assert [one["signal_id"] for one in _rows(text)] == [one.id for one in reversed(signals[:5])]


async def test_all_that_is_kept_is_ones_own(web: Api) -> None:
    answer = await web.client.get("/account.json")
    assert answer.headers["content-disposition"] == 'attachment; filename="forward-factor-account.json"'
    tables = answer.json()["tables"]
    assert [one["email"] for one in tables["users"]] == ["ann@x.de"]
    assert tables["signal_user_decisions"][0]["notes"] == ANNS_NOTES
    assert "argon2" not in answer.text


async def test_a_new_password_ends_all_sessions_but_this_one(web: Api) -> None:
    async with client_of(web.app) as other:
        await other.post("/login", data={"email": "ann@x.de", "password": PASSWORD})
        assert await _is_in(other)
        form = {"password": PASSWORD, "new": NEW, "again": NEW}
        answer = await web.client.post("/account/password", data=form)
        assert (answer.status_code, answer.headers["location"]) == (303, "/account?done=password")
        assert await _is_in(web.client)
        assert not await _is_in(other)
    assert (await _log_in(web, "ann")).status_code == 401
    assert (await _log_in(web, "ann", NEW)).status_code == 303


@pytest.mark.parametrize(
    ("form", "status", "words"),
    [
        ({"password": "wrong wrong wrong", "new": NEW, "again": NEW}, 403, "The password is wrong."),
        ({"password": PASSWORD, "new": NEW, "again": NEW + "!"}, 422, "written in two ways"),
        ({"password": PASSWORD, "new": "short", "again": "short"}, 422, "A password has 10 to 1024 characters."),
        ({}, 422, "A password has 10 to 1024 characters."),
    ],
)
async def test_a_refused_password_changes_nothing(web: Api, form: dict[str, str], status: int, words: str) -> None:
    answer = await web.client.post("/account/password", data=form)
    assert answer.status_code == status
    assert words in answer.text
    assert NEW not in answer.text
    assert (await _log_in(web, "ann")).status_code == 303


async def test_all_sessions_end_at_once(web: Api) -> None:
    async with client_of(web.app) as other:
        await other.post("/login", data={"email": "ann@x.de", "password": PASSWORD})
        answer = await web.client.post("/account/sessions")
        assert (answer.status_code, answer.headers["location"]) == (303, "/login")
        assert not await _is_in(other)
        assert not await _is_in(web.client)


async def test_an_account_ends_with_its_password_alone(web: Api) -> None:
    refused = await web.client.post("/account/delete", data={"password": "wrong wrong wrong"})
    assert (refused.status_code, "The password is wrong." in refused.text) == (403, True)
    assert await _is_in(web.client)
    gone = await web.client.post("/account/delete", data={"password": PASSWORD})
    assert (gone.status_code, "The account is deleted" in gone.text) == (200, True)
    assert not await _is_in(web.client)
    assert (await _log_in(web, "ann")).status_code == 401


@pytest.mark.parametrize("path", ["/account/password", "/account/sessions", "/account/delete"])
async def test_other_sites_forms_and_strangers_change_nothing(web: Api, path: str) -> None:
    form = {"password": PASSWORD, "new": NEW, "again": NEW}
    assert (await web.client.post(path, data=form, headers=FOREIGN)).status_code == 403
    assert await _is_in(web.client)
    async with client_of(web.app) as nobody:
        answer = await nobody.post(path, data=form)
        assert (answer.status_code, answer.headers["location"].startswith("/login")) == (303, True)


@pytest.mark.parametrize("path", ["/account/password", "/account/delete"])
async def test_wrong_passwords_are_counted_as_the_api_does(web: Api, path: str) -> None:
    web.app.state.backend.gate = RateGate(RateLimits(passwords="2/minute"))
    form = {"password": "wrong wrong wrong", "new": NEW, "again": NEW}
    statuses = [(await web.client.post(path, data=form)).status_code for _ in range(3)]
    assert statuses == [403, 403, 429]
    right = await web.client.post(path, data=form | {"password": PASSWORD})
    assert right.status_code == 429
    assert "try again in" in right.text


async def test_the_forms_are_there_for_who_is_logged_in(web: Api) -> None:
    for path in ("/account/password", "/account/delete"):
        assert 'autocomplete="current-password"' in (await web.client.get(path)).text
    assert isinstance(web.app.state.backend.application, Application)
