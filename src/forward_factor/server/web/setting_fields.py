"""Every setting as the page shows it: what it is called, its unit and bounds, what it is for; the parsers decide."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from forward_factor.core.account_settings import AccountSettings, QuietHours
from forward_factor.core.pair_rules import LONGEST_BACK, MOST_PAIRS, WIDEST_TOLERANCE
from forward_factor.core.rules import PairRule, VolPoint
from forward_factor.core.setting_changes import PARSERS


class Kind(StrEnum):
    """How a setting is written."""

    NUMBER = "number"
    SHARE = "share"
    SWITCH = "switch"
    CHOICE = "choice"
    ZONE = "zone"
    PAIRS = "pairs"
    QUIET_HOURS = "quiet_hours"


@dataclass(frozen=True, slots=True)
class Field:
    """A setting; ``name`` is that of ``AccountSettings``, ``choices`` its values with their words."""

    name: str
    label: str
    kind: Kind
    bounds: str
    purpose: str
    unit: str = ""
    choices: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Group:
    """Settings that belong together."""

    heading: str
    fields: tuple[Field, ...]


GROUPS = (
    Group("What counts", (
        Field("ff_threshold", "FF threshold", Kind.NUMBER, "from -1 to 10, or a percentage",
              "The smallest forward factor you are told of."),
        Field("pairs", "Pairs of expiries", Kind.PAIRS,
              f"1 to {MOST_PAIRS} pairs; a back of {LONGEST_BACK} days and tolerances of {WIDEST_TOLERANCE} at most",
              "Which two expiries are compared: targets in days, and how far off an expiry may be."),
        Field("preferred_structure", "Trade", Kind.CHOICE, "",
              "What you trade; a double calendar needs both 35-delta points to pass.",
              choices={"ATM_calendar_call": "Call calendar", "ATM_calendar_put": "Put calendar",
                       "double_calendar": "Double calendar"}),
        Field("vol_point", "Vol point", Kind.CHOICE, "", "Where on the smile vols are compared, of single calendars.",
              choices={VolPoint.ATM.value: "At the money", VolPoint.PUT_35D.value: "35-delta put",
                       VolPoint.CALL_35D.value: "35-delta call"}),
        Field("ex_earnings", "Judge without earnings", Kind.SWITCH, "",
              "Where an announcement lies before the back expiry, judge by the factor without its jump; else such a "
              "candidate is refused."),
        Field("sigma_fwd_floor", "Floor of the forward vol", Kind.SHARE, "from 0 % to 200 %",
              "A factor that rests on a smaller forward vol is not trusted."),
    )),
    Group("Liquidity", (
        Field("max_bid_ask_pct", "Widest spread", Kind.SHARE, "from 0 % to 200 % of the mid",
              "The widest bid-ask spread at any contract used."),
        Field("min_open_interest", "Least open interest", Kind.NUMBER, "from 0 to 10,000,000",
              "At every contract used.", "contracts"),
        Field("min_volume", "Least volume", Kind.NUMBER, "from 0 to 10,000,000", "At every contract used.",
              "contracts"),
    )),
    Group("When you are told", (
        Field("stability_scans", "Scans in a row", Kind.NUMBER, "from 1 to 10",
              "A pair must pass so many scans, one after the other.", "scans"),
        Field("cooldown_minutes", "Cooldown", Kind.NUMBER, "from 0 to 1440, or hours such as 2h",
              "Between alerts on the same two expiries; the next one needs FF up by 0.02 too.", "minutes"),
        Field("quiet_hours", "Quiet hours", Kind.QUIET_HOURS, "two times of day; they may cross midnight",
              "Alerts wait for their end, and come in one digest."),
        Field("timezone", "Time zone", Kind.ZONE, "", "Of the quiet hours, and of every time on these pages."),
        Field("scan_priority", "How often to scan", Kind.CHOICE, "",
              "Your tickers share their scans with all who watch them; the most urgent wish counts.",
              choices={"high": "Often", "standard": "Usual", "low": "Seldom"}),
        Field("alerts_paused", "Pause alerts", Kind.SWITCH, "", "No alerts at all; reminders of positions still come."),
    )),
    Group("Discovery", (
        Field("discovery_mode", "Tell me of other tickers", Kind.SWITCH, "",
              "Liquid tickers that you do not watch are scanned too, and you are told where your rules pass."),
        Field("discovery_ff_threshold", "FF threshold of discoveries", Kind.NUMBER,
              "from -1 to 10, or a percentage; empty for the threshold above", "Of tickers you do not watch."),
    )),
    Group("Suggested size", (
        Field("bankroll", "Bankroll", Kind.NUMBER, "from 0.01 to 1,000,000,000,000; empty for none",
              "With the two below, tickets suggest a size: a quarter of Kelly, 4 % of this at most.", "dollars"),
        Field("win_rate", "Your win rate", Kind.SHARE, "from 0 % to 100 %; empty for none",
              "The share of trades you win."),
        Field("win_loss_ratio", "Mean win over mean loss", Kind.NUMBER, "from 0.001 to 1000; empty for none",
              "How much a win brings against what a loss costs."),
    )),
)  # fmt: skip
FIELDS: Mapping[str, Field] = {one.name: one for group in GROUPS for one in group.fields}


def written(value: object, kind: Kind) -> str:
    """Return a setting's value as its box shows it; what the parser makes of it is the very value."""
    match value:
        case None:
            return ""
        case bool():
            return "on" if value else "off"
        case float() | int():
            number = Decimal(repr(value))
            return f"{_plain(number * 100)} %" if kind is Kind.SHARE else _plain(number)
        case QuietHours():
            return f"{value.start}-{value.end}" if value.enabled else "off"
        case tuple():
            return ", ".join(pair.name for pair in value if isinstance(pair, PairRule))
        case _:
            return str(value)


def described(one: Field, defaults: AccountSettings) -> str:
    """Return what a setting is for, what it may be, and what it is where nothing was said."""
    usual = written(getattr(defaults, one.name), one.kind)
    shown = one.choices.get(usual, usual) or "none"
    unit = f" {one.unit}" if one.unit and shown != "none" else ""
    bounds = f" {one.bounds[0].upper()}{one.bounds[1:]}." if one.bounds else ""
    return f"{one.purpose}{bounds} Default: {shown}{unit}."


def parsed(name: str, value: object, settings: AccountSettings) -> object:
    """Return what a box's value means.

    Raises:
        InvalidInput: nothing.

    """
    return PARSERS[name](value, getattr(settings, name))


def _plain(number: Decimal) -> str:
    """Return a number without an exponent and without needless zeros."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
