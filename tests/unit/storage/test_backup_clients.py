"""Which of the installed PostgreSQL programs is taken for a server, and what they are told."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from forward_factor.errors import StorageError
from forward_factor.storage.backup import clients
from forward_factor.storage.backup.clients import environment, find_client, installed_clients
from forward_factor.storage.backup.contents import major_of
from forward_factor.storage.engine import parse_database_url


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Programs of versions 15, 16 and 18, one folder each, and folders that hold none that work."""
    for name, says in {
        "18": "pg_dump (PostgreSQL) 18.6",
        "15": "pg_dump (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)",
        "16": "pg_dump (PostgreSQL) 16rc1",
        "other": "hello",
    }.items():
        for program in ("pg_dump", "pg_restore"):
            place = tmp_path / name / program
            place.parent.mkdir(exist_ok=True)
            place.write_text(f"#!/bin/sh\necho '{says}'\n")
            place.chmod(0o755)
    (tmp_path / "half").mkdir()
    (tmp_path / "half" / "pg_dump").touch(0o755)
    monkeypatch.setenv("PATH", os.pathsep.join(["", *(str(tmp_path / name) for name in ("other", "half", "18"))]))
    monkeypatch.setattr(clients, "USUAL_FOLDERS", (f"{tmp_path}/1*",))


@pytest.mark.usefixtures("installed")
class TestInstalled:
    def test_each_folder_counts_once(self) -> None:
        assert sorted(one.major for one in installed_clients()) == [15, 16, 18]

    @pytest.mark.parametrize(
        ("server", "oldest", "taken"), [(14, None, 15), (15, None, 15), (15, 16, 16), (17, None, 18), (18, 15, 18)]
    )
    def test_the_oldest_that_suits_is_taken(self, server: int, oldest: int | None, taken: int) -> None:
        assert find_client(server, oldest).major == taken

    def test_none_suits(self) -> None:
        with pytest.raises(StorageError, match=r"version 19 or newer, .* found on this machine: 15, 16, 18\."):
            find_client(19)

    def test_newer_programs_send_what_older_servers_refuse(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(clients, "USUAL_FOLDERS", ())
        with pytest.raises(StorageError, match=r"version 16 or newer, and before 17, .* found on this machine: 18\."):
            find_client(16)


def test_the_password_goes_into_the_environment_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPASSFILE", "kept")
    url = parse_database_url("postgresql://u:open%20sesame@h:5433/d?sslmode=require")
    told = environment(url)
    names = ("PGHOST", "PGPORT", "PGUSER", "PGPASSWORD", "PGSSLMODE", "PGPASSFILE")
    assert [told[name] for name in names] == ["h", "5433", "u", "open sesame", "require", "kept"]
    assert clients._database(url) == "dbname='d'"


def test_a_socket_and_no_password() -> None:
    told = environment(parse_database_url("postgresql:///d?host=/run/postgresql"))
    assert told["PGHOST"] == "/run/postgresql"
    assert told.get("PGPASSWORD") == os.environ.get("PGPASSWORD")


def test_a_databases_name_is_no_connection_string() -> None:
    assert clients._database(parse_database_url("postgresql://h/a'b=c%5Cd")) == "dbname='a\\'b=c\\\\d'"


@pytest.mark.parametrize(("version", "major"), [("18.6", 18), ("18beta1", 18), ("3.40.1", 3)])
def test_major_versions(version: str, major: int) -> None:
    assert major_of(version) == major
