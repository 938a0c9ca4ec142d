"""TimescaleDB less than whole: the Apache edition, and a role that may not make the extension."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Connection

from forward_factor.errors import ForwardFactorError
from forward_factor.storage import capabilities
from forward_factor.storage.capabilities import Capabilities, read_capabilities
from forward_factor.storage.engine import parse_database_url
from forward_factor.storage.transfer import targets
from tests.integration.transfer.moving import copied, query, verified
from tests.old_bot.compare import assert_same_files
from tests.servers.native import TimescaleNativeServer
from tests.servers.sql import run_sql
from tests.servers.store import new_name

pytestmark = [pytest.mark.timescale, pytest.mark.timescale_native]


async def test_the_apache_edition_is_a_target_and_says_what_it_lacks(
    odd_file: Path, timescale_native_server: TimescaleNativeServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The license is the whole server's and cannot be set for a test, so the answer to the question is."""

    def as_apache(connection: Connection) -> Capabilities:
        return replace(read_capabilities(connection), edition="apache")

    monkeypatch.setattr(capabilities, "read_capabilities", as_apache)
    monkeypatch.setattr(targets, "read_capabilities", as_apache)
    url = timescale_native_server.new_url()
    try:
        report = await copied(odd_file, url)
        assert report.status == "quarantined"
        assert report.shortfall
        assert "Apache" in report.shortfall
        assert await query(url, "SELECT count(*) FROM timescaledb_information.chunks WHERE is_compressed") == [(0,)]
        assert (await verified(odd_file, url)).status == "quarantined"
        back = tmp_path / "back.db"
        assert (await copied(url, back, to_legacy=True)).status == "verified"
        assert_same_files(odd_file, back)
    finally:
        timescale_native_server.drop(url)


async def test_a_later_pass_reaches_compressed_chunks(
    plain_file: Path, timescale_native_server: TimescaleNativeServer
) -> None:
    url = timescale_native_server.new_url()
    try:
        await copied(plain_file, url)
        compressed = "SELECT count(*) FROM timescaledb_information.chunks WHERE is_compressed"
        ((before,),) = await query(url, compressed)
        assert before > 0
        with closing(sqlite3.connect(plain_file)) as file:
            file.execute("UPDATE signals SET ff_value = -1 WHERE rowid % 10 = 0")
            file.execute("DELETE FROM option_chain_snapshots WHERE rowid % 10 = 0")
            file.commit()
        assert (await copied(plain_file, url)).status == "verified"
        assert (await verified(plain_file, url)).status == "verified"
        assert await query(url, "SELECT count(*) FROM signals WHERE ff_value = -1") == [(120,)]
        assert await query(url, compressed) == [(before,)]
        paused = await query(url, "SELECT count(*) FROM timescaledb_information.jobs WHERE NOT scheduled")
        assert paused == [(0,)]
    finally:
        timescale_native_server.drop(url)


async def test_a_role_that_may_not_make_the_extension(
    plain_file: Path, timescale_native_server: TimescaleNativeServer
) -> None:
    url = timescale_native_server.new_url()
    role = new_name()
    run_sql(url, "DROP EXTENSION timescaledb", f"CREATE ROLE {role} LOGIN", f"GRANT ALL ON SCHEMA public TO {role}")
    try:
        with pytest.raises(ForwardFactorError, match=r"CREATE EXTENSION|pg_hba|authentication") as caught:
            await copied(plain_file, parse_database_url(url).set(username=role).render_as_string(hide_password=False))
        assert "\n" not in str(caught.value)
    finally:
        timescale_native_server.drop(url)
        admin = parse_database_url(url).set(database="postgres").render_as_string(hide_password=False)
        run_sql(admin, f"DROP ROLE {role}")
