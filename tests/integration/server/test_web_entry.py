"""The way in and out of the page, by plain forms: what comes, what is refused, in which words."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http.cookies import Morsel, SimpleCookie
from pathlib import Path
from typing import Any

import httpx
import pytest

from forward_factor.clock import FixedClock
from forward_factor.errors import NotAuthenticated
from forward_factor.server.app import create_app
from forward_factor.server.limits import RateLimits
from forward_factor.server.web import entry
from forward_factor.server.web.cookies import SESSION
from forward_factor.server.web.entry import own_path
from forward_factor.services.disable_user import disable_user
from forward_factor.services.recognise_session import recognise_session
from forward_factor.storage.late_store import LateStore
from tests.integration.server.conftest import UNLIMITED, Api, application_on, assert_problem, client_of
from tests.integration.storage.accounts import NOW, PASSWORD, register

ANN = {"email": "ann@x.de", "password": PASSWORD}
HOSTILE = '"><script>alert(1)</script> @x.de'


@asynccontextmanager
async def _web(tmp_path: Path, limits: RateLimits = UNLIMITED, **settings: Any) -> AsyncIterator[Api]:
    """The API with the forms beside it and without NiceGUI, on a SQLite file where Ann has an account."""
    clock = FixedClock(NOW)
    application = application_on(f"sqlite:///{tmp_path}/store.db", clock, **settings)
    store = LateStore(application.store)
    opened = await store.open()
    await register(opened, "ann@x.de")
    app = create_app(application, store, limits)
    app.include_router(entry.router)
    async with client_of(app) as client:
        yield Api(app, client, opened, clock)
    await store.close()


@pytest.fixture
async def web(tmp_path: Path) -> AsyncIterator[Api]:
    async with _web(tmp_path) as web:
        yield web


@pytest.fixture
def anywhere(api: Api) -> Api:
    """The same on an empty store, SQLite and PostgreSQL."""
    api.app.include_router(entry.router)
    return api


def _cookie(answer: httpx.Response) -> Morsel[str]:
    return SimpleCookie(answer.headers["set-cookie"])[SESSION]


async def _is_known(web: Api, token: str) -> bool:
    """Whether a session's token is good; the pages ask the same."""
    try:
        await recognise_session(web.store, web.clock, token)
    except NotAuthenticated:
        return False
    return True


async def test_register_log_out_log_in(anywhere: Api) -> None:
    made = await anywhere.client.post("/register", data=ANN)
    assert (made.status_code, made.headers["location"]) == (303, "/watchlist")
    first = _cookie(made).value
    assert await _is_known(anywhere, first)
    left = await anywhere.client.post("/logout")
    assert (left.status_code, left.headers["location"]) == (303, "/login")
    assert (_cookie(left).value, _cookie(left)["max-age"]) == ("", "0")
    assert not await _is_known(anywhere, first)
    entered = await anywhere.client.post("/login", data=ANN | {"next": "/signals/1?x=2"})
    assert (entered.status_code, entered.headers["location"]) == (303, "/signals/1?x=2")
    assert await _is_known(anywhere, _cookie(entered).value)


async def test_logging_out_without_a_session_leads_to_the_log_in(web: Api) -> None:
    for token in ("", "nonsense", "x" * 5000):
        answer = await web.client.post("/logout", headers={"Cookie": f"{SESSION}={token}"})
        assert (answer.status_code, answer.headers["location"]) == (303, "/login")


async def test_a_session_ends_in_its_time_and_with_its_account(anywhere: Api) -> None:
    ann = await register(anywhere.store, "ann@x.de")
    token = _cookie(await anywhere.client.post("/login", data=ANN)).value
    anywhere.wait(hours=11, minutes=59)
    assert await _is_known(anywhere, token)
    anywhere.wait(minutes=1)
    assert not await _is_known(anywhere, token)
    token = _cookie(await anywhere.client.post("/login", data=ANN)).value
    await disable_user(anywhere.store, anywhere.clock, ann.id)
    assert not await _is_known(anywhere, token)
    refused = await anywhere.client.post("/login", data=ANN)
    assert refused.status_code == 401
    assert "set-cookie" not in refused.headers


async def test_a_token_of_the_api_is_another_thing(web: Api) -> None:
    web.tokens["ann"] = (await web.log_in("ann@x.de")).json()["access_token"]
    assert not await _is_known(web, web.tokens["ann"])
    browser = _cookie(await web.client.post("/login", data=ANN)).value
    web.tokens["stolen"] = browser
    assert_problem(await web.ask("GET", "/auth/me", "stolen"), 401)


@pytest.mark.parametrize(
    ("form", "status", "words"),
    [
        ({"email": "ann@x.de", "password": "wrong"}, 401, "E-mail or password is wrong."),
        ({"email": "nobody@x.de", "password": PASSWORD}, 401, "E-mail or password is wrong."),
        ({"email": "", "password": ""}, 401, "E-mail or password is wrong."),
        ({}, 401, "E-mail or password is wrong."),
        ({"email": HOSTILE, "password": "wrong"}, 401, "E-mail or password is wrong."),
    ],
)
async def test_a_refused_log_in_says_so_in_the_form(web: Api, form: dict[str, str], status: int, words: str) -> None:
    answer = await web.client.post("/login", data=form | {"next": "/history"})
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("text/html")
    assert "set-cookie" not in answer.headers
    assert 'role="alert"' in answer.text
    assert words in answer.text, answer.text
    assert 'name="next" value="/history"' in answer.text
    assert "<script>alert" not in answer.text
    assert PASSWORD not in answer.text


@pytest.mark.parametrize(
    ("form", "status"),
    [
        ({"email": "ann@x.de", "password": PASSWORD}, 409),
        ({"email": "ANN@X.DE", "password": PASSWORD}, 409),
        ({"email": "bob", "password": PASSWORD}, 422),
        ({"email": "bob@x.de", "password": "short"}, 422),
        ({"email": HOSTILE, "password": PASSWORD}, 422),
        ({}, 422),
    ],
)
async def test_a_refused_registration_says_so_in_the_form(web: Api, form: dict[str, str], status: int) -> None:
    answer = await web.client.post("/register", data=form)
    assert answer.status_code == status, answer.text
    assert 'role="alert"' in answer.text
    assert "set-cookie" not in answer.headers
    assert "<script>alert" not in answer.text
    if address := form.get("email"):
        assert answer.text.count(address.replace('"', "&#34;").replace("<", "&lt;").replace(">", "&gt;")) >= 1
    assert 'autocomplete="new-password"' in answer.text


async def test_a_closed_installation_takes_no_accounts(tmp_path: Path) -> None:
    async with _web(tmp_path, registration_open=False) as web:
        client = web.client
        assert "/register" not in (await client.get("/login")).text
        assert "ask its administrator" in (await client.get("/register")).text
        refused = await client.post("/register", data={"email": "bob@x.de", "password": PASSWORD})
        assert (refused.status_code, "set-cookie" in refused.headers) == (403, False)
        assert (await client.post("/login", data=ANN)).status_code == 303


async def test_wrong_passwords_are_limited_by_form_and_api_together(tmp_path: Path) -> None:
    async with _web(tmp_path, RateLimits(passwords="3/hour", auth="1000/hour")) as web:
        client = web.client
        wrong = {"email": "ann@x.de", "password": "wrong"}
        assert [(await client.post("/login", data=wrong)).status_code for _ in range(2)] == [401, 401]
        assert (await client.post("/api/v1/auth/login", json=wrong)).status_code == 401
        answer = await client.post("/login", data=ANN)
        assert answer.status_code == 429
        assert "Too many requests: try again in" in answer.text
        assert answer.headers["content-type"].startswith("text/html")


@pytest.mark.parametrize("path", ["/login", "/register"])
async def test_forms_of_an_address_are_limited(tmp_path: Path, path: str) -> None:
    async with _web(tmp_path, RateLimits(auth="2/hour")) as web:
        client = web.client
        form = {"email": "x", "password": "wrong"}
        statuses = [(await client.post(path, data=form)).status_code for _ in range(3)]
        assert statuses[-1] == 429
        assert (await client.get(path)).status_code == 200


FOREIGN = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site", "Origin": "http://other.api.test"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "http://api.test"},
    {"Origin": "http://evil.example"},
    {"Origin": "http://api.test:8000"},
    {"Origin": "http://api.test.evil.example"},
    {"Origin": "null"},
]
OWN: list[dict[str, str]] = [
    {"Sec-Fetch-Site": "same-origin", "Origin": "http://api.test"},
    {"Sec-Fetch-Site": "none"},
    {"Origin": "http://api.test"},
    {},
]


@pytest.mark.parametrize("path", ["/login", "/register", "/logout"])
async def test_other_sites_forms_are_refused(web: Api, path: str) -> None:
    token = _cookie(await web.client.post("/login", data=ANN)).value
    for headers in FOREIGN:
        answer = await web.client.post(path, data=ANN | {"email": "new@x.de"}, headers=headers)
        assert answer.status_code == 403, headers
        assert "set-cookie" not in answer.headers
    assert await _is_known(web, token)
    assert (await web.client.post("/login", data=ANN | {"email": "new@x.de"})).status_code == 401


async def test_own_forms_and_programs_pass(web: Api) -> None:
    for headers in OWN:
        assert (await web.client.post("/login", data=ANN, headers=headers)).status_code == 303


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_the_cookie_is_kept_from_scripts_and_other_sites(web: Api, scheme: str) -> None:
    cookie = _cookie(await web.client.post(f"{scheme}://api.test/login", data=ANN))
    assert cookie["httponly"] is True
    assert cookie["samesite"] == "lax"
    assert cookie["path"] == "/"
    assert not cookie["domain"]
    assert cookie["max-age"] == str(12 * 3600)
    assert bool(cookie["secure"]) is (scheme == "https")


@pytest.mark.parametrize("path", ["/", "/signals/0627b77d", "/why?ticker=BRK.B&at=2026-01-01T00%3A00Z", "/a//b"])
def test_own_paths_are_gone_to(path: str) -> None:
    assert own_path(path) == path


STRANGE = [
    "",
    "history",
    "https://evil.example/",
    "//evil.example/",
    "///evil.example",
    "/\\evil.example",
    "\\/evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    " //evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "/\u202e/evil",
    "/" + "x" * 500,
    "?next=/",
]


async def test_others_are_not(web: Api) -> None:
    for path in STRANGE:
        assert own_path(path) == "/"
        answer = await web.client.post("/login", data=ANN | {"next": path})
        assert (answer.status_code, answer.headers["location"]) == (303, "/")


async def test_a_form_shows_what_it_was_called_with_as_text(web: Api) -> None:
    page = await web.client.get("/login", params={"next": '/x"><script>alert(1)</script>'})
    assert "<script>alert" not in page.text
    assert 'value="/x&#34;&gt;&lt;script&gt;' in page.text


async def test_forms_load_nothing_from_elsewhere(web: Api) -> None:
    for path in ("/login", "/register"):
        answer = await web.client.get(path)
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] == "no-store"
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert "http://" not in answer.text
        assert "https://" not in answer.text
        assert "style=" not in answer.text


async def test_the_form_is_in_the_colours_the_browser_asked_for(web: Api) -> None:
    for scheme in ("dark", "light", "pink", ""):
        page = await web.client.get("/login", headers={"Cookie": f"ff_scheme={scheme}"})
        assert ('class="body--dark"' in page.text) is (scheme == "dark")


async def test_a_store_that_is_away_is_told_of_in_the_form() -> None:
    application = application_on("postgresql://nobody:hunter2@127.0.0.1:1/none", FixedClock(NOW))
    store = LateStore(application.store)
    app = create_app(application, store, UNLIMITED)
    app.include_router(entry.router)
    async with client_of(app) as client:
        assert (await client.get("/login")).status_code == 200
        answer = await client.post("/login", data=ANN)
        assert answer.status_code == 503
        assert "The store cannot be reached: try again in a moment." in answer.text
        assert "hunter2" not in answer.text
    await store.close()
