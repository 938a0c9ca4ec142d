"""``kill -9`` at any moment of a move, again and again, and the same command finishes it."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.e2e.command import COMMAND, Terminal
from tests.old_bot.compare import assert_same_files
from tests.old_bot.write import Amounts, write_old_file
from tests.servers.store import StoreServer

OLD, BACK = "sqlite:///ffbot.db", "sqlite:///back.db"
FEW = Amounts(users=200, signals=26_000, snapshots=1_500, decisions=1_500)
MANY = Amounts(users=2_000, signals=120_000, snapshots=8_000, decisions=8_000)
SOONEST_S = 0.5
HALF_A_COMMIT = """
import os, signal, sqlite3
file = sqlite3.connect("back.db")
file.execute("PRAGMA cache_size = 5")
file.execute("BEGIN")
file.execute("UPDATE signals SET provider = provider || 'x'")
os.kill(os.getpid(), signal.SIGKILL)
"""


def kill_often(terminal: Terminal, arguments: tuple[str, ...], times: int, chance: random.Random) -> list[float]:
    """Begin a command ``times`` times and kill it; return after how many seconds each time."""
    killed: list[float] = []
    longest = 4.0 * SOONEST_S
    while len(killed) < times:
        wait = chance.uniform(SOONEST_S, longest)
        with subprocess.Popen(
            [*COMMAND, *arguments],
            cwd=terminal.directory,
            env=terminal.variables({}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        ) as process:
            began = time.monotonic()
            try:
                _, said = process.communicate(timeout=wait)
            except subprocess.TimeoutExpired:
                process.kill()
                killed.append(wait)
                longest = max(longest, 1.5 * wait)
            else:
                assert process.returncode == 0, said.decode()
                longest = time.monotonic() - began
    return killed


def survive(terminal: Terminal, source: str, target: str, times: int, *options: str) -> None:
    """Kill a copy ``times`` times, let the next one end, and prove it."""
    chance = random.Random()
    killed = kill_often(terminal, ("db", "copy", source, target, *options), times, chance)
    done = terminal.run("db", "copy", source, target, "--json", *options)
    assert (done.code, done.complaints) == (0, []), (killed, done.stderr)
    assert done.objects[0]["status"] == "verified", killed
    proved = terminal.run("db", "verify", source, target, "--json")
    assert (proved.code, proved.complaints) == (0, []), (killed, proved.stderr, proved.stdout)


def there_and_back(terminal: Terminal, server: StoreServer, amounts: Amounts, times: int) -> None:
    write_old_file(terminal.directory / "ffbot.db", amounts)
    target = server.new_url()
    survive(terminal, OLD, target, times)
    survive(terminal, target, BACK, times, "--target-schema", "legacy")
    assert_same_files(terminal.directory / "ffbot.db", terminal.directory / "back.db")


def test_a_killed_move_is_finished(tmp_path: Path, store_server: StoreServer) -> None:
    there_and_back(Terminal(tmp_path), store_server, FEW, 3)


@pytest.mark.drill
@pytest.mark.timeout(1800)
def test_a_big_move_is_killed_five_times(tmp_path: Path, store_server: StoreServer) -> None:
    there_and_back(Terminal(tmp_path), store_server, MANY, 5)


def test_a_move_killed_amid_a_commit_is_finished(tmp_path: Path) -> None:
    """What SQLite calls a hot journal: the next one to open the file must roll back, and for that may write."""
    terminal = Terminal(tmp_path)
    write_old_file(tmp_path / "ffbot.db", Amounts())
    assert terminal.run("db", "copy", OLD, "sqlite:///ours.db").code == 0
    back = ("db", "copy", "sqlite:///ours.db", BACK, "--target-schema", "legacy")
    assert terminal.run(*back).code == 0
    subprocess.run([sys.executable, "-c", HALF_A_COMMIT], cwd=tmp_path, check=False)
    assert (tmp_path / "back.db-journal").exists()
    done = terminal.run(*back)
    assert (done.code, done.complaints) == (0, []), done.stderr
    assert_same_files(tmp_path / "ffbot.db", tmp_path / "back.db")
