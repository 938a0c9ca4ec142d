"""Services as processes: what they say at the start, what they refuse, and how they end."""

from __future__ import annotations

import asyncio
import signal
import time
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from forward_factor.core.slots import Cause
from forward_factor.core.tiers import Tier
from forward_factor.services.ports.slots import NewSlot
from forward_factor.storage.store import Store, open_store, read_store_status
from tests.e2e.command import Terminal, assert_clean
from tests.e2e.fleet import IN_SESSION, fleet, free_port, standing_at
from tests.fakes.vendor_server import Answer, VendorServer
from tests.integration.storage.conftest import POOL, build
from tests.servers.postgres import PostgresServer

ENDS_WITHIN_S = 12.0
QUIET = {"DISCOVERY_SIZE": "0", "PRICE_MOVE_PCT": "0"}


@pytest.mark.sqlite
def test_up_says_what_it_is_and_what_is_missing_and_ends_by_ctrl_c(tmp_path: Path) -> None:
    port = free_port()
    environment = {**QUIET, "API_PORT": str(port), "CBOE_BASE_URL": "http://127.0.0.1:9"}
    with fleet(tmp_path, environment) as services:
        up = services.start("up")
        services.wait_until(lambda: services.saw("up", "scheduler started"), "all are started")
        services.wait_until(lambda: services.saw("up", "worker started"), "all are started")
        said = services.log_of("up")
        for word in (f"http://127.0.0.1:{port}", "forward-factor.db", "cboe", "POLYGON_API_KEY", "TELEGRAM_BOT_TOKEN"):
            assert word in said
        assert_clean("\n".join(line for line in said.splitlines() if not line.startswith("{")))
        began = time.monotonic()
        up.process.send_signal(signal.SIGINT)
        assert up.process.wait(timeout=30) == 0
        assert time.monotonic() - began < ENDS_WITHIN_S
        assert "worker stopped" in services.log_of("up")


@pytest.mark.postgresql
def test_a_server_of_an_older_schema_is_refused_and_left_alone(tmp_path: Path, postgres_server: PostgresServer) -> None:
    url = postgres_server.new_url()
    terminal = Terminal(tmp_path, {**QUIET, "DATABASE_URL": url, "API_PORT": str(free_port())})
    for command in ("up", "scheduler", "worker", "reminders"):
        outcome = terminal.run(command)
        assert outcome.code == 1
        assert "forward-factor db upgrade" in outcome.stderr
        assert_clean(outcome.stderr.replace("\x1b", ""))
    assert asyncio.run(read_store_status(url, POOL)).level.current is None
    postgres_server.drop(url)


@pytest.mark.sqlite
@pytest.mark.parametrize(
    ("command", "setting", "value", "says"),
    [
        ("worker", "SCAN_PROVIDER", "polygon", "POLYGON_API_KEY"),
        ("up", "API_PORT", "taken", "cannot listen"),
        ("scheduler", "SCAN_CADENCE_HIGH", "0", "SCAN_CADENCE_HIGH"),
    ],
)
def test_a_setting_that_cannot_work_ends_it_at_once(
    tmp_path: Path, command: str, setting: str, value: str, says: str
) -> None:
    with VendorServer() as taken:
        value = taken.url.rpartition(":")[2] if value == "taken" else value
        outcome = Terminal(tmp_path, {**QUIET, "SCAN_PROVIDER": "simulated", setting: value}).run(command)
    assert outcome.code == 2, outcome.stderr
    assert says in outcome.complaints[0]
    assert "Traceback" not in outcome.stderr


@pytest.mark.postgresql
async def test_a_worker_that_is_stopped_gives_back_what_it_has_begun(
    tmp_path: Path, postgres_server: PostgresServer
) -> None:
    url = postgres_server.cloned_url("newest", build)
    with VendorServer() as vendor:
        vendor.script("/v3/snapshot/options/SLOW", Answer(manner="hang"))
        environment = {
            **QUIET,
            "DATABASE_URL": url,
            "SCAN_PROVIDER": "polygon",
            "POLYGON_API_KEY": "key",
            "POLYGON_BASE_URL": vendor.url,
            "CLOCK_OFFSET_SECONDS": standing_at(IN_SESSION),
        }
        with fleet(tmp_path, environment) as services:
            async with open_store(url, POOL) as store:
                await _make_due(store, "SLOW")
                worker = services.start("worker", "worker", "--only", "scans")
                await asyncio.to_thread(services.wait_until, lambda: vendor.received, "the vendor is asked")
                assert await _slot(store) == ("open", 1, None)
                began = time.monotonic()
                code = await asyncio.to_thread(worker.stop)
                assert (code, await _slot(store)) == (0, ("open", 0, "stopped")), services.tails()
                assert time.monotonic() - began < ENDS_WITHIN_S
                async with store.engine.connect() as connection:
                    jobs = (await connection.execute(text("SELECT CAST(status AS text) FROM pgqueuer"))).scalars().all()
                assert jobs == ["queued"]  # for the next worker, at once
    postgres_server.drop(url)


async def _make_due(store: Store, ticker: str) -> None:
    now = IN_SESSION - timedelta(seconds=1)
    async with store.unit_of_work() as work:
        await work.slots.add([NewSlot(ticker, now, Cause.CADENCE, Tier.HIGH)])
        await work.commit()
    queue = store.scan_queue()
    assert queue is not None
    await queue.put({ticker: 10})


async def _slot(store: Store) -> tuple[str, int, str | None]:
    async with store.engine.connect() as connection:
        row = (await connection.execute(text("SELECT state, starts, reason FROM scan_slots"))).one()
    return row.state, row.starts, row.reason
