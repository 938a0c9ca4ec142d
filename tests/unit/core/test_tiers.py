"""Tiers: who watches, what they wish, and whether they are awake."""

from __future__ import annotations

from datetime import date

import pytest

from forward_factor.core.account_settings import AccountSettings, QuietHours
from forward_factor.core.market_hours import Session, session_on
from forward_factor.core.tiers import (
    MANY_SUBSCRIBERS,
    Standing,
    Tier,
    Wish,
    parse_tier,
    parse_wish,
    standing_of,
    tier_of,
)

AWAKE = {wish: Standing(wish, is_awake=True) for wish in Wish}
ASLEEP = {wish: Standing(wish, is_awake=False) for wish in Wish}


def session(day: date = date(2026, 6, 1)) -> Session:
    found = session_on(day)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("stored", "wish"),
    [
        ("high", Wish.HIGH), ("turbo", Wish.HIGH), (" Turbo ", Wish.HIGH), ("low", Wish.LOW), ("LOW", Wish.LOW),
        ("standard", Wish.STANDARD), ("medium", Wish.STANDARD), ("", Wish.STANDARD),
    ],
)  # fmt: skip
def test_the_old_bots_words_are_understood(stored: str, wish: Wish) -> None:
    assert parse_wish(stored) is wish


def test_a_stored_tier_that_is_none_is_medium() -> None:
    assert [parse_tier(text) for text in ("HIGH", " low", "turbo", "", None)] == [
        Tier.HIGH, Tier.LOW, Tier.MEDIUM, Tier.MEDIUM, Tier.MEDIUM,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("watchers", "tier"),
    [
        ({}, Tier.LOW),
        ({AWAKE[Wish.STANDARD]: 1}, Tier.MEDIUM),
        ({AWAKE[Wish.HIGH]: 1}, Tier.HIGH),
        ({AWAKE[Wish.STANDARD]: MANY_SUBSCRIBERS - 1}, Tier.MEDIUM),
        ({AWAKE[Wish.STANDARD]: MANY_SUBSCRIBERS}, Tier.HIGH),
        ({AWAKE[Wish.STANDARD]: 1, ASLEEP[Wish.STANDARD]: MANY_SUBSCRIBERS - 1}, Tier.HIGH),
        ({AWAKE[Wish.STANDARD]: 1, ASLEEP[Wish.HIGH]: 1}, Tier.HIGH),
        ({ASLEEP[Wish.HIGH]: 1}, Tier.LOW),
        ({ASLEEP[Wish.STANDARD]: 50}, Tier.LOW),
        ({AWAKE[Wish.LOW]: 50}, Tier.LOW),
        ({AWAKE[Wish.LOW]: 1, AWAKE[Wish.STANDARD]: 1}, Tier.MEDIUM),
        ({AWAKE[Wish.HIGH]: 0, AWAKE[Wish.STANDARD]: 1}, Tier.MEDIUM),
    ],
)
def test_the_tier_of_a_ticker(watchers: dict[Standing, int], tier: Tier) -> None:
    assert tier_of(watchers) is tier


def test_the_paused_and_the_quiet_are_asleep() -> None:
    asleep = [
        AccountSettings(alerts_paused=True),
        AccountSettings(timezone="Asia/Tokyo", quiet_hours=QuietHours(enabled=True, start="22:00", end="08:00")),
    ]
    awake = [AccountSettings(), AccountSettings(timezone="Asia/Tokyo", quiet_hours=QuietHours(enabled=False))]
    assert [standing_of(one, session()).is_awake for one in (*asleep, *awake)] == [False, False, True, True]


@pytest.mark.parametrize(
    ("timezone", "start", "end", "is_quiet"),
    [
        ("America/New_York", "22:00", "08:00", False),
        ("America/New_York", "09:30", "16:00", True),
        ("America/New_York", "09:31", "16:00", False),
        ("America/New_York", "09:30", "15:59", False),
        ("America/New_York", "08:00", "08:00", False),
        ("Asia/Tokyo", "22:00", "08:00", True),  # 22:30 to 05:00 there, over midnight
        ("Asia/Tokyo", "00:00", "08:00", False),
        ("Europe/Berlin", "15:00", "23:00", True),
        ("Pacific/Auckland", "01:00", "09:00", True),  # the next local day
    ],
)
def test_quiet_hours_count_where_they_cover_all_of_the_session(
    timezone: str, start: str, end: str, is_quiet: bool
) -> None:
    settings = AccountSettings(timezone=timezone, quiet_hours=QuietHours(enabled=True, start=start, end=end))
    assert standing_of(settings, session()).is_awake is not is_quiet


def test_an_early_close_may_lie_within_quiet_hours_that_a_whole_day_does_not() -> None:
    settings = AccountSettings(quiet_hours=QuietHours(enabled=True, start="09:00", end="14:00"))
    assert not standing_of(settings, session(date(2026, 11, 27))).is_awake
    assert standing_of(settings, session(date(2026, 11, 25))).is_awake
