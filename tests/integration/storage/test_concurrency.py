"""Many processes scanning into one store at once: nothing locked, doubled or lost, whatever dies on the way."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from forward_factor.core.chain import Chain
from forward_factor.providers.files.write import write_chains
from forward_factor.storage.store import open_store
from tests.chains import AS_OF
from tests.integration.storage.conftest import POOL, build
from tests.integration.storage.scanning import dear_chain, fetch, rows_by_table, scan
from tests.servers.store import StoreServer

PROCESSES = 8
SHARED_TICKERS, OWN_TICKERS, INSTANTS = 12, 3, 4


@pytest.fixture
def chain_files(tmp_path: Path) -> list[Path]:
    """Files of one process each: the same chains in another order, and some of its own."""
    files = []
    for process in range(PROCESSES):
        chains = _chains([f"SAME{number}" for number in range(SHARED_TICKERS)])
        chains = chains[process * 5 :] + chains[: process * 5]
        own = _chains([f"OWN{process}X{number}" for number in range(OWN_TICKERS)])
        files.append(tmp_path / f"process{process}.parquet")
        write_chains([*chains, *own], files[-1])
    return files


def _chains(tickers: Sequence[str]) -> list[Chain]:
    return [dear_chain(ticker, AS_OF + timedelta(minutes=15 * n)) for n in range(INSTANTS) for ticker in tickers]


@pytest.mark.timeout(240)
async def test_eight_processes_scan_into_one_store(
    store_server: StoreServer, chain_files: list[Path], tmp_path: Path
) -> None:
    url = store_server.new_url()
    if store_server.name != "sqlite":  # a SQLite file is made by whoever comes first, all eight at once
        url = store_server.cloned_url("newest", build)
    processes = [_start(url, file, tmp_path) for file in chain_files]
    for process in processes:
        _, said = process.communicate(timeout=200)
        assert process.returncode == 0, said
        assert "locked" not in said
    await _assert_all_once(url)


@pytest.mark.timeout(240)
async def test_processes_killed_at_any_moment_lose_and_double_nothing(
    store_server: StoreServer, chain_files: list[Path], tmp_path: Path
) -> None:
    if not store_server.parallel and store_server.name != "sqlite":
        pytest.skip("WASM has one session at a time: killed clients are tested with the server itself")
    url = store_server.cloned_url("newest", build)
    for killed_after in (0.9, 1.2, 1.5):
        doomed = [_start(url, file, tmp_path) for file in chain_files[:3]]
        await asyncio.sleep(killed_after)
        for process in doomed:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
    for process in [_start(url, file, tmp_path) for file in chain_files]:
        _, said = process.communicate(timeout=200)
        assert process.returncode == 0, said
    await _assert_all_once(url)


async def _assert_all_once(url: str) -> None:
    tickers = SHARED_TICKERS + PROCESSES * OWN_TICKERS
    snapshots = tickers * INSTANTS
    async with open_store(url, POOL) as store:
        rows = await rows_by_table(store)
        assert rows["option_chain_snapshots"] == snapshots
        assert rows["option_quotes"] == snapshots * len(dear_chain().contracts)
        assert rows["candidates"] == snapshots * 3
        assert rows["term_structure"] == snapshots * 4
        signals = await fetch(store, "SELECT count(*), count(DISTINCT dedupe_key) FROM signals")
        assert signals == [(rows["signal_keys"], rows["signal_keys"])]
        # what the processes wrote is what one of them alone finds already there
        assert (await scan(store, _chains(["SAME1"]))).snapshots == 0


def _start(url: str, chains: Path, home: Path) -> subprocess.Popen[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("DATABASE", "DB_"))}
    return subprocess.Popen(
        [sys.executable, "-m", "forward_factor", "--database-url", url, "scan", "--json", "--chains", str(chains)],
        env={**environment, "HOME": str(home), "RAYON_NUM_THREADS": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
