"""``worker --only discovery`` as a process: it makes the universe, and leaves when it is told to."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

from tests.e2e.command import COMMAND, Terminal

SETTINGS = {"DATABASE_URL": "sqlite:///store.db", "SCAN_PROVIDER": "simulated", "DISCOVERY_SIZE": "10"}


def test_the_universe_is_there_soon_after_the_start(tmp_path: Path) -> None:
    command = [*COMMAND, "worker", "--only", "discovery"]
    variables = Terminal(tmp_path, SETTINGS).variables({})
    events = []
    with subprocess.Popen(command, cwd=tmp_path, env=variables, stderr=subprocess.PIPE, text=True) as service:
        assert service.stderr is not None
        for line in service.stderr:
            events.append(json.loads(line)["event"])
            if events[-1] == "universe refreshed":
                service.send_signal(signal.SIGTERM)
        assert service.wait(20) == 0
    assert events[0] == "discovery started"
    assert events[-1] == "discovery stopped"
    with closing(sqlite3.connect(tmp_path / "store.db")) as file:
        assert file.execute("SELECT count(*) FROM universe WHERE is_member").fetchone() == (10,)
        services = {service for (service,) in file.execute("SELECT service FROM service_heartbeats")}
    assert services == {"discovery"}
