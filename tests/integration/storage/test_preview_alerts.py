"""Random markets and rules: what a preview counts is what the slow rules would have told, ticker by ticker."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest

from forward_factor.clock import FixedClock
from forward_factor.core.account_settings import AccountSettings, QuietHours
from forward_factor.core.alert_preview import RecordedScans
from forward_factor.services.explain_ticker import explain_ticker
from forward_factor.services.preview_alerts import AlertPreview, Gap, preview_alerts
from forward_factor.storage.readers import recorded_scans
from forward_factor.storage.store import Store
from tests.chains import AS_OF
from tests.integration.storage.alerting import RULES, Person, let_in
from tests.integration.storage.scanning import dear_chain, scan
from tests.integration.storage.test_alerts_reference import PAIRS, Scenario
from tests.reference.slow_alerts import SlowDesk, SlowScan, SlowUser

MINUTE = timedelta(minutes=1)
DEAR = AccountSettings(pairs=PAIRS[:1], stability_scans=1)


async def _preview(
    store: Store, rules: AccountSettings, present: AccountSettings | None = None, user: str = "ann"
) -> AlertPreview:
    clock = FixedClock(AS_OF + timedelta(days=9))
    return await preview_alerts(store, store.scan_records, clock, user, rules, present or rules)


async def _seen(store: Store, scenario: Scenario) -> list[SlowScan]:
    scans = []
    for ticker, as_of in sorted({(chain.ticker, chain.as_of) for chain in scenario.chains}, key=lambda one: one[::-1]):
        found = (await explain_ticker(store.findings, ticker, as_of)).candidates
        by_place = {(one.pair, one.vol_point): one for one in found}
        scans.append(SlowScan(ticker, as_of, by_place, [pair.name for pair in PAIRS]))
    return scans


def _told(scans: list[SlowScan], settings: AccountSettings, watches: frozenset[str]) -> tuple[Counter[str], int]:
    """Return the alerts of the slow way by ticker, and how many of them wait for the end of quiet hours."""
    desk, user = SlowDesk(), SlowUser("ann", replace(settings, alerts_paused=False, discovery_mode=False), watches)
    alerts = [(alert, one.as_of) for one in scans for alert in desk.see(one, [user], set(), one.as_of)]
    return Counter(alert.ticker for alert, _ in alerts), sum(alert.due_at > at for alert, at in alerts)


@pytest.mark.parametrize("seed", range(3))
async def test_a_preview_counts_what_the_slow_rules_tell(store: Store, seed: int) -> None:
    scenario = Scenario(store, random.Random(seed), f"S{seed}")
    await scenario.announce()
    now = AS_OF
    for _ in range(14):
        now += timedelta(minutes=scenario.chance.choice((1, 3, 15, 60, 180, 600)))
        some = [scenario.chain(ticker, now) for ticker in scenario.tickers[: scenario.chance.randint(1, 4)]]
        scenario.chains += some
        await scan(store, some, replace(RULES, pairs=PAIRS))
    watches = scenario.tickers[:3]
    await let_in(store, Person("ann", watches=watches))
    scans, alerts = await _seen(store, scenario), 0
    for _ in range(12):
        rules, present = scenario.some_settings(), scenario.some_settings()
        found = await _preview(store, rules, present)
        told, deferred = _told(scans, rules, frozenset(watches))
        before, _ = _told(scans, present, frozenset(watches))
        assert {one.ticker: (one.alerts, one.present_alerts) for one in found.tickers} == {
            ticker: (told[ticker], before[ticker]) for ticker in told | before
        }
        assert (found.alerts, found.deferred, found.present_alerts) == (told.total(), deferred, before.total())
        alerts += found.alerts
    assert alerts > 0


async def test_a_preview_says_what_it_rests_on(store: Store) -> None:
    days = [AS_OF + timedelta(days=day) for day in (0, 1, 1, 2)]
    await scan(store, [dear_chain("DEAR", at + number * MINUTE) for number, at in enumerate(days)])
    await scan(store, [dear_chain("DEAR", AS_OF - timedelta(days=60)), dear_chain("OTHER", AS_OF)])
    await let_in(store, Person("ann", watches=("dear", "NONE", "not one")), Person("bob", watches=()))
    found = await _preview(store, DEAR, replace(DEAR, ff_threshold=9.0))
    assert (found.scans, found.recorded_days, found.is_cut, found.watched) == (4, 3, False, 2)
    assert (found.alerts, found.present_alerts) == (3, 0)
    assert [(one.ticker, one.alerts) for one in found.tickers] == [("DEAR", 3)]
    nothing = await _preview(store, DEAR, user="bob")
    assert (nothing.scans, nothing.alerts, nothing.recorded_days, nothing.tickers) == (0, 0, 0, ())


async def test_what_no_scan_computed_is_told_and_not_guessed(store: Store) -> None:
    await scan(store, [dear_chain("DEAR", AS_OF)], replace(RULES, pairs=PAIRS[:1]))
    await scan(store, [dear_chain("DEAR", AS_OF + MINUTE)], replace(RULES, pairs=PAIRS[:2]))
    await let_in(store, Person("ann"))
    found = await _preview(store, replace(DEAR, pairs=(*PAIRS[:2], PAIRS[-1])), DEAR)
    assert found.gaps == (Gap("30/90", "ATM", 1), Gap("30/60±7/12", "ATM", 0))
    double = await _preview(store, replace(DEAR, pairs=PAIRS[:2], preferred_structure="double_calendar"), DEAR)
    assert double.gaps == (Gap("30/90", "35d_put", 1), Gap("30/90", "35d_call", 1))


async def test_quiet_hours_defer_and_take_nothing_away(store: Store) -> None:
    await scan(store, [dear_chain("DEAR", AS_OF)])
    await let_in(store, Person("ann"))
    found = await _preview(store, replace(DEAR, quiet_hours=QuietHours(True, "00:00", "23:59")))
    assert (found.alerts, found.deferred) == (1, 1)


async def test_too_many_scans_are_cut_at_the_oldest(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    await scan(store, [dear_chain("DEAR", AS_OF + number * MINUTE) for number in range(6)])
    await let_in(store, Person("ann"))
    monkeypatch.setattr(recorded_scans, "MOST_READINGS", 4)
    found = await _preview(store, DEAR)
    assert (found.scans, found.is_cut, found.since) == (4, True, AS_OF + 2 * MINUTE)


async def test_only_what_may_pass_is_read(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    await scan(store, [dear_chain("DEAR", AS_OF)])
    await let_in(store, Person("ann"))
    read: list[RecordedScans] = []

    class Spy(recorded_scans.SqlScanRecords):
        async def scans(self, *asked: object) -> RecordedScans:
            read.append(await super().scans(*asked))  # type: ignore[arg-type]
            return read[-1]

    clock = FixedClock(AS_OF)
    for rules in (DEAR, replace(DEAR, ff_threshold=9.0), replace(DEAR, min_volume=10**6)):
        await preview_alerts(store, Spy(store.engine), clock, "ann", rules, rules)
    assert [len(one.scan) for one in read] == [1, 0, 0]
