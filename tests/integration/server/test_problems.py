"""Errors: problem details always, whatever comes in, and every one of them described."""

from __future__ import annotations

import json
from typing import Any

import httpx
import jsonschema
import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forward_factor.core.accounts import Role
from forward_factor.server.middleware import MOST_BYTES
from forward_factor.server.openapi import PUBLIC, describe
from tests.integration.server.conftest import Api, assert_problem
from tests.integration.server.seeding import seed_ann

METHODS = ("get", "post", "put", "patch", "delete")
HOSTILE = (
    "", "\0", "a\0b", "\ud800", "٣", "'; DROP TABLE users; --", "../../etc/passwd", "x" * 5000, "-1", "1e309", "NaN",
    "9" * 400, "null", "[]", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "😀",
)  # fmt: skip
JUNK: tuple[Any, ...] = (None, True, -1, 2**63, 10**300, 1.5, [], {"a": 1}, ["x"], [None], *HOSTILE)


def _operations(app: FastAPI) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (method.upper(), path, operation)
        for path, operations in describe(app)["paths"].items()
        for method, operation in operations.items()
        if method in METHODS
    ]


PAGES = {"/api/v1/backtests/{run_id}/report"}
"""What is answered by a page."""


async def test_every_operation_is_described_with_its_errors(api: Api) -> None:
    document = describe(api.app)
    names = [operation["operationId"] for _, _, operation in _operations(api.app)]
    assert len(names) == len(set(names))
    assert "HTTPValidationError" not in document["components"]["schemas"]
    for _method, path, operation in _operations(api.app):
        assert operation["summary"]
        assert operation["description"]
        assert operation["tags"]
        responses = operation["responses"]
        good = [status for status in responses if status < "400"]
        assert good
        for status in good:
            kinds = responses[status].get("content", {})
            assert status == "204" or path in PAGES or kinds["application/json"]["schema"]
            assert path not in PAGES or list(kinds) == ["text/html"]
        for status in set(responses) - set(good):
            (media,) = responses[status]["content"]
            assert media == "application/problem+json"
            assert responses[status]["content"][media]["schema"] == {"$ref": "#/components/schemas/Problem"}
        needed = {"500"} if operation["operationId"] in PUBLIC else {"401", "404", "422", "429", "500", "503"}
        assert needed <= set(responses), path
        if operation["operationId"] not in PUBLIC:
            assert operation["security"]


async def _ask_junk(api: Api, operation: tuple[str, str, dict[str, Any]], value: Any) -> list[httpx.Response]:
    """Ask with ``value`` at every place there is."""
    method, path, described = operation
    text = value if isinstance(value, str) else repr(value)
    readable = text.encode(errors="replace").decode()[:3000]
    places = [one["name"] for one in described.get("parameters", ()) if one["in"] == "path"]
    concrete = path.removeprefix("/api/v1")
    for place in places:
        concrete = concrete.replace(f"{{{place}}}", httpx.URL("", params={"x": readable or "%20"}).query.decode()[2:])
    answers = []
    if places:
        answers.append(await api.ask(method, concrete, "root"))
    plain = path.removeprefix("/api/v1").replace("{ticker}", "DEAR").replace("{", "").replace("}", "")
    queries = [one["name"] for one in described.get("parameters", ()) if one["in"] == "query"]
    answers += [await api.ask(method, plain, "root", params={name: readable}) for name in queries]
    if "requestBody" in described:
        answers += [await _send(api, method, plain, body) for body in _bodies(api, described, value)]
    return answers


def _bodies(api: Api, described: dict[str, Any], value: Any) -> list[Any]:
    schema = described["requestBody"]["content"]["application/json"]["schema"]
    reference = schema.get("$ref") or schema["anyOf"][0]["$ref"]
    model = describe(api.app)["components"]["schemas"][reference.rsplit("/", 1)[1]]
    return [value, *({name: value} for name in model["properties"]), dict.fromkeys(model["properties"], value)]


async def _send(api: Api, method: str, path: str, body: Any) -> httpx.Response:
    content = json.dumps(body)
    headers = {"Authorization": f"Bearer {api.tokens['root']}", "Content-Type": "application/json"}
    return await api.client.request(method, f"/api/v1{path}", headers=headers, content=content)


async def test_junk_gets_an_answer_that_is_no_servers_fault(api: Api) -> None:
    await seed_ann(api)
    await api.join("root", Role.ADMIN)
    for operation in _operations(api.app):
        if operation[2]["operationId"] == "logout":
            continue
        for value in JUNK:
            for answer in await _ask_junk(api, operation, value):
                assert answer.status_code < 500, (operation[:2], value, answer.text)
                if answer.status_code >= 400:
                    assert_problem(answer, answer.status_code)
                    _check(api, operation[2], answer)


def _check(api: Api, described: dict[str, Any], answer: httpx.Response) -> None:
    """Check that the status is one of those described, and the body like the schema of problems."""
    if answer.json()["code"] != "method_not_allowed" and answer.status_code != 404:
        assert str(answer.status_code) in described["responses"], (described["operationId"], answer.text)
    schema = {"$ref": "#/components/schemas/Problem", "components": describe(api.app)["components"]}
    jsonschema.validate(answer.json(), schema)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    body=st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
        max_leaves=8,
    )
)
async def test_any_json_is_refused_or_taken(api: Api, body: Any) -> None:
    if "root" not in api.tokens:
        await api.join("root", Role.ADMIN)
    for method, path in (("POST", "/watchlist"), ("PATCH", "/settings"), ("POST", "/auth/login")):
        answer = await _send(api, method, path, body)
        assert answer.status_code < 500
        if answer.status_code >= 400:
            assert_problem(answer, answer.status_code)


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (b"", "application/json", 422),
        (b"{", "application/json", 422),
        (b"\xff\xfe", "application/json", 422),
        (b'{"email": "\xff"}', "application/json", 400),
        (b"[" * 20_000, "application/json", 400),
        (b"1" * 10_000, "application/json", 400),
        (b'{"email": "a@x.de", "password": NaN}', "application/json", 422),
        (b"email=a", "application/x-www-form-urlencoded", 422),
        (b"{}", "", 422),
    ],
)
async def test_what_is_no_json(api: Api, content: bytes, kind: str, status: int) -> None:
    answer = await api.client.post("/api/v1/auth/login", content=content, headers={"Content-Type": kind})
    assert_problem(answer, status)


async def test_long_bodies_are_refused_by_what_they_say_and_what_they_are(api: Api) -> None:
    long = b'{"email": "' + b"a" * MOST_BYTES + b'"}'

    async def parts() -> Any:
        for start in range(0, len(long), 1000):
            yield long[start : start + 1000]

    for content in (long, parts()):
        answer = await api.client.post(
            "/api/v1/auth/login", content=content, headers={"Content-Type": "application/json"}
        )
        assert_problem(answer, 413, "request_entity_too_large")
    for said in ("-1", "x", "9" * 5000):
        answer = await api.client.post(
            "/api/v1/auth/login", content=b"{}", headers={"Content-Type": "application/json", "Content-Length": said}
        )
        assert_problem(answer, 413)


async def test_routes_and_methods_that_are_not_there(api: Api) -> None:
    for path in ("/nothing", "/api/v1/nothing", "/api/v2/health", "/api/v1/signals/", "/docs/../docs/x"):
        assert_problem(await api.client.get(path), 404, "not_found")
    answer = await api.client.put("/api/v1/auth/login")
    assert_problem(answer, 405, "method_not_allowed")
    assert answer.headers["allow"] == "POST"


async def test_a_fault_of_ours_tells_nothing(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    await api.join("ann")

    async def fail(*_: object) -> None:
        raise RuntimeError("SELECT secret FROM somewhere")

    monkeypatch.setattr("forward_factor.server.api.watchlist.list_watchlist", fail)
    answer = await api.ask("GET", "/watchlist", "ann")
    assert_problem(answer, 500, "internal_error")
    assert answer.headers["x-content-type-options"] == "nosniff"


async def test_a_value_that_was_refused_is_not_repeated(api: Api) -> None:
    secret = "hunter2-hunter2"
    answer = await api.ask("POST", "/auth/login", json={"email": ["a"], "password": [secret], secret[:7]: secret})
    told = assert_problem(answer, 422)
    assert secret not in answer.text
    assert {one["where"] for one in told["errors"]} == {"body.email", "body.password", "body.hunter2"}
