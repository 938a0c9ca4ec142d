"""PostgreSQL's own programs: which of those installed suits a server, and how they are run."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from glob import glob
from pathlib import Path
from typing import IO

from sqlalchemy import URL

from forward_factor.errors import StorageError
from forward_factor.storage.backup.archive import CHUNK, Progress

USUAL_FOLDERS = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/usr/local/pgsql/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/opt/homebrew/opt/libpq/bin",
    "/usr/local/opt/postgresql@*/bin",
    "/usr/local/opt/libpq/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
)
SENDS_TRANSACTION_TIMEOUT = 17
"""From this version on the programs set ``transaction_timeout``, which older servers refuse."""
_ANSWER_SECONDS = 20
_FROM_URL = {"host": "PGHOST", "port": "PGPORT", "ssl": "PGSSLMODE", "passfile": "PGPASSFILE"}


@dataclass(frozen=True, slots=True)
class Client:
    """A folder with pg_dump and pg_restore of one major version."""

    folder: Path
    major: int


def find_client(server: int, oldest: int | None = None) -> Client:
    """Return the oldest installed client that suits a ``server`` and is not before ``oldest`` (majors).

    Raises:
        StorageError: none does; it says what to install.

    """
    least = max(server, oldest or 0)
    found = list(installed_clients())
    suitable = [one for one in found if one.major >= least and _speaks_alike(one.major, server)]
    if suitable:
        return min(suitable, key=lambda one: one.major)
    most = "" if server >= SENDS_TRANSACTION_TIMEOUT else f", and before {SENDS_TRANSACTION_TIMEOUT}"
    has = ", ".join(str(major) for major in sorted({one.major for one in found}))
    raise StorageError(
        f"this needs pg_dump and pg_restore of version {least} or newer{most}, for the server is PostgreSQL {server}; "
        f"found on this machine: {has or 'none'}. Install PostgreSQL's client programs, version {least}"
    )


def installed_clients() -> Iterator[Client]:
    """Yield the clients on PATH and in the usual folders."""
    usual = (folder for pattern in USUAL_FOLDERS for folder in sorted(glob(pattern)))  # noqa: PTH207
    for folder in dict.fromkeys([*os.environ.get("PATH", "").split(os.pathsep), *usual]):
        place = Path(folder)
        if folder and all(os.access(place / name, os.X_OK) for name in ("pg_dump", "pg_restore")):
            major = _major(place / "pg_dump")
            if major is not None:
                yield Client(place, major)


async def dump(client: Client, url: URL, snapshot: str, sink: IO[bytes], progress: Progress) -> None:
    """Write the database as it was at ``snapshot`` to ``sink``, in pg_dump's custom format."""
    arguments = ("--format=custom", "--no-password", f"--snapshot={snapshot}", f"--dbname={_database(url)}")
    async with _running(client, "pg_dump", arguments, url) as process:
        done = 0
        while chunk := await _stream(process.stdout).read(CHUNK):
            sink.write(chunk)
            done += len(chunk)
            progress("backing up", done, None)


async def restore(client: Client, url: URL, source: IO[bytes], size: int, progress: Progress) -> None:
    """Restore what ``dump`` wrote, in one transaction: all of it, or nothing."""
    options = ("--single-transaction", "--no-owner", "--no-privileges", "--no-password")
    async with _running(client, "pg_restore", (*options, f"--dbname={_database(url)}"), url) as process:
        if process.stdin is None:
            raise StorageError("pg_restore was started without a pipe")
        done = 0
        try:
            while chunk := source.read(CHUNK):
                process.stdin.write(chunk)
                await process.stdin.drain()
                done += len(chunk)
                progress("restoring", done, size)
        except (BrokenPipeError, ConnectionResetError):
            pass  # it ended early, and says itself why
        process.stdin.close()


@asynccontextmanager
async def _running(
    client: Client, program: str, arguments: Sequence[str], url: URL
) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        str(client.folder / program),
        *arguments,
        env=environment(url),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        limit=CHUNK,
    )
    errors = asyncio.create_task(_stream(process.stderr).read())
    try:
        yield process
        said = (await errors).decode(errors="replace")
        code = await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        errors.cancel()
    if code:
        raise StorageError(f"{program} failed: {_complaint(said)}")


def environment(url: URL) -> dict[str, str]:
    """Return the environment in which the programs find the server; no argument list holds a password."""
    given: Mapping[str, object] = {
        "PGHOST": url.host,
        "PGPORT": url.port,
        "PGUSER": url.username,
        "PGPASSWORD": url.password,
        **{_FROM_URL[name]: value for name, value in url.query.items() if name in _FROM_URL},
        "PGAPPNAME": "forward-factor",
        "LC_ALL": "C",
    }
    return os.environ | {name: str(value) for name, value in given.items() if value is not None}


def _database(url: URL) -> str:
    """Return the database as a connection string: its bare name could be one of another server."""
    name = (url.database or url.username or "").replace("\\", "\\\\").replace("'", "\\'")
    return f"dbname='{name}'"


def _complaint(said: str) -> str:
    """Return the first error, with the server's hint where there is one."""
    lines = [line.strip() for line in said.splitlines()]
    wanted = [line for line in lines if "error:" in line or "FATAL:" in line] or lines[-1:] or ["it said nothing"]
    hints = [line for line in lines if line.startswith("HINT:")]
    return " ".join([wanted[0].partition(" error: ")[2] or wanted[0], *hints[:1]])


def _speaks_alike(client: int, server: int) -> bool:
    return client < SENDS_TRANSACTION_TIMEOUT or server >= SENDS_TRANSACTION_TIMEOUT


def _major(program: Path) -> int | None:
    try:
        answer = subprocess.run(  # noqa: S603
            [program, "--version"], capture_output=True, text=True, timeout=_ANSWER_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.search(r"\(PostgreSQL\) (\d+)", answer.stdout)
    return int(found[1]) if found else None


def _stream(stream: asyncio.StreamReader | None) -> asyncio.StreamReader:
    if stream is None:
        raise StorageError("a program was started without pipes")
    return stream
