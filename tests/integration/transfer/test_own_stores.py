"""Our own stores as sources: whatever a store holds moves on, the history of earlier moves included."""

from __future__ import annotations

from pathlib import Path

from forward_factor.services.replay_signal import replay_signal
from forward_factor.storage.engine import PoolSettings
from forward_factor.storage.store import open_store, upgrade_store
from tests.integration.storage.scanning import dear_chain, scan
from tests.integration.transfer.moving import copied, query, sqlite_url, verified
from tests.old_bot.compare import assert_same_files
from tests.servers.store import StoreServer


async def assert_replays(url: str) -> None:
    """Fail unless every signal, computed anew from the stored quotes, is what was stored, to the last bit."""
    async with open_store(url, PoolSettings()) as store:
        for (name,) in await query(url, "SELECT id FROM signals"):
            assert (await replay_signal(store.findings, str(name))).differences == ()


FACTS = "SELECT id, decision, signal_id, user_id, entry_price FROM signal_user_decisions ORDER BY id"


async def scanned(url: str, *tickers: str) -> None:
    """Scan into a store, and have somebody decide on what was found."""
    async with open_store(url, PoolSettings()) as store:
        for ticker in tickers:
            recorded = await scan(store, [dear_chain(ticker)])
            assert recorded.signals > 0
    for ticker in tickers:
        await query(url, f"INSERT INTO users (id, email) VALUES ('of-{ticker}', '{ticker}@example.com')")
        await query(
            url,
            "INSERT INTO signal_user_decisions (id, signal_id, user_id, decision, entry_price, signal_ticker) "
            f"SELECT 'on-{ticker}', min(id), 'of-{ticker}', 'place', 0.1, '{ticker}' FROM signals "
            f"WHERE ticker = '{ticker}'",
        )


async def test_a_store_with_a_past_moves_on_and_on(odd_file: Path, target: str, tmp_path: Path) -> None:
    """Old file, SQLite, a server or another file, SQLite, old file: nothing gets lost on the way."""
    first, last = sqlite_url(tmp_path / "first.db"), sqlite_url(tmp_path / "last.db")
    assert (await copied(odd_file, first)).status == "quarantined"
    assert (await copied(first, target)).status == "verified"
    assert (await copied(target, last)).status == "verified"
    for source, moved in ((first, target), (target, last)):
        assert (await verified(source, moved)).status == "verified"
    kept = "SELECT table_name, row_key, reason, row_values FROM transfer_quarantine ORDER BY 1, 2, 4"
    assert await query(first, kept) == await query(target, kept) == await query(last, kept) != []
    for store in (target, last):
        back = tmp_path / f"back-{store is last}.db"
        assert (await copied(store, back, to_legacy=True)).status == "verified"
        assert_same_files(odd_file, back)


async def test_a_scanned_store_moves_and_moves_again(target: str, back: str, store_server: StoreServer) -> None:
    source = target
    await upgrade_store(source, PoolSettings())
    await scanned(source, "DEAR", "FEAR")
    before = await query(source, FACTS)
    second = store_server.new_url()
    for one, other in ((source, back), (back, second)):
        report = await copied(one, other)
        assert report.status == "verified"
        assert report.tables["option_quotes"].target > 0
        assert report.tables["candidates"].target > 0
        assert (await verified(one, other)).status == "verified"
        assert await query(other, FACTS) == before
        await assert_replays(other)
    await scanned(source, "LATE")
    await query(source, "DELETE FROM signal_user_decisions WHERE id = 'on-FEAR'")
    assert (await copied(source, back)).status == "verified"
    assert (await copied(back, second)).status == "verified"
    assert await query(second, FACTS) == await query(source, FACTS)
    assert (await verified(back, second)).status == "verified"


async def test_the_way_back_lists_what_it_leaves_behind(target: str, tmp_path: Path) -> None:
    await upgrade_store(target, PoolSettings())
    await scanned(target, "DEAR")
    report = await copied(target, tmp_path / "legacy.db", to_legacy=True)
    assert report.status == "verified"
    assert report.left_behind["option_quotes"] > 0
    assert report.left_behind["candidates"] > 0
    assert report.left_behind["signal_user_decisions.signal_ticker"] == 1
