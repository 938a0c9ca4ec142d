"""Alerts on every store: who is told of what, once, in the transaction of the scan."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import event, text

from forward_factor.clock import FixedClock
from forward_factor.core.account_settings import AccountSettings, QuietHours
from forward_factor.core.chain import Chain
from forward_factor.core.earnings import EarningsEvent, Timing
from forward_factor.core.rules import DEFAULT_PAIRS, PairRule, VolPoint
from forward_factor.core.scan import ScanBatch
from forward_factor.core.structure import Structure
from forward_factor.errors import StorageError
from forward_factor.services.evaluate_alerts import EvaluateAlerts
from forward_factor.services.gather_digests import gather_digests
from forward_factor.services.keep_quotes import KeepQuotes
from forward_factor.services.ports import ScanFollower, UnitOfWork
from forward_factor.services.replay_signal import replay_signal
from forward_factor.services.scan_tickers import ScanTickers
from forward_factor.storage.store import Store
from tests.chains import AS_OF, priced_chain
from tests.integration.storage.alerting import AT_ONCE, RULES, Person, deliveries, discover, let_in, scan_live, told
from tests.integration.storage.scanning import GivenChains, fetch, rows_by_table

MINUTES = timedelta(minutes=1)


def chain_at(minutes: int, front: float = 0.45, ticker: str = "DEAR") -> Chain:
    """Return a chain whose 30/60 front has that vol; every minute its quotes differ a little."""
    vols = {30: front, 60: 0.35, 90: 0.34}
    return priced_chain(vols, ticker, AS_OF + minutes * MINUTES, spot=100 + minutes / 1000)


async def test_an_alert_says_what_was_found_and_goes_to_every_active_chat(store: Store) -> None:
    await let_in(store, Person("ann", chats=("1", "2", "dead")), Person("bob"), Person("cy", watches=("OTHER",)))
    await scan_live(store, chain_at(0))
    ann, bob = await told(store)
    assert (ann.user, bob.user, ann.state, ann.kind, ann.due_at) == ("ann", "bob", "open", "alert", AS_OF)
    assert [(chat, state) for _, chat, state in await deliveries(store)] == [("1", "open"), ("2", "open")]
    (signal,) = [one for one in await store.findings.signals() if one.id == ann.signal_id]
    facts = ann.alert
    assert (facts.ticker, facts.pair, facts.vol_point, facts.structure) == ("DEAR", "30/60", "ATM", Structure.CALL)
    assert (facts.ff, facts.ff_low, facts.sigma_fwd) == (signal.ff, signal.ff_low, signal.sigma_fwd)
    assert (facts.front_expiry, facts.back_expiry) == (date(2026, 7, 1), date(2026, 7, 31))
    assert (facts.as_of, facts.underlying_price, facts.scans, facts.is_discovery) == (AS_OF, 100.0, 1, False)
    assert facts.open_interest == 5000
    assert await fetch(store, "SELECT count(*) FROM alert_marks") == [(2,)]


async def test_nobody_is_told_twice_however_often_a_scan_is_repeated(store: Store) -> None:
    await let_in(store, Person("ann", chats=("1",)))
    for _ in range(3):
        await scan_live(store, chain_at(0))
    assert len(await told(store)) == len(await deliveries(store)) == 1


async def test_stability_counts_scans_in_a_row(store: Store) -> None:
    await let_in(
        store, Person("two", replace(AT_ONCE, stability_scans=2)), Person("three", replace(AT_ONCE, stability_scans=3))
    )
    for minutes, front in ((0, 0.45), (3, 0.36), (6, 0.45), (9, 0.45), (12, 0.45)):
        await scan_live(store, chain_at(minutes, front))
    assert [(one.user, one.alert.as_of - AS_OF, one.alert.scans) for one in await told(store)] == [
        ("two", 9 * MINUTES, 2), ("three", 12 * MINUTES, 3),
    ]  # fmt: skip


async def test_a_scan_that_did_not_look_at_the_pair_ends_a_run(store: Store) -> None:
    await let_in(store, Person("ann", replace(AT_ONCE, stability_scans=2)))
    await scan_live(store, chain_at(0))
    await scan_live(store, chain_at(3), rules=replace(RULES, pairs=DEFAULT_PAIRS[1:]))
    await scan_live(store, chain_at(6))
    assert await told(store) == []
    await scan_live(store, chain_at(9))
    assert len(await told(store)) == 1


async def test_cooldown_and_the_rise_since_the_last_alert(store: Store) -> None:
    await let_in(
        store, Person("ann", replace(AT_ONCE, cooldown_minutes=60)), Person("bob", replace(AT_ONCE, cooldown_minutes=0))
    )
    for minutes, front in ((0, 0.45), (30, 0.46), (59, 0.47), (60, 0.45), (63, 0.4501), (66, 0.46), (300, 0.46)):
        await scan_live(store, chain_at(minutes, front))
    alerts = [(one.user, (one.alert.as_of - AS_OF) // MINUTES) for one in await told(store)]
    assert [minutes for user, minutes in alerts if user == "ann"] == [0, 66]
    assert [minutes for user, minutes in alerts if user == "bob"] == [0, 30, 59]


async def test_marks_of_one_expiry_pair_do_not_mute_another(store: Store) -> None:
    both = replace(AT_ONCE, pairs=DEFAULT_PAIRS[:2])
    await let_in(store, Person("ann", both))
    await scan_live(store, chain_at(0))
    assert sorted(one.alert.pair for one in await told(store)) == ["30/60", "30/90"]


async def test_pairs_that_choose_the_same_expiries_give_one_alert(store: Store) -> None:
    wide = PairRule(32, 62, 5, 10)
    await let_in(
        store,
        Person("ann", replace(AT_ONCE, pairs=(wide, DEFAULT_PAIRS[0]))),
        Person("bob", replace(AT_ONCE, pairs=(wide,))),
    )
    await scan_live(store, chain_at(0), rules=replace(RULES, pairs=(DEFAULT_PAIRS[0], wide)))
    ann, bob = await told(store)
    assert (ann.alert.pair, bob.alert.pair) == ("30/60", "32/62")
    assert ann.signal_id == bob.signal_id
    assert await fetch(store, "SELECT count(*) FROM signals WHERE vol_point = 'ATM'") == [(1,)]


async def test_a_looser_user_has_a_signal_of_what_the_shared_rules_refuse(store: Store) -> None:
    await let_in(store, Person("ann", replace(AT_ONCE, ff_threshold=0.01, min_volume=0)), Person("bob"))
    await scan_live(store, chain_at(0, 0.36), chain_at(0, 0.34, "OTHER"))
    (ann,) = await told(store)
    (signal,) = await store.findings.signals()
    assert ann.signal_id == signal.id
    assert 0.01 <= ann.alert.ff < 0.2
    assert await fetch(store, "SELECT CAST(reason_codes AS varchar) FROM signals") == [('["ff_below_threshold"]',)]
    assert (await replay_signal(store.findings, signal.id)).differences == ()
    assert await fetch(store, "SELECT is_signal FROM candidates WHERE pair = '30/60' AND ticker = 'DEAR'") == [
        (False,)
    ] * 3 or (store.capabilities.engine == "sqlite")


async def test_a_double_needs_both_points_and_tells_of_the_weaker(store: Store) -> None:
    await let_in(store, Person("ann", replace(AT_ONCE, preferred_structure="double_calendar")))
    await scan_live(store, chain_at(0), rules=replace(RULES, vol_points=(VolPoint.ATM, VolPoint.PUT_35D)))
    assert await told(store) == []
    await scan_live(store, chain_at(3))
    (ann,) = await told(store)
    both = await fetch(store, "SELECT vol_point, ff_value FROM candidates WHERE pair = '30/60' AND vol_point <> 'ATM'")
    assert (ann.alert.vol_point, ann.alert.ff) in both
    assert ann.alert.ff == min(float(str(ff)) for _, ff in both if ff)
    assert ann.alert.structure is Structure.DOUBLE


async def test_earnings_in_the_window_refuse_unless_the_factor_without_them_is_preferred(store: Store) -> None:
    announced = EarningsEvent("DEAR", date(2026, 6, 20), Timing.AFTER_CLOSE, is_confirmed=True, source="test")
    async with store.unit_of_work() as work:
        await work.earnings.add([announced])
        await work.commit()
    ex = replace(AT_ONCE, ex_earnings=True, ff_threshold=-0.5)
    await let_in(store, Person("ann", ex), Person("bob"), Person("cy", replace(ex, sigma_fwd_floor=0.9)))
    chain = priced_chain({7: 0.30, 30: 0.45, 60: 0.38, 90: 0.36, 110: 0.35}, "DEAR")
    await scan_live(store, chain)
    (ann,) = await told(store)
    assert ann.alert.by_ex_earnings
    assert ann.alert.earnings_on == date(2026, 6, 20)
    assert ann.alert.ff_ex_earnings is not None
    assert ann.alert.ff_ex_earnings < ann.alert.ff


async def test_a_scan_older_than_the_newest_or_than_half_an_hour_alerts_nobody(store: Store) -> None:
    await let_in(store, Person("ann"))
    await scan_live(store, chain_at(0), now=AS_OF + 31 * MINUTES)
    await scan_live(store, chain_at(20, 0.34))
    await scan_live(store, chain_at(10), now=AS_OF + 20 * MINUTES)
    await scan_live(store, chain_at(80), now=AS_OF + 20 * MINUTES)
    assert await told(store) == []
    await scan_live(store, chain_at(81), chain_at(82), chain_at(60))
    assert [one.alert.as_of for one in await told(store)] == [AS_OF + 82 * MINUTES]


async def test_paused_disabled_and_gone_users_are_told_nothing(store: Store) -> None:
    await let_in(
        store,
        Person("ann", replace(AT_ONCE, alerts_paused=True)),
        Person("bob", status="disabled"),
        Person("cy", status=" Active "),
        Person("lower", watches=("dear", "DEAR")),
    )
    await scan_live(store, chain_at(0))
    assert [one.user for one in await told(store)] == ["cy", "lower"]


async def test_a_user_without_settings_has_the_applications(store: Store) -> None:
    async with store.engine.begin() as connection:
        await connection.execute(text("INSERT INTO users (id) VALUES ('moved')"))
        await connection.execute(
            text("INSERT INTO subscriptions (user_id, ticker, active) VALUES ('moved', 'DEAR', true)")
        )
    await scan_live(store, chain_at(0))
    assert await told(store) == []
    await scan_live(store, chain_at(3), defaults=AccountSettings(ff_threshold=5.0))
    assert await told(store) == []
    await scan_live(store, chain_at(6))
    assert [one.user for one in await told(store)] == ["moved", "moved"]


async def test_quiet_hours_gather_alerts_into_one_digest(store: Store) -> None:
    quiet = replace(AT_ONCE, quiet_hours=QuietHours(True, "13:00", "15:30"), timezone="America/New_York")
    await let_in(store, Person("ann", quiet, ("DEAR", "TOO"), chats=("1",)), Person("bob", chats=("2",)))
    await scan_live(store, chain_at(0), chain_at(0, ticker="TOO"))  # 14:00 in New York
    await scan_live(store, chain_at(10, 0.5, "TOO"))
    end = datetime(2026, 6, 1, 19, 30, tzinfo=UTC)
    waiting = [one for one in await told(store) if one.user == "ann"]
    assert [(one.state, one.due_at) for one in waiting] == [("waiting", end)] * 2
    assert [chat for _, chat, _ in await deliveries(store)] == ["2"]
    clock = FixedClock(end - MINUTES)
    assert await gather_digests(store, clock) == 0
    clock = FixedClock(end)
    assert await gather_digests(store, clock) == 1
    assert await gather_digests(store, clock) == 0
    (digest,) = [one for one in await told(store) if one.kind == "digest"]
    assert [one.ticker for one in digest.facts.alerts] == ["DEAR", "TOO"]  # type: ignore[union-attr]
    gathered = [one for one in await told(store) if one.user == "ann" and one.kind == "alert"]
    assert {(one.state, one.digest_id) for one in gathered} == {("digested", digest.id)}
    assert [(one, chat) for one, chat, _ in await deliveries(store) if chat == "1"] == [(digest.id, "1")]


async def test_a_digest_waits_while_it_is_quiet_again_or_its_user_is_paused(store: Store) -> None:
    quiet = replace(AT_ONCE, quiet_hours=QuietHours(True, "13:00", "15:30"))
    await let_in(store, Person("ann", quiet), Person("bob", quiet), Person("cy", quiet))
    await scan_live(store, chain_at(0))
    tomorrow = AS_OF + timedelta(days=1)
    async with store.engine.begin() as connection:
        await connection.execute(text("UPDATE user_settings SET alerts_paused = true WHERE user_id = 'bob'"))
        await connection.execute(text("DELETE FROM users WHERE id = 'cy'"))
    clock = FixedClock(tomorrow)
    assert await gather_digests(store, clock) == 1
    assert [(one.user, one.state) for one in await told(store)] == [("ann", "waiting"), ("bob", "waiting")]
    assert (await told(store))[0].due_at == tomorrow + timedelta(hours=1, minutes=30)


async def test_discoveries_go_to_those_who_seek_and_do_not_watch(store: Store) -> None:
    seeks = replace(AT_ONCE, discovery_mode=True)
    await let_in(
        store,
        Person("ann", seeks, ()),
        Person("bob", seeks, ("DEAR",)),
        Person("cy", replace(seeks, discovery_ff_threshold=5.0), ()),
        Person("dan", watches=()),
        Person("eve", replace(seeks, ff_threshold=5.0, discovery_ff_threshold=0.2), ()),
    )
    await discover(store, "DEAR", "FOUND")
    await scan_live(store, chain_at(0), chain_at(0, ticker="FOUND"), chain_at(0, ticker="ELSE"))
    found = [(one.user, one.alert.ticker, one.alert.is_discovery) for one in await told(store)]
    assert sorted(found) == [
        ("ann", "DEAR", True), ("ann", "FOUND", True), ("bob", "DEAR", False), ("bob", "FOUND", True),
        ("eve", "DEAR", True), ("eve", "FOUND", True),
    ]  # fmt: skip
    marked = await fetch(store, "SELECT DISTINCT ticker FROM signals WHERE is_discovery ORDER BY ticker")
    assert marked == [("FOUND",)]


class _Fails:
    async def follow(self, work: UnitOfWork, batch: ScanBatch) -> None:
        raise StorageError("no")


async def test_what_a_scan_that_fails_would_have_told_is_not_told(store: Store) -> None:
    await let_in(store, Person("ann"))
    clock = FixedClock(AS_OF)
    followers: list[ScanFollower] = [EvaluateAlerts(clock, AT_ONCE), _Fails()]
    scanner = ScanTickers(GivenChains([chain_at(0)]), RULES, clock, store, KeepQuotes.WINDOW, followers)
    with pytest.raises(StorageError):
        async for _ in scanner.run(()):
            pass
    rows = await rows_by_table(store)
    assert (rows["notifications"], rows["alert_marks"], rows["candidates"]) == (0, 0, 0)


async def test_the_number_of_statements_does_not_grow_with_users(store: Store) -> None:
    counted: list[str] = []
    event.listen(store.engine.sync_engine, "before_cursor_execute", lambda *given: counted.append(given[2]))
    seeks = replace(AT_ONCE, discovery_mode=True)
    await discover(store, "FOUND")
    numbers = []
    for size in (3, 300):
        await let_in(
            store,
            *(
                Person(f"{size}x{n}", replace(seeks, ff_threshold=0.2 + n / 1e4), chats=(f"{size}c{n}",))
                for n in range(size)
            ),
        )
        counted.clear()
        await scan_live(store, chain_at(size, 0.45 + size / 1e4), chain_at(size, ticker="FOUND"))
        numbers.append(len(counted))
    assert numbers[0] == numbers[1]
    assert len(await told(store)) == 2 * 3 + 2 * 300 + 2 * 3 - 3
