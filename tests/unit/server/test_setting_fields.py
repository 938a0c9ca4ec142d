"""Every setting stands on the page, and what its box shows is read back as the very value."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forward_factor.core.account_settings import AccountSettings, QuietHours
from forward_factor.core.pair_rules import parse_pairs
from forward_factor.core.setting_changes import PARSERS
from forward_factor.server.web.setting_fields import FIELDS, GROUPS, Kind, described, parsed, written

USUAL = AccountSettings()


def test_every_setting_is_shown_once() -> None:
    shown = [one.name for group in GROUPS for one in group.fields]
    assert sorted(shown) == sorted(field.name for field in fields(AccountSettings)) == sorted(PARSERS)


@pytest.mark.parametrize("name", FIELDS)
def test_the_default_is_read_back(name: str) -> None:
    value = getattr(USUAL, name)
    shown: Any = value if FIELDS[name].kind in {Kind.SWITCH, Kind.QUIET_HOURS} else written(value, FIELDS[name].kind)
    assert parsed(name, shown, USUAL) == value


@given(st.floats(-1, 10), st.floats(0, 2), st.floats(0.01, 1e12), st.floats(0, 1))
def test_numbers_come_back_to_the_last_bit(ff: float, share: float, dollars: float, rate: float) -> None:
    numbers = {
        "ff_threshold": ff,
        "max_bid_ask_pct": share,
        "sigma_fwd_floor": share,
        "bankroll": dollars,
        "win_rate": rate,
    }
    for name, number in numbers.items():
        if abs(number) > 1e-30 or number == 0:  # what nobody writes is too long for a box
            assert parsed(name, written(number, FIELDS[name].kind), USUAL) == number


@pytest.mark.parametrize("text", ["30/60", "30/60±7/12, 45/90", "1/730±60/0"])
def test_pairs_come_back(text: str) -> None:
    pairs = parse_pairs(text)
    assert parsed("pairs", written(pairs, Kind.PAIRS), USUAL) == pairs


@pytest.mark.parametrize(
    ("name", "least", "most"),
    [
        ("ff_threshold", -1.0, 10.0),
        ("max_bid_ask_pct", 0.0, 2.0),
        ("bankroll", 0.01, 1e12),
        ("win_rate", 0.0, 1.0),
        ("win_loss_ratio", 0.001, 1000.0),
    ],
)
def test_both_bounds_themselves_are_taken(name: str, least: float, most: float) -> None:
    for bound in (least, most):
        assert parsed(name, written(bound, FIELDS[name].kind), USUAL) == bound


def test_every_choice_is_one_the_parser_takes() -> None:
    for one in FIELDS.values():
        for value in one.choices:
            assert written(parsed(one.name, value, USUAL), one.kind) == value


@pytest.mark.parametrize("name", FIELDS)
def test_every_setting_says_what_it_is_for_and_its_default(name: str) -> None:
    words = described(FIELDS[name], replace(USUAL, quiet_hours=QuietHours(True, "21:00", "07:00")))
    assert ". Default: " in words or words.count("Default: ") == 1
    assert words.endswith(".")
    assert FIELDS[name].label
