"""Random markets, users and histories: what the fast way tells is what the slow one tells, to the last alert."""

from __future__ import annotations

import os
import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import delete, update

from forward_factor.core.account_settings import AccountSettings, QuietHours
from forward_factor.core.chain import Chain
from forward_factor.core.earnings import EarningsEvent, Timing
from forward_factor.core.rules import DEFAULT_PAIRS, PairRule, ScanRules, VolPoint
from forward_factor.services.explain_ticker import explain_ticker
from forward_factor.services.plan_rules import plan_rules
from forward_factor.storage.settings_columns import columns_of
from forward_factor.storage.store import Store
from forward_factor.storage.tables import User, UserSettings, table_of
from tests.chains import AS_OF, priced_chain
from tests.integration.storage.alerting import RULES, Person, discover, let_in, scan_live, told
from tests.reference.slow_alerts import SlowAlert, SlowDesk, SlowScan, SlowUser

SEEDS = range(int(os.environ.get("ALERT_SEEDS", "3")))
PAIRS = (*DEFAULT_PAIRS, PairRule(32, 62, 5, 10), PairRule(30, 60, 7, 12))
ZONES = ("America/New_York", "Asia/Tokyo", "Europe/Berlin", "Asia/Kathmandu")


@dataclass
class Scenario:
    """Scans of a few tickers by one provider, while users come, change their minds and go."""

    store: Store
    chance: random.Random
    tag: str
    desk: SlowDesk = field(default_factory=SlowDesk)
    users: dict[str, SlowUser] = field(default_factory=dict)
    members: set[str] = field(default_factory=set)
    expected: list[SlowAlert] = field(default_factory=list)
    newcomers: int = 0
    chains: list[Chain] = field(default_factory=list)

    @property
    def tickers(self) -> list[str]:
        return [f"{self.tag}T{number}" for number in range(4)]

    async def run(self, scans: int) -> None:
        self.members = set(self.chance.sample(self.tickers, 2))
        await discover(self.store, *self.members)
        for number in range(6):
            await self.let_in(f"{self.tag}u{number}")
        await self.announce()
        now = AS_OF
        for _ in range(scans):
            now += timedelta(minutes=self.chance.choice((1, 3, 15, 60, 180, 600)))
            await self.change_something()
            await self.scan(now)

    async def let_in(self, name: str) -> None:
        watches = self.chance.sample(self.tickers, self.chance.randint(0, 3))
        status = self.chance.choice(("active", "active", "active", "disabled"))
        self.users[name] = SlowUser(name, self.some_settings(), frozenset(watches), is_active=status == "active")
        await let_in(self.store, Person(name, self.users[name].settings, watches, status=status))

    def some_settings(self) -> AccountSettings:
        one = self.chance
        return AccountSettings(
            ff_threshold=one.choice((-0.5, -0.5, 0.0, 0.1, 0.2)),
            pairs=tuple(one.sample(PAIRS, one.randint(1, 3))),
            vol_point=one.choice(tuple(VolPoint)),
            min_open_interest=one.choice((0, 0, 100, 1000)),
            min_volume=one.choice((0, 0, 10, 100)),
            max_bid_ask_pct=one.choice((0.02, 0.08, 0.5, 0.5)),
            sigma_fwd_floor=one.choice((0.0, 0.0, 0.05, 0.25)),
            stability_scans=one.choice((1, 1, 2, 3)),
            cooldown_minutes=one.choice((0, 10, 120)),
            quiet_hours=QuietHours(
                one.random() < 0.4, one.choice(("22:00", "09:30", "13:00")), one.choice(("08:00", "13:00"))
            ),
            preferred_structure=one.choice(("ATM_calendar_call", "ATM_calendar_put", "double_calendar")),
            timezone=one.choice(ZONES),
            discovery_mode=one.random() < 0.5,
            ex_earnings=one.random() < 0.5,
            alerts_paused=one.random() < 0.1,
            discovery_ff_threshold=one.choice((None, 0.0, 0.25)),
        )

    async def announce(self) -> None:
        days = [self.chance.choice((5, 20, 45, 70, 200)) for _ in range(2)]
        tickers = self.chance.sample(self.tickers, 2)
        events = [
            EarningsEvent(
                ticker, AS_OF.date() + timedelta(days=day), Timing.AFTER_CLOSE, is_confirmed=True, source="test"
            )
            for ticker, day in zip(tickers, days, strict=True)
        ]
        async with self.store.unit_of_work() as work:
            await work.earnings.add(events)
            await work.commit()

    async def change_something(self) -> None:
        what = self.chance.random()
        if what < 0.3:
            user = self.chance.choice(list(self.users.values()))
            self.users[user.name] = replace(user, settings=self.some_settings())
            table = table_of(UserSettings)
            async with self.store.engine.begin() as connection:
                values = columns_of(self.users[user.name].settings)
                await connection.execute(update(table).where(table.c.user_id == user.name).values(**values))
        elif what < 0.4:
            self.newcomers += 1
            await self.let_in(f"{self.tag}v{self.newcomers}")
        elif what < 0.5:
            gone = self.chance.choice(list(self.users))
            del self.users[gone]
            async with self.store.engine.begin() as connection:
                await connection.execute(delete(table_of(User)).where(table_of(User).c.id == gone))

    async def scan(self, now: datetime) -> None:
        chains = [self.chain(ticker, now) for ticker in self.chance.sample(self.tickers, self.chance.randint(1, 4))]
        planned = await self.planned(chains)
        lateness = timedelta(minutes=self.chance.choice((0, 0, 0, 5, 29, 31)))
        for some, rules in planned:
            await scan_live(self.store, *some, now=now + lateness, rules=rules)
        for some, rules in planned:
            for chain in some:
                self.chains.append(chain)
                explained = await explain_ticker(self.store.findings, chain.ticker, chain.as_of)
                candidates = {(one.pair, one.vol_point): one for one in explained.candidates}
                seen = SlowScan(chain.ticker, chain.as_of, candidates, [pair.name for pair in rules.pairs])
                users = list(self.users.values())
                self.expected += self.desk.see(seen, users, self.members, now + lateness)

    async def planned(self, chains: Sequence[Chain]) -> list[tuple[list[Chain], ScanRules]]:
        """Return the chains by the rules to scan them under: those users asked for, or every one there is."""
        if self.chance.random() < 0.5:
            return [(list(chains), replace(RULES, pairs=PAIRS))]
        plan = await plan_rules(self.store, RULES, AccountSettings(), [chain.ticker for chain in chains])
        return [([chain for chain in chains if chain.ticker in tickers], rules) for rules, tickers in plan.items()]

    def chain(self, ticker: str, now: datetime) -> Chain:
        one = self.chance
        repeated = [chain for chain in self.chains if chain.ticker == ticker]
        if repeated and one.random() < 0.1:
            return repeated[-1]
        if repeated and one.random() < 0.1:
            return replace(repeated[-1], as_of=now)
        if one.random() < 0.1:
            now -= timedelta(minutes=one.choice((2, 20, 100)))
        front = one.choice((0.30, 0.36, 0.40, 0.42, 0.45, 0.45))
        vols = {7: 0.3, 30: front, 60: 0.35, 62: 0.352, 90: one.choice((0.33, 0.34, 0.34, 0.2)), 110: 0.33}
        for dte in one.sample(sorted(vols), one.choice((0, 0, 0, 0, 1, 2))):
            del vols[dte]
        chain = priced_chain(
            vols, ticker, now, spot=100 + one.random(), half_spread=one.choice((0.005, 0.005, 0.03, 0.1))
        )
        count = len(chain.contracts)
        thin = one.choice((5000.0, 5000.0, 5000.0, 500.0, 50.0, float("nan")))
        numbers = {"open_interest": [one.choice((5000.0, 5000.0, thin)) for _ in range(count)]}
        contracts = replace(
            chain.contracts,
            open_interest=chain.contracts.open_interest * 0 + numbers["open_interest"],
            volume=chain.contracts.volume * 0 + one.choice((500.0, 500.0, 50.0, 5.0)),
        )
        return replace(chain, contracts=contracts)


@pytest.mark.parametrize("seed", SEEDS)
async def test_the_fast_way_tells_what_the_slow_one_tells(store: Store, seed: int) -> None:
    scenario = Scenario(store, random.Random(seed), f"S{seed}")
    await scenario.run(12)
    found = [
        SlowAlert(
            one.user, one.alert.ticker, one.alert.as_of, one.alert.front_expiry, one.alert.back_expiry,
            one.alert.vol_point, (one.alert.ff_ex_earnings or 0.0) if one.alert.by_ex_earnings else one.alert.ff,
            one.alert.is_discovery, one.due_at,
        )
        for one in await told(store)
    ]  # fmt: skip
    gone = {alert.user for alert in scenario.expected} - set(scenario.users)
    assert sorted(found) == sorted(alert for alert in scenario.expected if alert.user not in gone)
