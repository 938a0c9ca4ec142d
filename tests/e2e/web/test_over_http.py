"""The page over HTTP, as programs and hostile pages ask it, with NiceGUI behind it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta
from http.cookies import Morsel, SimpleCookie
from pathlib import Path

import httpx
import pytest
import websockets

from forward_factor.server.web.cookies import SESSION
from tests.e2e.fleet import IN_SESSION
from tests.e2e.web.sites import PASSWORD, Site, serving

SOCKET = "/_nicegui_ws/socket.io/?EIO=4"


def _cookie(answer: httpx.Response) -> Morsel[str]:
    return SimpleCookie(answer.headers["set-cookie"])[SESSION]


def test_nobody_is_led_to_the_log_in_and_back(site: Site) -> None:
    with site.client() as nobody:
        answer = nobody.get("/account?x=1&y=%2F")
        assert (answer.status_code, answer.headers["location"]) == (303, "/login?next=%2Faccount%3Fx%3D1%26y%3D%252F")
        form = nobody.get(answer.headers["location"])
        assert 'name="next" value="/account?x=1&amp;y=%2F"' in form.text


def test_a_log_in_is_friendly_about_what_is_wrong(site: Site) -> None:
    with site.register("friendly@http.example") as ann:
        refused = ann.post("/login", data={"email": "friendly@http.example", "password": "wrong"})
        assert refused.status_code == 401
        assert "E-mail or password is wrong." in refused.text


def test_a_session_that_is_logged_out_opens_nothing(site: Site) -> None:
    with site.register("leaver@http.example") as ann:
        cookies = dict(ann.cookies)
        assert ann.get("/account").status_code == 200
        assert ann.post("/logout").headers["location"] == "/login"
        assert ann.get("/account").status_code == 303
        with httpx.Client(base_url=site.url, cookies=cookies, trust_env=False) as thief:
            assert thief.get("/account").status_code == 303
            assert thief.get("/account").headers["location"] == "/login?next=%2Faccount"


def test_who_is_disabled_is_out_at_once(site: Site) -> None:
    with site.register("fired@http.example") as ann:
        assert ann.get("/account").status_code == 200
        site.command("user", "disable", "fired@http.example")
        assert ann.get("/account").status_code == 303
        assert ann.post("/login", data={"email": "fired@http.example", "password": PASSWORD}).status_code == 401


def test_pages_tell_browsers_to_be_careful(site: Site) -> None:
    with site.register("careful@http.example") as ann:
        for path in ("/", "/account", "/login", "/no-such-page"):
            headers = ann.get(path).headers
            assert headers["x-frame-options"] == "DENY", path
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["referrer-policy"] == "no-referrer"
            policy = headers["content-security-policy"]
            assert "frame-ancestors 'none'" in policy
            assert "object-src 'none'" in policy or "default-src 'none'" in policy
            assert "http" not in policy


def test_pages_are_not_kept_by_what_is_between(site: Site) -> None:
    with site.register("private@http.example") as ann:
        assert "no-store" in ann.get("/account").headers["cache-control"]


def test_the_api_keeps_its_own_answers(site: Site) -> None:
    unknown = site.ask("GET", "/api/v1/nothing")
    assert (unknown.status_code, unknown.headers["content-type"]) == (404, "application/problem+json")
    wrong = site.ask("DELETE", "/api/v1/signals")
    assert (wrong.status_code, wrong.headers["content-type"]) == (405, "application/problem+json")
    for path in ("/health", "/metrics", "/docs", "/openapi.json"):
        assert site.ask("GET", path).status_code == 200
        assert site.ask("DELETE", path).status_code == 405
    page = site.ask("GET", "/no-such-page")
    assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert "There is no page at this address." in page.text


def test_an_unknown_page_shows_nothing_of_its_address(site: Site) -> None:
    page = site.ask("GET", "/%3Cscript%3Ealert(1)%3C/script%3E?q=%3Cscript%3E")
    assert page.status_code == 404
    assert "<script>alert" not in page.text


def test_other_sites_pages_get_no_socket(site: Site) -> None:
    with site.register("socket@http.example") as ann:
        foreign = ({"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Origin": "null"})
        for headers in foreign:
            assert ann.get(f"{SOCKET}&transport=polling", headers=headers).status_code == 403
            assert not asyncio.run(_opens(site, headers))
        assert asyncio.run(_opens(site, {"Origin": site.url}))
        assert asyncio.run(_opens(site, {}))


async def _opens(site: Site, headers: dict[str, str]) -> bool:
    url = f"ws://{site.host}{SOCKET}&transport=websocket"
    try:
        async with websockets.connect(url, additional_headers=headers, proxy=None) as socket:
            return str(await socket.recv()).startswith("0{")
    except websockets.InvalidStatus as refused:
        return refused.response.status_code != 403


def test_other_sites_forms_are_refused(site: Site) -> None:
    with site.register("form@http.example") as ann:
        answer = ann.post("/logout", headers={"Sec-Fetch-Site": "cross-site"})
        assert answer.status_code == 403
        assert ann.get("/account").status_code == 200


@pytest.fixture(scope="module")
def behind_proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The API alone, whose neighbour is a proxy, and whose sessions last four seconds."""
    directory = tmp_path_factory.mktemp("proxied")
    short = f"{4 / 3600:.6f}"
    url = f"sqlite:///{directory}/site.db"
    with serving(directory, url, "api", API_TRUSTED_PROXIES="127.0.0.1", WEB_SESSION_HOURS=short) as site:
        yield site


def test_cookies_are_for_https_alone_where_a_trusted_proxy_says_so(site: Site, behind_proxy: Site) -> None:
    for one, is_secure in ((site, False), (behind_proxy, True)):
        with one.register("proxied@http.example"):
            pass
        form = {"email": "proxied@http.example", "password": PASSWORD}
        answer = one.ask("POST", "/login", data=form, headers={"X-Forwarded-Proto": "https"})
        assert bool(_cookie(answer)["secure"]) is is_secure
        assert _cookie(answer)["httponly"] is True
        assert _cookie(answer)["samesite"] == "lax"
        plain = one.ask("POST", "/login", data=form)
        assert not _cookie(plain)["secure"]


def test_a_session_ends_in_its_time(behind_proxy: Site) -> None:
    with behind_proxy.register("short@http.example") as ann:
        assert ann.get("/account").status_code == 200
        token = dict(ann.cookies)
        behind_proxy.services.wait_until(
            lambda: ann.get("/account", headers={"Cookie": f"{SESSION}={token[SESSION]}"}).status_code == 303,
            "the session ends",
            seconds=10,
        )


def test_the_clock_of_the_installation_counts(tmp_path: Path) -> None:
    """A session does not outlive twelve hours of the application's clock, whatever the browser thinks."""
    url = f"sqlite:///{tmp_path}/site.db"
    with serving(tmp_path, url, "api") as site, site.register("late@http.example") as ann:
        token = ann.cookies[SESSION]
        assert ann.get("/account").status_code == 200
    for hours, status in ((11, 200), (13, 303)):
        with serving(tmp_path, url, "api", IN_SESSION + timedelta(hours=hours)) as later:
            answer = later.ask("GET", "/account", headers={"Cookie": f"{SESSION}={token}"})
            assert answer.status_code == status
