"""``demo``: signals and a plot from nothing at all, the page with a past behind it, and nothing left behind."""

from __future__ import annotations

import re
import signal
import socket
import time
from pathlib import Path
from typing import Any

import httpx

from tests.e2e.command import Terminal, assert_clean
from tests.e2e.fleet import Fleet, fleet, free_port

SERVED_WITHIN_S = 60.0
"""Alone on a machine of two cores it takes some ten seconds; here others are at work beside it."""


def test_it_shows_signals_and_leaves_nothing(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path)
    outcome = terminal.run("demo", "--no-serve", COLUMNS="80", NO_COLOR="1")
    assert outcome.code == 0
    assert "Signals of the last look" in outcome.stdout
    assert "days to expiry" in outcome.stdout
    assert "forward vol behind it" in " ".join(outcome.stdout.split())
    assert "http://" not in outcome.stdout
    assert max(map(len, outcome.stdout.splitlines())) <= 80
    assert terminal.left_behind() == []
    assert_clean(outcome.stdout)
    assert_clean(outcome.stderr)


class _Page:
    """The served demo, seen by whom it invites."""

    def __init__(self, log: str, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.who = {"email": _told(log, "e-mail"), "password": _told(log, "password")}
        token = self._ask("POST", "/auth/login", json=self.who)["access_token"]
        self._headers = {"Authorization": f"Bearer {token}"}

    def get(self, path: str) -> Any:
        return self._ask("GET", path, headers=self._headers)

    def newest(self) -> str:
        return str(self.get("/signals?limit=1")["items"][0]["as_of"])

    def _ask(self, method: str, path: str, **more: Any) -> Any:
        answer = httpx.request(method, f"{self.url}/api/v1{path}", timeout=30, trust_env=False, **more)
        assert answer.is_success, answer.text
        return answer.json()


def _told(log: str, name: str) -> str:
    found = re.search(rf"^ *{name} +(\S+)$", log, re.MULTILINE)
    assert found is not None, log
    return found[1]


def test_it_serves_a_page_with_a_past_and_live_signals(tmp_path: Path) -> None:
    port = free_port()
    with fleet(tmp_path, {"COLUMNS": "100", "PYTHONUNBUFFERED": "1"}) as services:
        demo = services.start("demo", "demo", "--port", str(port))
        services.wait_until(lambda: _is_served(services, port), "the page is served", SERVED_WITHIN_S)
        page = _Page(services.log_of("demo"), port)
        _check_past(page)
        services.wait_until(lambda: _is_tested(page), "its backtest is done")
        before = page.newest()
        services.wait_until(lambda: page.newest() > before, "a new signal arrives")
        demo.process.send_signal(signal.SIGINT)
        assert demo.process.wait(timeout=30) == 0, services.tails()
        log = services.log_of("demo")
        assert f"http://127.0.0.1:{port}\n" in log
        assert_clean(log)
        assert services.terminal.left_behind() == []


def _is_tested(page: _Page) -> bool:
    return [one["state"] for one in page.get("/backtests")["items"]] == ["done"]


def _is_served(services: Fleet, port: int) -> bool:
    if not services.saw("demo", "Ctrl-C"):
        return False
    try:
        return httpx.get(f"http://127.0.0.1:{port}/login", trust_env=False).is_success
    except httpx.HTTPError:
        return False


def _check_past(page: _Page) -> None:
    """No page is empty: there are decisions, open ones and closed ones, reminders, settings, a watchlist."""
    stats = page.get("/stats")
    assert stats["watched"] >= 6
    assert stats["placed"] >= 3
    assert stats["ignored"] >= 2
    assert stats["open_positions"] >= 1
    assert stats["with_pnl"] >= 1
    decisions = page.get("/decisions")["items"]
    assert all(one["entry_price"] > 0 for one in decisions if one["decision"] == "placed")
    assert page.get("/reminders")["items"]
    assert page.get("/settings")["bankroll"] == 25_000
    assert page.get("/auth/me")["role"] == "admin"
    watched = page.get("/watchlist")["items"][0]["ticker"]
    days = {one["as_of"][:10] for one in page.get(f"/candidates?ticker={watched}&limit=200")["items"]}
    assert len(days) > 20


def test_a_port_that_is_taken_is_told_of_at_once(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        began = time.monotonic()
        outcome = Terminal(tmp_path).run("demo", "--port", str(port))
    assert outcome.code == 2
    assert outcome.stdout == ""
    assert outcome.stderr.startswith(f"error: port {port} cannot be used (Address already in use): choose another")
    assert time.monotonic() - began < 20
