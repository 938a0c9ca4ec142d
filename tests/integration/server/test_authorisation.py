"""Every operation of the API: nothing without a token, nothing of another user's, nothing of administrators'."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI

from forward_factor.core.accounts import Role
from forward_factor.server.openapi import PUBLIC, describe
from tests.integration.server.conftest import Api, assert_problem
from tests.integration.server.seeding import ANNS_CHAT, ANNS_NOTES, ANNS_THRESHOLD, Seeded, seed_ann
from tests.integration.storage.scanning import fetch

METHODS = ("get", "post", "put", "patch", "delete")
BODIES: dict[str, Any] = {
    "register": {"email": "new@x.de", "password": "correct horse battery"},
    "login": {"email": "ann@x.de", "password": "a wrong password"},
    "refresh": {"refresh_token": "x"},
    "change_own_password": {"password": "a wrong password", "new_password": "another password"},
    "delete_me": {"password": "a wrong password"},
    "add_tickers": {"tickers": ["EVIL"]},
    "decide": {"decision": "ignored"},
    "change_decision": {"notes": "overwritten", "exit_price": 1.0},
    "change_own_settings": {"ff_threshold": 0.99},
    "request_backtest": {"tickers": ["DEAR"]},
}
QUERIES = {"read_candidates": {"ticker": "DEAR"}}
ENDS_THE_SESSION = ("logout",)


@dataclass(frozen=True)
class Operation:
    """One operation, with the places of its path filled by what is Ann's."""

    id: str
    method: str
    path: str
    is_admins: bool
    anns_run: str

    async def run(self, api: Api, who: str | None) -> Any:
        body = {"json": BODIES[self.id]} if self.id in BODIES else {}
        query = {"id": [self.anns_run, "another"]} if self.id == "compare_backtests" else QUERIES.get(self.id)
        return await api.ask(self.method, self.path, who, params=query, **body)


def _operations(app: FastAPI, seeded: Seeded) -> list[Operation]:
    """Return all operations; those that make something of one's own on what is Ann's come last."""
    return sorted(_filled(app, seeded), key=lambda one: one.id == "decide")


def _filled(app: FastAPI, seeded: Seeded) -> Iterator[Operation]:
    filled = {
        "{ticker}": "DEAR",
        "{signal_id}": seeded.signals[0].id,
        "{decision_id}": seeded.decision.id,
        "{user_id}": seeded.user_id,
        "{chat_id}": ANNS_CHAT,
        "{run_id}": seeded.run_id,
    }
    for path, operations in describe(app)["paths"].items():
        for method, operation in operations.items():
            if method in METHODS:
                concrete = path.removeprefix("/api/v1")
                for place, value in filled.items():
                    concrete = concrete.replace(place, value)
                assert "{" not in concrete, f"what fills {concrete}?"
                if "requestBody" in operation and operation["requestBody"].get("required"):
                    assert operation["operationId"] in BODIES
                yield Operation(operation["operationId"], method.upper(), concrete, "/admin/" in path, seeded.run_id)


async def _all_of_ann(api: Api, seeded: Seeded) -> str:
    """Return everything that is Ann's, but for what asking itself leaves behind."""
    tables = await api.store.account_records.of_user(seeded.user_id)
    rows = {one.table: one.rows for one in tables if one.table != "refresh_tokens"}
    return json.dumps(rows, default=str)


async def test_nothing_without_a_token(api: Api) -> None:
    seeded = await seed_ann(api)
    before = await _all_of_ann(api, seeded)
    seen = set()
    for operation in _operations(api.app, seeded):
        seen.add(operation.id)
        answer = await operation.run(api, None)
        if operation.id in PUBLIC:
            assert answer.status_code in (200, 201) or operation.id in ("login", "refresh")
        else:
            assert_problem(answer, 401, "not_authenticated")
    assert seen >= PUBLIC
    assert await _all_of_ann(api, seeded) == before


async def test_bob_sees_and_changes_nothing_of_anns(api: Api) -> None:
    seeded = await seed_ann(api)
    before = await _all_of_ann(api, seeded)
    await api.join("bob")
    secrets = (seeded.user_id, "ann@x.de", ANNS_NOTES, ANNS_CHAT, seeded.decision.id, str(ANNS_THRESHOLD), "MSFT")
    hidden = {"read_decision_by_id", "read_decision", "change_decision", "unlink"}
    hidden |= {"read_backtest_by_id", "read_backtest_report", "delete_backtest", "compare_backtests"}
    walked = set()
    for operation in _operations(api.app, seeded):
        if operation.id in ENDS_THE_SESSION:
            continue
        walked.add(operation.id)
        answer = await operation.run(api, "bob")
        if operation.is_admins:
            assert_problem(answer, 403, "not_allowed")
        elif operation.id in hidden:
            assert_problem(answer, 404, "not_found")
        for secret in (one for one in secrets if one not in operation.path):
            assert secret not in answer.text, (operation.id, secret)
    assert walked >= hidden
    assert await _all_of_ann(api, seeded) == before
    assert await api.get("/auth/me", "ann")


async def test_what_bob_did_stayed_his(api: Api) -> None:
    seeded = await seed_ann(api)
    bob = await api.join("bob")
    for operation in _operations(api.app, seeded):
        if operation.id not in ENDS_THE_SESSION:
            await operation.run(api, "bob")
    owners = await fetch(api.store, "SELECT user_id FROM subscriptions WHERE ticker = 'EVIL'")
    assert owners == [(bob,)]
    decided = await fetch(api.store, "SELECT user_id, decision FROM signal_user_decisions ORDER BY decision")
    assert decided == [(bob, "ignored"), (seeded.user_id, "placed")]


async def test_an_administrator_may_what_others_may_not(api: Api) -> None:
    seeded = await seed_ann(api)
    await api.join("root", Role.ADMIN)
    admins = [one for one in _operations(api.app, seeded) if one.is_admins]
    assert len(admins) >= 7
    for operation in admins:
        answer = await operation.run(api, "root")
        assert answer.status_code in (200, 204), (operation.id, answer.text)
