"""Settings: what a person may write, what an older program may have stored, and what is said of the rest."""

from __future__ import annotations

from dataclasses import fields, replace
from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forward_factor.config import Settings
from forward_factor.core.account_settings import AccountSettings, QuietHours
from forward_factor.core.rules import DEFAULT_PAIRS, PairRule, VolPoint
from forward_factor.core.setting_changes import PARSERS, StoredSettings, change, read_stored
from forward_factor.core.structure import Structure
from forward_factor.core.ticket import Stake
from forward_factor.errors import InvalidInput

DEFAULTS = AccountSettings()
HUGE = 10**5000


def changed(name: str, value: object, settings: AccountSettings = DEFAULTS) -> object:
    return getattr(change(settings, {name: value}, DEFAULTS).settings, name if name != "dte_pairs" else "pairs")


def refused(name: str, value: object) -> str:
    with pytest.raises(InvalidInput) as raised:
        change(DEFAULTS, {name: value}, DEFAULTS)
    message = str(raised.value)
    assert message.startswith(f"{name}: ")
    assert message.isprintable()
    assert len(message) < 200
    return message


def test_every_field_has_a_parser() -> None:
    assert [field.name for field in fields(AccountSettings)] == list(PARSERS)


@pytest.mark.parametrize(
    ("name", "value", "kept"),
    [
        ("ff_threshold", "0.25", 0.25), ("ff_threshold", "25%", 0.25), ("ff_threshold", " 8.1 % ", 0.081),
        ("ff_threshold", 1, 1.0), ("ff_threshold", "-5%", -0.05), ("ff_threshold", "1e-1", 0.1),
        ("ff_threshold", ".3", 0.3), ("ff_threshold", "1000%", 10.0),
        ("max_bid_ask_pct", "8%", 0.08), ("max_bid_ask_pct", 0, 0.0), ("sigma_fwd_floor", "5 %", 0.05),
        ("min_open_interest", "1,500", 1500), ("min_open_interest", 100.0, 100), ("min_volume", "0", 0),
        ("stability_scans", "3", 3), ("cooldown_minutes", "2h", 120), ("cooldown_minutes", "90 min", 90),
        ("vol_point", "atm", VolPoint.ATM), ("vol_point", "35d put", VolPoint.PUT_35D),
        ("vol_point", "call", VolPoint.CALL_35D), ("vol_point", VolPoint.CALL_35D, VolPoint.CALL_35D),
        ("preferred_structure", "double", "double_calendar"), ("preferred_structure", "PUT", "ATM_calendar_put"),
        ("preferred_structure", "ATM_calendar_call", "ATM_calendar_call"),
        ("scan_priority", "HIGH", "high"), ("scan_priority", "turbo", "high"),
        ("timezone", "europe/berlin", "Europe/Berlin"), ("timezone", "America/New York", "America/New_York"),
        ("discovery_mode", "on", True), ("ex_earnings", "no", False), ("alerts_paused", 1, True),
        ("discovery_ff_threshold", "30%", 0.3), ("discovery_ff_threshold", None, None),
        ("discovery_ff_threshold", "none", None), ("bankroll", "$10,000", 10000.0), ("bankroll", "off", None),
        ("win_rate", "60%", 0.6), ("win_loss_ratio", "1.5", 1.5),
        ("pairs", "30/60", (PairRule(30, 60, 5, 10),)),
        ("pairs", "60/90, 30/60±5/10;30/60 +- 7/12", (PairRule(60, 90, 10, 10), PairRule(30, 60, 5, 10),
                                                       PairRule(30, 60, 7, 12))),
        ("pairs", ["30/60", [30, 90], {"front": 60, "back": 90, "front_tol": 3, "back_tol": 4}],
         (PairRule(30, 60, 5, 10), PairRule(30, 90, 5, 10), PairRule(60, 90, 3, 4))),
        ("dte_pairs", [30, 60], (PairRule(30, 60, 5, 10),)),
        ("pairs", {"front_dte": "45", "back_dte": 75.0, "tolerance": 2}, (PairRule(45, 75, 2, 2),)),
        ("pairs", [[30, 60, 1, 2], [30, 60, 1, 2]], (PairRule(30, 60, 1, 2),)),
        ("quiet_hours", "22:00-08:00", QuietHours(True, "22:00", "08:00")),
        ("quiet_hours", "9:30 – 16", QuietHours(True, "09:30", "16:00")),
        ("quiet_hours", "on", QuietHours(True, "22:00", "08:00")), ("quiet_hours", False, QuietHours()),
        ("quiet_hours", ["23:00", "6:00"], QuietHours(True, "23:00", "06:00")),
        ("quiet_hours", {"from": "23:00", "to": "6:15:00"}, QuietHours(True, "23:00", "06:15")),
        ("quiet_hours", {"enabled": False, "start_hour": 21, "end_hour": 7.0}, QuietHours(False, "21:00", "07:00")),
        ("quiet_hours", {}, QuietHours()),
    ],
    ids=lambda value: value if isinstance(value, str) and value.isidentifier() else "value",
)  # fmt: skip
def test_what_a_value_means(name: str, value: object, kept: object) -> None:
    found = changed(name, value)
    assert found == kept
    assert type(found) is type(kept)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *((name, value) for name in ("ff_threshold", "max_bid_ask_pct", "win_rate", "bankroll", "stability_scans")
          for value in ("", "ten", "nan", "inf", nan, inf, -inf, True, [], {}, "1e999", "1_0", "\uff11\uff10", "0x10",
                        "8%%", HUGE, "9" * 5000, "1\x00", "\ud800", "'; DROP TABLE users; --", object())
          if (name, value) != ("win_rate", "") and (name, value) != ("bankroll", "")),
        ("ff_threshold", 20), ("ff_threshold", "-1.01"), ("max_bid_ask_pct", 8), ("max_bid_ask_pct", -0.01),
        ("sigma_fwd_floor", "5"), ("min_open_interest", 1.5), ("min_volume", -1), ("min_volume", "10%"),
        ("stability_scans", 0), ("stability_scans", 11), ("cooldown_minutes", 1441), ("cooldown_minutes", "25h"),
        ("cooldown_minutes", "1.5 min"), ("bankroll", 0), ("bankroll", "5%"), ("win_rate", 1.01),
        ("win_loss_ratio", 0), ("vol_point", "25d_put"), ("vol_point", None.__class__), ("preferred_structure", "iron"),
        ("preferred_structure", "put call"), ("preferred_structure", ""), ("scan_priority", "urgent"),
        ("timezone", "Mars/Base"), ("timezone", "../etc/passwd"), ("timezone", "America"), ("timezone", ""),
        ("timezone", 5), ("discovery_mode", "maybe"), ("ex_earnings", 2), ("pairs", ""), ("pairs", []),
        ("pairs", "60/30"), ("pairs", "0/30"), ("pairs", "30/731"), ("pairs", "30/60±61/5"), ("pairs", "30-60"),
        ("pairs", [[30]]), ("pairs", [[30, 60, 5]]), ("pairs", [None]), ("pairs", 5), ("pairs", [True, False]),
        ("pairs", {"front": 30}), ("pairs", {"front": 30, "back": 60, "front_tol": "x"}), ("pairs", "30/60 " * 100),
        ("pairs", " ".join(f"{n}/{n + 30}" for n in range(1, 12))), ("pairs", [[30.5, 60]]),
        ("quiet_hours", "24:00-08:00"), ("quiet_hours", "22:60-08:00"), ("quiet_hours", "22:00"), ("quiet_hours", 5),
        ("quiet_hours", ["22:00"]), ("quiet_hours", ["22:00", None]), ("quiet_hours", {"start": "noon"}),
        ("quiet_hours", {"start": "22:00", "end": "08:00", "enabled": "perhaps"}),
        ("quiet_hours", "\uff11\uff12:00-13:00"),
    ],
    ids=lambda value: value if isinstance(value, str) and value.isidentifier() else "value",
)  # fmt: skip
def test_what_means_nothing_is_refused_in_one_line(name: str, value: object) -> None:
    refused(name, value)


def test_all_faults_are_named_and_nothing_is_changed() -> None:
    with pytest.raises(InvalidInput) as raised:
        change(DEFAULTS, {"ff_threshold": "x", "min_volume": 5, "timezone": "y", "nonsense\n": 1}, DEFAULTS)
    assert [part.split(":")[0] for part in str(raised.value).split("; ")] == [
        "ff_threshold", "timezone", "there is no setting 'nonsense\\n'",
    ]  # fmt: skip


def test_a_part_of_quiet_hours_may_change() -> None:
    own = replace(DEFAULTS, quiet_hours=QuietHours(True, "21:00", "05:00"))
    assert changed("quiet_hours", {"enabled": False}, own) == QuietHours(False, "21:00", "05:00")
    assert changed("quiet_hours", "off", own) == QuietHours(False, "21:00", "05:00")
    assert changed("quiet_hours", {"end": "06:00"}, own) == QuietHours(True, "21:00", "06:00")


def test_none_and_default_go_back_to_the_default_and_say_so() -> None:
    defaults = replace(DEFAULTS, ff_threshold=0.33)
    own = replace(defaults, ff_threshold=0.5, min_volume=3)
    found = change(own, {"ff_threshold": None, "min_volume": "default", "stability_scans": 4}, defaults)
    assert found.settings == replace(defaults, stability_scans=4)
    assert (set(found.reset), found.named) == ({"ff_threshold", "min_volume"}, ("stability_scans",))


def test_hours_that_end_where_they_start_are_none() -> None:
    assert not QuietHours(True, "08:00", "08:00").is_on
    assert QuietHours(True, "22:00", "08:00").is_on
    assert not QuietHours(False, "22:00", "08:00").is_on


def test_a_stored_row_is_read_with_what_is_odd_reported() -> None:
    stored = {
        "ff_threshold": "abc", "pairs": "{broken", "vol_point": None, "min_volume": 5, "quiet_hours": 5,
        "timezone": "Nowhere", "discovery_mode": None, "preferred_structure": "ATM_calendar_call",
    }  # fmt: skip
    defaults = replace(DEFAULTS, ff_threshold=0.3)
    found = read_stored(stored, defaults)
    assert found.settings == replace(defaults, min_volume=5)
    assert [one.name for one in found.unread] == ["ff_threshold", "pairs", "quiet_hours", "timezone"]
    assert found.unread[0].stored == "'abc'"
    assert all(one.reason.isprintable() for one in found.unread)


def test_bare_pairs_of_the_old_bot_are_read() -> None:
    assert read_stored({"pairs": [[30, 60], [30, 90], [60, 90]]}, DEFAULTS).settings.pairs == DEFAULT_PAIRS


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text() | st.sampled_from(["front", "start"]), inner),
    max_leaves=10,
)


@given(st.sampled_from(sorted(PARSERS)), JSON)
def test_whatever_is_stored_is_read_or_reported(name: str, value: object) -> None:
    found = read_stored({name: value}, DEFAULTS)
    assert len(found.unread) <= 1
    again = read_stored({name: getattr(found.settings, name)}, DEFAULTS)
    assert again == StoredSettings(found.settings)


@given(st.sampled_from(sorted(PARSERS)), JSON)
def test_whatever_is_asked_for_is_a_change_or_one_line(name: str, value: object) -> None:
    try:
        found = change(DEFAULTS, {name: value}, DEFAULTS)
    except InvalidInput as refusal:
        said = str(refusal)
    else:
        said = ", ".join((*found.named, *found.reset))
    assert said.startswith(name)
    assert said.isprintable()


@pytest.mark.parametrize("extreme", ["ge", "le"])
def test_every_default_an_operator_may_set_is_a_setting_a_user_may_have(extreme: str) -> None:
    names = [name for name in PARSERS if f"default_{name}" in Settings.model_fields]
    assert len(names) == 7
    for name in names:
        (bound,) = [
            getattr(one, extreme) for one in Settings.model_fields[f"default_{name}"].metadata if hasattr(one, extreme)
        ]
        assert changed(name, bound) == bound


def test_what_settings_come_to() -> None:
    double = replace(DEFAULTS, preferred_structure="double_calendar", vol_point=VolPoint.ATM)
    assert double.structure is Structure.DOUBLE
    assert double.vol_points == (VolPoint.PUT_35D, VolPoint.CALL_35D)
    assert DEFAULTS.vol_points == (VolPoint.ATM, VolPoint.ATM)
    assert DEFAULTS.stake is None
    assert replace(DEFAULTS, win_rate=0.6, win_loss_ratio=1.5, bankroll=1e4).stake == Stake(0.6, 1.5, 1e4)
    assert replace(DEFAULTS, win_rate=0.6, bankroll=1e4).stake is None
