"""The budget of requests: several processes together keep what one may ask."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from forward_factor.storage.store import open_store
from tests.fakes.vendor_server import Answer, VendorServer
from tests.integration.storage.conftest import POOL, build
from tests.servers.store import StoreServer

REPOSITORY = Path(__file__).resolve().parents[3]
PROCESSES, REQUESTS, A_SECOND = 3, 16, 20


async def test_blocks_come_one_after_the_other(postgres_store: StoreServer) -> None:
    async with open_store(postgres_store.cloned_url("newest", build), POOL) as store:
        assert store.budgets is not None
        here, there, other = (store.budgets.of(name, 60) for name in ("polygon", "polygon", "cboe"))
        waits = [await here.reserve(1), await there.reserve(5), await here.reserve(1), await other.reserve(1)]
        assert waits == pytest.approx([0, 1, 6, 0], abs=0.5)
        await there.hold(100.0)
        assert await here.reserve(1) == pytest.approx(100, abs=0.5)


async def test_a_pause_does_not_save_up_requests(postgres_store: StoreServer) -> None:
    async with open_store(postgres_store.cloned_url("newest", build), POOL) as store:
        assert store.budgets is not None
        budget = store.budgets.of("polygon", 600)
        await budget.reserve(1)
        await asyncio.sleep(0.5)
        assert await budget.reserve(10) == 0
        assert await budget.reserve(1) == pytest.approx(1.0, abs=0.3)


@pytest.mark.sqlite
async def test_one_process_needs_no_shared_budget(tmp_path: Path) -> None:
    async with open_store(f"sqlite:///{tmp_path}/ff.db", POOL) as store:
        assert store.budgets is None


@pytest.mark.postgresql
def test_processes_together_keep_the_rate_of_one(postgres_server: StoreServer) -> None:
    url = postgres_server.cloned_url("newest", build)
    with VendorServer() as vendor:
        vendor.script("/x", Answer(b"{}"))
        processes = [_start(url, vendor.url) for _ in range(PROCESSES)]
        for one in processes:
            assert one.stdout is not None
            assert one.stdout.readline() == "ready\n"
        for one in processes:
            assert one.stdin is not None
            one.stdin.write("go\n")
            one.stdin.flush()
        for one in processes:
            _, said = one.communicate(timeout=60)
            assert one.returncode == 0, said
        times = sorted(one.at for one in vendor.received)
    postgres_server.drop(url)
    assert len(times) == PROCESSES * REQUESTS
    block = A_SECOND // 5
    for first in range(len(times)):
        within = sum(times[first] <= at < times[first] + 1 for at in times)
        assert within <= A_SECOND + PROCESSES * block
    assert times[-1] - times[0] >= (PROCESSES * REQUESTS - PROCESSES * block) / A_SECOND
    assert times[-1] - times[0] <= 2 * PROCESSES * REQUESTS / A_SECOND + 1


def _start(store_url: str, vendor_url: str) -> subprocess.Popen[str]:
    arguments = (store_url, vendor_url, str(REQUESTS), str(A_SECOND * 60))
    return subprocess.Popen(
        [sys.executable, "-m", "tests.integration.storage.requesting", *arguments],
        cwd=REPOSITORY,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
