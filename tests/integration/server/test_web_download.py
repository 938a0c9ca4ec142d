"""Signals as CSV over HTTP: one's own session, filters as on the page, parts, and nothing that runs."""

from __future__ import annotations

import csv
import io

import httpx
import pytest
from sqlalchemy import update

from forward_factor.core.decisions import Decision
from forward_factor.server.web import entry, own_files
from forward_factor.services.ports.board import BoardQuery
from forward_factor.services.record_decision import record_decision
from forward_factor.storage.tables import Signal, table_of
from tests.chains import AS_OF
from tests.integration.server.conftest import Api
from tests.integration.storage.accounts import PASSWORD
from tests.integration.storage.scanning import dear_chain, scan


@pytest.fixture
def web(api: Api) -> Api:
    api.app.include_router(entry.router)
    api.app.include_router(own_files.router)
    return api


def rows(answer: httpx.Response) -> list[dict[str, str]]:
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/csv; charset=utf-8")
    return list(csv.DictReader(io.StringIO(answer.text)))


async def test_the_download_is_what_the_page_shows(web: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("forward_factor.services.read_board.ROWS_A_READ", 5)
    ann, _bob = await web.join("ann"), await web.join("bob")
    await scan(web.store, [dear_chain("DEAR", AS_OF), dear_chain("CHER", AS_OF)])
    nobody = await web.client.get("/signals.csv")
    assert (nobody.status_code, nobody.headers["location"]) == (303, "/login?next=%2F")
    await web.client.post("/login", data={"email": "ann@x.de", "password": PASSWORD})
    answer = await web.client.get("/signals.csv")
    assert answer.headers["content-disposition"] == 'attachment; filename="signals.csv"'
    assert answer.headers["cache-control"] == "no-store"
    found = rows(answer)
    shown = (await web.store.board.page(ann, BoardQuery(limit=100))).rows
    assert [one["id"] for one in found] == [one.signal.id for one in shown]
    assert float(found[0]["ff"]) == shown[0].signal.ff
    few = rows(await web.client.get("/signals.csv?ticker=che&pair=30/60"))
    assert {(one["ticker"], one["pair"]) for one in few} == {("CHER", "30/60")}
    assert rows(await web.client.get("/signals.csv?min_ff=99")) == []


async def test_formulas_are_texts_and_decisions_ones_own(web: Api) -> None:
    await web.join("ann")
    bob = await web.join("bob")
    await scan(web.store, [dear_chain("DEAR", AS_OF)])
    async with web.store.engine.begin() as connection:
        await connection.execute(update(table_of(Signal)).values(vol_point='=HYPERLINK("http://evil.example")'))
    first = (await web.store.board.page(bob, BoardQuery())).rows[0].signal
    await record_decision(web.store, web.clock, bob, first.id, Decision.PLACED)
    for who, decisions in (("ann", {""}), ("bob", {"", "Placed"})):
        await web.client.post("/login", data={"email": f"{who}@x.de", "password": PASSWORD})
        found = rows(await web.client.get("/signals.csv"))
        assert {one["vol_point"] for one in found} == {'\'=HYPERLINK("http://evil.example")'}
        assert {one["decision"] for one in found} == decisions
