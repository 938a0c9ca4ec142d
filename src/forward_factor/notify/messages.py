"""The words of what users are told: facts in, Telegram's HTML and buttons out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from forward_factor.core.messages import (
    AlertFacts,
    DigestFacts,
    MessageFacts,
    NoticeFacts,
    ReminderFacts,
    ReminderKind,
)
from forward_factor.core.structure import Structure
from forward_factor.notify.buttons import Rows, decision_row
from forward_factor.notify.markup import bold, escape, fit, italic, shorten

REPEATED = "⚠️ You may have had this message already: Telegram did not say whether it came through."
STRUCTURES = {
    Structure.CALL: "call calendar",
    Structure.PUT: "put calendar",
    Structure.DOUBLE: "double calendar",
}
_NEW_YORK = ZoneInfo("America/New_York")
_FULL_ALERTS, _ALERTS_WITH_BUTTONS = 12, 20
_LONGEST_NAME, _LONGEST_NOTICE = 64, 2000


@dataclass(frozen=True, slots=True)
class Written:
    """A message as it is sent: HTML, and rows of buttons under it."""

    html: str
    buttons: Rows = ()


def write_message(facts: MessageFacts, *, may_repeat: bool = False) -> Written:
    """Return the message that tells ``facts``; one that may have come before says so first."""
    first = (REPEATED, "") if may_repeat else ()
    match facts:
        case AlertFacts():
            row = decision_row(facts.signal_id)
            return Written(fit([*first, *alert_lines(facts)]), (row,) if row else ())
        case DigestFacts():
            return _digest(facts, first)
        case ReminderFacts():
            return Written(fit([*first, *reminder_lines(facts)]))
        case NoticeFacts():
            return Written(fit([*first, escape(shorten(facts.text, _LONGEST_NOTICE))]))


def alert_lines(alert: AlertFacts) -> list[str]:
    """Return an alert in full."""
    return [
        f"📈 {_headline(alert)}",
        escape(
            f"Sell {_expiry(alert.front_expiry, alert.front_dte)} at {percent(alert.front_iv)}, "
            f"buy {_expiry(alert.back_expiry, alert.back_dte)} at {percent(alert.back_iv)}; "
            f"forward vol {percent(alert.sigma_fwd)}"
        ),
        escape(
            f"Spot {alert.underlying_price:,.2f} · widest spread {percent(alert.bid_ask_pct)} · "
            f"least open interest {count(alert.open_interest)}, volume {count(alert.volume)}"
        ),
        *_earnings_line(alert),
        *([escape(f"Flags: {_named(alert.flags)}")] if alert.flags else []),
        italic(_origin(alert)),
    ]


def reminder_lines(reminder: ReminderFacts) -> list[str]:
    """Return a reminder in full."""
    name = bold(_name(reminder.ticker))
    position = f"Your {STRUCTURES[reminder.structure]} {day(reminder.front_expiry)} / {day(reminder.back_expiry)}"
    return [f"⏰ {name}: {escape(_occasion(reminder))}", escape(f"{position}{_entry(reminder)}.")]


def percent(value: float | None, digits: int = 1) -> str:
    """Return a decimal as percent, a dash for none."""
    return "–" if value is None else f"{value * 100:.{digits}f} %"


def factor(value: float | None) -> str:
    """Return a forward factor, a dash for none."""
    return "–" if value is None else f"{value:.3f}"


def count(value: float | None) -> str:
    """Return a whole number with thousands set off, a dash for none."""
    return "–" if value is None else f"{value:,.0f}"


def day(value: date | None) -> str:
    """Return a date as people say it, a dash for none."""
    return "–" if value is None else f"{value:%a} {value.day} {value:%b %Y}"


def new_york_time(instant: datetime) -> str:
    """Return an instant as the market's clock shows it."""
    local = instant.astimezone(_NEW_YORK)
    return f"{local.day} {local:%b %H:%M} New York"


def _digest(digest: DigestFacts, first: Sequence[str]) -> Written:
    alerts = digest.alerts
    what = "1 alert" if len(alerts) == 1 else f"{len(alerts)} alerts"
    lines = [*first, bold(f"🌅 {what} from your quiet hours"), ""]
    is_short = len(alerts) <= _FULL_ALERTS
    for number, alert in enumerate(alerts, start=1):
        more = "\n" + escape(f"{_legs(alert)} · {new_york_time(alert.as_of)}") if is_short else ""
        lines.append(f"{number}. {_headline(alert)}{more}")
    shown = alerts[:_ALERTS_WITH_BUTTONS]
    rows = [decision_row(one.signal_id, f"{_name(one.ticker)} {_name(one.pair)}") for one in shown]
    html = fit(lines, left_out=lambda left: f"… and {left} more; /signals TICKER shows them")
    return Written(html, tuple(row for row in rows if row))


def _headline(alert: AlertFacts) -> str:
    by = alert.ff_ex_earnings if alert.by_ex_earnings else alert.ff
    span = "" if alert.by_ex_earnings else f" ({factor(alert.ff_low)} to {factor(alert.ff_high)})"
    kind = f"{_name(alert.pair)} {_name(alert.vol_point)}"
    return f"{bold(_name(alert.ticker))} {escape(kind)} · FF {bold(factor(by))}{escape(span)}"


def _legs(alert: AlertFacts) -> str:
    return f"{day(alert.front_expiry)} / {day(alert.back_expiry)}"


def _earnings_line(alert: AlertFacts) -> list[str]:
    if alert.earnings_on is None:
        return []
    if alert.by_ex_earnings:
        return [escape(f"Earnings on {day(alert.earnings_on)}: FF is without their jump (with it {factor(alert.ff)})")]
    return [escape(f"Earnings on {day(alert.earnings_on)}")]


def _origin(alert: AlertFacts) -> str:
    scans = "1 scan" if alert.scans == 1 else f"{alert.scans} scans in a row"
    found = " · discovery" if alert.is_discovery else ""
    quality = "" if alert.quality_score is None else f" · quality {alert.quality_score:.2f}"
    return f"{STRUCTURES[alert.structure]} · {scans}{quality}{found} · {new_york_time(alert.as_of)}"


def _occasion(reminder: ReminderFacts) -> str:
    about = day(reminder.about_on)
    match reminder.reminder:
        case ReminderKind.DAY_BEFORE_EXPIRY:
            return f"the front leg expires on {about}, the next trading day. Close it or roll it."
        case ReminderKind.EXPIRY_MORNING:
            return f"the front leg expires today, {about}."
        case ReminderKind.EX_DIVIDEND:
            amount = "" if reminder.amount is None else f" of ${reminder.amount:,.2f} a share"
            return f"ex-dividend on {about}{amount}. A short call may be assigned the day before."
        case ReminderKind.EARNINGS_MOVED:
            before = "" if reminder.earlier_on is None else f" (before: {day(reminder.earlier_on)})"
            return f"earnings are now on {about}{before}."


def _entry(reminder: ReminderFacts) -> str:
    contracts = "" if reminder.contracts is None else f", {count(reminder.contracts)} contracts"
    price = "" if reminder.entry_price is None else f", entered at {reminder.entry_price:,.2f}"
    return contracts + price


def _expiry(expiry: date, dte: int) -> str:
    return f"{day(expiry)} ({dte} d)"


def _named(codes: Sequence[str]) -> str:
    return ", ".join(shorten(one, _LONGEST_NAME).replace("_", " ") for one in codes[:10])


def _name(text: str) -> str:
    return shorten(text, _LONGEST_NAME)
