"""Several processes evaluate the same tickers at once: nobody is told twice, and nobody is forgotten."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from forward_factor.storage.store import open_store
from tests.integration.storage.alerting import AT_ONCE, Person, Told, deliveries, discover, let_in, told
from tests.integration.storage.conftest import POOL, build
from tests.integration.storage.racing import PROCESSES, ROUNDS
from tests.integration.storage.scanning import fetch
from tests.servers.store import StoreServer

REPOSITORY = Path(__file__).resolve().parents[3]
USERS = 5


@pytest.mark.timeout(240)
async def test_processes_that_scan_at_once_tell_each_user_once(store_server: StoreServer) -> None:
    url = store_server.cloned_url("newest", build)
    async with open_store(url, POOL) as store:
        watched = ("SAME", "RISES", "TWICE")
        steady = replace(AT_ONCE, discovery_mode=True)
        await let_in(store, *(Person(f"u{n}", steady, watched, (f"c{n}",)) for n in range(USERS)))
        await let_in(store, Person("eager", replace(AT_ONCE, cooldown_minutes=0), ("RISES",), ("e",)))
        await discover(store, "FOUND")
    _race(url)
    async with open_store(url, POOL) as store:
        alerts = await told(store)
        of_user = {name: [one for one in alerts if one.user == name] for name in {one.user for one in alerts}}
        for number in range(USERS):
            found = sorted(one.alert.ticker for one in of_user[f"u{number}"])
            assert found == ["FOUND", "RISES", "SAME", "TWICE"]
        _assert_rises(of_user["eager"])
        assert len(await deliveries(store)) == len(alerts)
        (marks,) = await fetch(store, "SELECT count(*) FROM alert_marks")
        assert marks == (USERS * 4 + 1,)


def _assert_rises(alerts: list[Told]) -> None:
    in_order = sorted((one.alert.as_of, one.alert.ff) for one in alerts)
    assert len(in_order) > 1
    assert all(later[1] >= earlier[1] + 0.02 - 1e-9 for earlier, later in pairwise(in_order))


def _race(url: str) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.integration.storage.racing", url, str(number)],
            cwd=REPOSITORY,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            bufsize=1,
        )
        for number in range(PROCESSES)
    ]
    for _ in range(ROUNDS):
        for process in processes:
            assert process.stdout is not None
            if process.stdout.readline() != "ready\n":
                _, said = process.communicate()
                pytest.fail(said)
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
    for process in processes:
        _, said = process.communicate(timeout=120)
        assert process.returncode == 0, said
