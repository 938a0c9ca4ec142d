"""Scans into each store: everything kept, once only, and replayable to the last bit."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest
from sqlalchemy import text

from forward_factor.clock import FixedClock
from forward_factor.core.chain import Chain, Contracts, Rejection
from forward_factor.core.earnings import EarningsEvent, Timing
from forward_factor.core.rules import ScanRules, VolPoint
from forward_factor.errors import NotFound
from forward_factor.providers.simulated import SimulatedMarket
from forward_factor.services.explain_ticker import explain_ticker
from forward_factor.services.import_events import import_events
from forward_factor.services.keep_quotes import KeepQuotes
from forward_factor.services.replay_signal import replay_signal
from forward_factor.storage.store import Store
from tests.chains import AS_OF
from tests.integration.storage.scanning import NOW, RULES, dear_chain, execute, fetch, rows_by_table, scan

TIMES = ("signals_hourly", "bucket"), ("signals_daily_summary", "day")


async def test_everything_of_a_scan_is_kept(store: Store) -> None:
    chain = replace(dear_chain(), rejected=(Rejection("unreadable_strike", 3),))
    recorded = await scan(store, [chain])
    rows = await rows_by_table(store)
    assert recorded.snapshots == rows["option_chain_snapshots"] == 1
    assert recorded.quotes == rows["option_quotes"] == len(chain.contracts)
    assert recorded.signals == rows["signals"] == rows["signal_keys"] == 6  # 30/60 and 30/90 at three points
    assert rows["candidates"] == 9
    assert rows["term_structure"] == 4


async def test_repeating_a_scan_changes_nothing(store: Store) -> None:
    chains = [dear_chain("AAA"), dear_chain("BBB")]
    await scan(store, chains)
    before = await _everything(store)
    for _ in range(2):
        assert (await scan(store, chains)).snapshots == 0
    assert await _everything(store) == before


async def test_a_retry_after_half_a_transaction_stores_all_once(store: Store) -> None:
    chain = dear_chain()
    async with store.unit_of_work() as work:
        await work.scans.previous_readings([chain])  # nothing committed: as if the process died here
    await scan(store, [chain])
    assert (await rows_by_table(store))["signals"] == 6


async def test_later_vol_points_are_added_to_a_stored_snapshot(store: Store) -> None:
    chain = dear_chain()
    await scan(store, [chain], ScanRules(vol_points=(VolPoint.ATM,)))
    await scan(store, [chain], ScanRules(vol_points=(VolPoint.PUT_35D,)))
    rows = await rows_by_table(store)
    assert (rows["option_chain_snapshots"], rows["candidates"], rows["signals"]) == (1, 6, 4)
    assert rows["option_quotes"] == len(chain.contracts)


async def test_a_looser_scan_of_the_same_instant_adds_no_signal_to_refused_candidates(store: Store) -> None:
    await scan(store, [dear_chain()], replace(RULES, ff_threshold=5.0))
    before = await _everything(store)
    assert (await scan(store, [dear_chain()], RULES)).signals == 0
    assert await _everything(store) == before


async def test_candidates_added_later_replay_with_what_was_known_then(store: Store) -> None:
    chain = dear_chain()
    unmoved = EarningsEvent("DEAR", date(2026, 9, 30), Timing.AFTER_CLOSE, is_confirmed=True, source="test")
    await scan(store, [chain], ScanRules(vol_points=(VolPoint.ATM,)))
    await import_events(store, FixedClock(NOW), [unmoved])
    await scan(store, [chain], ScanRules(vol_points=(VolPoint.PUT_35D,)))
    signals = await store.findings.signals()
    assert {signal.vol_point for signal in signals} == {"ATM", "35d_put"}
    for signal in signals:
        assert (await replay_signal(store.findings, signal.id)).differences == ()


async def test_every_signal_replays_to_the_last_bit(store: Store) -> None:
    market = SimulatedMarket(size=25)
    instant = datetime(2026, 8, 19, 19, 0, tzinfo=UTC)
    await scan(store, [market.chain(ticker, instant) for ticker in market.tickers])
    await scan(store, [dear_chain()])
    signals = await store.findings.signals()
    assert len(signals) > 6
    for signal in signals:
        assert (await replay_signal(store.findings, signal.id)).differences == ()


async def test_odd_numbers_replay_to_the_last_bit(store: Store) -> None:
    """Prices off the cent, vendor vols of 17 digits, duplicates, missing values, a full chain."""
    chain = _odd(dear_chain())
    await scan(store, [chain], keep=KeepQuotes.FULL)
    signals = await store.findings.signals()
    assert signals
    for signal in signals:
        replay = await replay_signal(store.findings, signal.id)
        assert replay.differences == ()
        assert "duplicate_contract" in replay.stored.flags


def _odd(chain: Chain) -> Chain:
    contracts = chain.contracts
    generator = np.random.default_rng(5)
    first = contracts.take(np.arange(len(contracts)))
    twice = Contracts.concatenate([
        replace(first, volume=first.volume + 0.5, iv=generator.uniform(0.1, 0.9, len(first)), last=first.last * np.nan),
        replace(first, open_interest=first.open_interest - 1, bid=first.bid / 2),
    ])  # fmt: skip
    return replace(chain, contracts=twice.take(generator.permutation(len(twice))), spot=99.98765432109876)


async def test_replay_needs_a_known_id(store: Store) -> None:
    with pytest.raises(NotFound):
        await replay_signal(store.findings, "nothing%")


async def test_signal_of_the_old_bot_cannot_be_replayed_and_says_so(store: Store) -> None:
    async with store.engine.begin() as connection:
        await connection.execute(
            text(
                "INSERT INTO signals (id, ticker, as_of_ts, is_discovery, reason_codes) "
                "VALUES ('old-1', 'SPY', :at, false, '[]')"
            ).bindparams(at=AS_OF if store.capabilities.engine == "postgresql" else "2025-01-02 15:00:00.000000")
        )
    with pytest.raises(NotFound, match="not kept"):
        await replay_signal(store.findings, "old-1")


async def test_same_quotes_again_are_stale_and_give_no_signal(store: Store) -> None:
    await scan(store, [dear_chain()])
    again = replace(dear_chain(), as_of=AS_OF + timedelta(hours=3))
    recorded = await scan(store, [again])
    assert (recorded.snapshots, recorded.signals) == (1, 0)
    explained = await explain_ticker(store.findings, "DEAR")
    assert explained.as_of == again.as_of
    assert all("stale_quotes" in one.reasons for one in explained.candidates)
    earlier = await explain_ticker(store.findings, "DEAR", AS_OF)
    assert any(one.is_signal for one in earlier.candidates)


async def test_known_earnings_refuse_and_show_both_factors(store: Store) -> None:
    announced = EarningsEvent("DEAR", date(2026, 6, 20), Timing.AFTER_CLOSE, is_confirmed=True, source="test")
    assert (await import_events(store, FixedClock(NOW), [announced, announced])).announcements == 1
    recorded = await scan(store, [dear_chain()])
    assert recorded.signals == 0
    explained = await explain_ticker(store.findings, "DEAR")
    front = next(one for one in explained.candidates if (one.pair, one.vol_point) == ("30/60", "ATM"))
    assert front.earnings_on == date(2026, 6, 20)
    assert "earnings_in_window" in front.reasons
    assert front.ff is not None


async def test_a_later_word_on_an_announcement_replaces_the_earlier(store: Store) -> None:
    guess = EarningsEvent("AAA", date(2026, 6, 20), Timing.UNKNOWN, is_confirmed=None, source="guess")
    known = replace(guess, timing=Timing.BEFORE_OPEN, is_confirmed=True, source="company")
    other = replace(guess, ticker="BBB")
    await import_events(store, FixedClock(NOW), [guess, other])
    await import_events(store, FixedClock(NOW), [known])
    async with store.reading() as work:
        found = await work.earnings.of_tickers(["AAA", "BBB", "CCC"])
    assert found == {"AAA": (known,), "BBB": (other,)}


@pytest.mark.parametrize(
    ("keep", "kept"), [(KeepQuotes.WINDOW, "window"), (KeepQuotes.FULL, "full"), (KeepQuotes.DAILY, "window")]
)
async def test_what_is_kept_of_a_chain_in_session(store: Store, keep: KeepQuotes, kept: str) -> None:
    market = SimulatedMarket(tickers=["SPY"])
    chain = market.chain("SPY", datetime(2026, 8, 19, 18, 0, tzinfo=UTC))
    recorded = await scan(store, [chain], keep=keep)
    assert await fetch(store, "SELECT kept FROM option_chain_snapshots") == [(kept,)]
    assert (recorded.quotes == len(chain.contracts)) == (kept == "full")


async def test_daily_keeps_the_first_chain_after_the_close(store: Store) -> None:
    market = SimulatedMarket(tickers=["SPY"])
    instants = [datetime(2026, 8, 19, hour, 30, tzinfo=UTC) for hour in (19, 20, 22)]
    for instant in instants:
        await scan(store, [market.chain("SPY", instant)], keep=KeepQuotes.DAILY)
    kept = await fetch(store, "SELECT kept FROM option_chain_snapshots ORDER BY as_of_ts")
    assert kept == [("window",), ("full",), ("window",)]


async def test_aggregates_equal_a_plain_count(store: Store) -> None:
    await scan(store, [dear_chain("AAA"), dear_chain("BBB"), dear_chain("AAA", AS_OF + timedelta(days=1, minutes=7))])
    for view, bucket in TIMES:
        rows = await fetch(store, f"SELECT ticker, signal_count, avg_ff FROM {view} ORDER BY {bucket}, ticker")
        assert [(ticker, count) for ticker, count, _ in rows] == [("AAA", 6), ("BBB", 6), ("AAA", 6)]
        assert rows[0][2] == pytest.approx(rows[1][2])


async def test_chain_without_live_contracts_is_recorded_with_its_reasons(store: Store) -> None:
    empty = replace(dear_chain(), contracts=Contracts.empty())
    recorded = await scan(store, [empty, dear_chain("GOOD")])
    assert (recorded.snapshots, recorded.signals) == (2, 6)
    explained = await explain_ticker(store.findings, "DEAR")
    assert {one.reasons for one in explained.candidates} == {("no_front_expiry", "no_back_expiry")}


async def test_rules_are_stored_once_and_read_back(store: Store) -> None:
    rules = replace(RULES, ff_threshold=0.123456789012345, risk_free_rate=0.0375)
    await scan(store, [dear_chain()], rules)
    await scan(store, [dear_chain("OTHER")], rules)
    assert (await rows_by_table(store))["scan_parameters"] == 1
    signal = (await store.findings.signals())[0]
    stored = await store.findings.stored_scan(signal)
    assert stored is not None
    assert stored.rules == rules


async def test_signals_are_filtered_and_newest_first(store: Store) -> None:
    later = AS_OF + timedelta(days=1)
    await scan(store, [dear_chain("AAA"), dear_chain("BBB", later)])
    assert [one.ticker for one in await store.findings.signals()] == ["BBB"] * 6 + ["AAA"] * 6
    assert {one.ticker for one in await store.findings.signals(ticker="AAA")} == {"AAA"}
    assert {one.as_of for one in await store.findings.signals(since=later)} == {later}
    assert len(await store.findings.signals(limit=2)) == 2


async def test_deleting_a_user_takes_what_is_the_users(store: Store) -> None:
    await execute(
        store,
        "INSERT INTO users (id) VALUES ('u1')",
        "INSERT INTO subscriptions (user_id, ticker, active) VALUES ('u1', 'SPY', true)",
        "DELETE FROM users WHERE id = 'u1'",
    )
    assert (await rows_by_table(store))["subscriptions"] == 0


async def _everything(store: Store) -> dict[str, list[tuple[object, ...]]]:
    tables = ("signals", "signal_keys", "option_chain_snapshots", "candidates", "term_structure", "option_quotes")
    return {table: sorted(await fetch(store, f"SELECT * FROM {table}"), key=repr) for table in tables}
