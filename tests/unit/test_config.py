"""Settings: typed, from the environment, every fault named together and no value repeated."""

from __future__ import annotations

from pathlib import Path

import pytest

from forward_factor.config import Settings, env_example
from forward_factor.errors import InvalidSettings

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.chdir(tmp_path)


def test_example_names_every_setting() -> None:
    assert (REPOSITORY / ".env.example").read_text() == env_example()


def test_all_faults_are_named_together_and_no_value_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DB_PORT", "s3cret")
    monkeypatch.setenv("RISK_FREE_RATE", "4")
    monkeypatch.setenv("KEEP_QUOTES", "s3cret")
    with pytest.raises(InvalidSettings) as raised:
        Settings.read()
    assert all(name in str(raised.value) for name in ("DB_PORT", "RISK_FREE_RATE", "KEEP_QUOTES"))
    assert "s3cret" not in str(raised.value)


def test_an_empty_value_is_no_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DB_PORT", "")
    assert Settings.read().db_port == 5432


def test_env_file_is_read_and_the_environment_goes_first(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("DB_USER=file\nDB_NAME=file\nUNKNOWN=ignored\n")
    monkeypatch.setenv("DB_NAME", "environment")
    settings = Settings.read()
    assert (settings.db_user, settings.db_name) == ("file", "environment")


def test_store_url_by_precedence(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings.read().store_url().startswith("sqlite:///")
    monkeypatch.setenv("DB_HOST", "db")
    monkeypatch.setenv("DB_PASSWORD", "p@ss/word")
    assert Settings.read().store_url() == "postgresql://ffbot:p%40ss%2Fword@db:5432/ffbot"
    monkeypatch.setenv("DATABASE_URL", "sqlite:///other.db")
    assert Settings.read().store_url() == "sqlite:///other.db"
    assert Settings.read().store_url("sqlite:///given.db") == "sqlite:///given.db"


def test_secrets_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://u:s3cret@h/d")
    monkeypatch.setenv("DB_PASSWORD", "s3cret")
    monkeypatch.setenv("POLYGON_API_KEY", "s3cret")
    assert "s3cret" not in repr(Settings.read())
