"""Messages: the facts are in them, and whatever texts come in, Telegram takes them and shows those very texts."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forward_factor.core.messages import DigestFacts, MessageFacts, NoticeFacts, ReminderKind
from forward_factor.core.structure import Structure
from forward_factor.notify.buttons import MOST_BYTES, Tap, TapKind, decision_row, parse_tap
from forward_factor.notify.markup import MOST_TEXT, escape, fit, units
from forward_factor.notify.messages import REPEATED, write_message
from tests.alerts import SIGNAL_ID, alert, reminder
from tests.fakes.bot_api_markup import parse_html, utf16_length

ANY_TEXT = st.text(st.characters(), max_size=300) | st.sampled_from(
    [
        "<b>",
        "</b>",
        "&amp;",
        "<script>",
        "a\nb\0c",
        "\ud800",
        "😀" * 200,
        "&" * 300,
        "<" * 5000,
        "*_[x](y)`",
        "\u202eabc",
    ]
)


def shown(facts: MessageFacts, **more: Any) -> str:
    """Return what Telegram shows of a message, which fails where it would refuse it."""
    written = write_message(facts, **more)
    text = parse_html(written.html).text
    assert 1 <= utf16_length(text) <= MOST_TEXT
    assert units(written.html) <= MOST_TEXT
    data = [button.data for row in written.buttons for button in row]
    assert all(len(one.encode()) <= MOST_BYTES for one in data)
    assert len(data) <= 100
    return text


def test_an_alert_says_what_was_found() -> None:
    text = shown(alert(flags=("single_strike", "vendor_iv"), earnings_on=date(2026, 7, 20), is_discovery=True))
    for part in (
        "DEAR 30/60 ATM · FF 1.183 (1.100 to 1.250)",
        "Sell Thu 2 Jul 2026 (31 d) at 45.0 %, buy Fri 31 Jul 2026 (60 d) at 35.0 %; forward vol 20.6 %",
        "Spot 100.00 · widest spread 2.0 % · least open interest 5,000, volume 500",
        "Earnings on Mon 20 Jul 2026",
        "single strike, vendor iv",
        "call calendar · 2 scans in a row · quality 0.91 · discovery · 1 Jun 14:00 New York",
    ):
        assert part in text
    rows = write_message(alert()).buttons
    assert [[button.data for button in row] for row in rows] == [[f"p:{SIGNAL_ID}", f"i:{SIGNAL_ID}"]]


def test_an_alert_by_ex_earnings_shows_that_factor() -> None:
    text = shown(alert(by_ex_earnings=True, ff_ex_earnings=0.25, ff=0.5, earnings_on=date(2026, 7, 20)))
    assert "FF 0.250" in text
    assert "without their jump (with it 0.500)" in text


def test_what_is_missing_is_a_dash() -> None:
    text = shown(
        alert(bid_ask_pct=None, open_interest=None, volume=None, ff_low=None, ff_high=None, quality_score=None)
    )
    assert "FF 1.183 (– to –)" in text
    assert "widest spread – · least open interest –, volume –" in text


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (ReminderKind.DAY_BEFORE_EXPIRY, "the front leg expires on Thu 2 Jul 2026, the next trading day"),
        (ReminderKind.EXPIRY_MORNING, "the front leg expires today, Thu 2 Jul 2026"),
        (ReminderKind.EX_DIVIDEND, "ex-dividend on Thu 2 Jul 2026 of $0.24 a share"),
        (ReminderKind.EARNINGS_MOVED, "earnings are now on Thu 2 Jul 2026 (before: Sat 1 Aug 2026)"),
    ],
)
def test_reminders_say_what_of_and_which_position(kind: ReminderKind, said: str) -> None:
    text = shown(reminder(reminder=kind, amount=0.24, earlier_on=date(2026, 8, 1)))
    assert said in text
    assert "Your call calendar Thu 2 Jul 2026 / Fri 31 Jul 2026, 2 contracts, entered at 1.85." in text


def test_a_digest_lists_its_alerts_with_their_buttons() -> None:
    some = tuple(alert(ticker=f"T{number}", signal_id=f"s{number}") for number in range(3))
    text = shown(DigestFacts(alerts=some))
    assert "3 alerts from your quiet hours" in text
    assert [f"{number + 1}. T{number} 30/60 ATM" in text for number in range(3)] == [True] * 3
    rows = write_message(DigestFacts(alerts=some)).buttons
    assert [row[0].data for row in rows] == ["p:s0", "p:s1", "p:s2"]
    assert [row[0].label for row in rows] == ["✅ Place T0 30/60", "✅ Place T1 30/60", "✅ Place T2 30/60"]


def test_a_digest_too_long_says_how_much_is_left_out() -> None:
    text = shown(DigestFacts(alerts=(alert(),) * 500))
    listed = text.count("DEAR 30/60")
    assert listed > 50
    assert f"… and {500 - listed} more" in text


@given(text=ANY_TEXT, repeats=st.booleans(), structure=st.sampled_from(Structure))
def test_any_text_is_taken(text: str, repeats: bool, structure: Structure) -> None:
    hostile = alert(
        ticker=text, pair=text, vol_point=text, flags=(text,) * 20, structure=structure, signal_id=text or "x"
    )
    for facts in (hostile, DigestFacts(alerts=(hostile,) * 30), reminder(ticker=text), NoticeFacts(text=text or ".")):
        if isinstance(facts, NoticeFacts) and not escape(text).strip():
            continue
        assert shown(facts, may_repeat=repeats).startswith(REPEATED) is repeats


@given(ANY_TEXT)
def test_escaped_text_is_shown_as_it_is(text: str) -> None:
    printable = "".join(one if one.isprintable() or one == "\u200d" else " " for one in text)
    parsed = parse_html(escape(text))
    assert parsed.text == printable
    assert parsed.entities == []
    assert "\n" not in escape(text)


@given(st.lists(st.text(max_size=50), max_size=50), st.integers(40, 400))
def test_lines_are_kept_whole_or_left_out(lines: list[str], most: int) -> None:
    escaped = [escape(one) for one in lines]
    text = fit(escaped, most)
    assert units(text) <= most
    if text != "\n".join(escaped):
        *kept, last = text.split("\n")
        assert kept == escaped[: len(kept)]
        assert last == f"… {len(lines) - len(kept)} more lines"


def test_taps_come_back_as_they_were_sent() -> None:
    for kind in TapKind:
        assert parse_tap(Tap(kind, "s:1").data) == Tap(kind, "s:1")
    for other in (None, "", "p", "p:", "x:1", ":1"):
        assert parse_tap(other) is None
    assert decision_row("x" * 62)
    assert decision_row("x" * 63) == ()
    assert decision_row("ä") == ()
