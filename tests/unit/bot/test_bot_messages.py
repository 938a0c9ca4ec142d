"""The bot's answers: whatever texts are in them, Telegram takes them; and small readings of what people type."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forward_factor.bot import messages
from forward_factor.bot.commands import COMMANDS
from forward_factor.bot.handlers.price import asks_for_price, parse_entry
from forward_factor.core.account_settings import AccountSettings
from forward_factor.core.accounts import Role
from forward_factor.core.decisions import UNCHANGED, Decision
from forward_factor.core.structure import Structure
from forward_factor.errors import InvalidInput
from forward_factor.notify.markup import MOST_CAPTION, MOST_TEXT, units
from forward_factor.notify.redaction import redacted
from forward_factor.services.chat_views import ChatView, LinkCodeView, LinkedChat
from forward_factor.services.decision_views import DecisionView
from forward_factor.services.explain_ticker import Explanation
from forward_factor.services.views import CandidateView, SignalView, UserView, WatchedTicker
from tests.fakes.bot_api_markup import parse_html, utf16_length

NOW = datetime(2026, 6, 1, 18, 0, tzinfo=UTC)
ANY_TEXT = st.text(st.characters(), max_size=200) | st.sampled_from(
    ["<b>", "</b>", "&lt;", "a\nb\0", "\ud800", "😀" * 300, "&" * 400, "<" * 5000, "*_[x](y)`", "\u202eabc"]
)


def taken(html: str, most: int = MOST_TEXT) -> str:
    """Return what Telegram shows, which fails where it would refuse."""
    text = parse_html(html).text
    assert utf16_length(text.strip()) >= 1
    assert units(html) <= most
    return text


@settings(deadline=None, max_examples=40)
@given(text=ANY_TEXT, many=st.sampled_from([0, 1, 15, 100]))
def test_any_text_is_taken(text: str, many: int) -> None:
    user = UserView(id="u", email=text, role=Role.USER, is_active=True, created_at=NOW, telegram_chat_id=text)
    chat = ChatView(chat_id=text, user_id="u", title=text, is_active=False, linked_at=None)
    linked = LinkedChat(chat, user, merged=True)
    signal = _signal(text)
    decision = _decision(text, signal)
    found = Explanation(text, NOW, text, [_candidate(text)] * many, [])
    taken(messages.linked(linked))
    taken(messages.account(linked, [chat] * many, many, many))
    taken(messages.watchlist([WatchedTicker(ticker=text, added_at=NOW)] * many))
    taken(messages.signals([signal] * many, text))
    taken(messages.history([decision] * many, has_more=True))
    taken(messages.explanation(found))
    taken(messages.caption(found, _candidate(text)), MOST_CAPTION)
    taken(messages.setting(text, AccountSettings()))
    taken(messages.settings(replace(AccountSettings(), timezone=text, preferred_structure=text)))
    taken(messages.ask_entry(decision))
    taken(messages.entered(decision))
    taken(messages.added([text or "x"] * 50, [text] * 50))
    taken(messages.removed([text or "x"] * 50, [text] * 50))
    taken(messages.link_code(LinkCodeView(text, NOW)))
    taken("." + messages.error_line(text))


def test_the_question_for_an_entry_is_known_again() -> None:
    decision = _decision("DEAR", _signal("DEAR"))
    assert asks_for_price(taken(messages.ask_entry(decision)))
    assert not asks_for_price(taken(messages.entered(decision)))
    assert not asks_for_price(None)


@pytest.mark.parametrize(
    ("text", "price", "contracts"),
    [
        ("1.85 2", 1.85, 2),
        ("1.85", 1.85, None),
        (" $1,85 x 2 ", 1.85, 2),
        ("2*10", 2.0, 10),
        ("0.05 @ 3 contracts", 0.05, 3),
        ("12 1 contract", 12.0, 1),
    ],
)
def test_entries_are_read(text: str, price: float, contracts: int | None) -> None:
    found = parse_entry(text)
    assert found.price == price
    assert found.contracts == (UNCHANGED if contracts is None else contracts)


@pytest.mark.parametrize("text", ["", "two", "1.85 2 3", "-1", "1.85 0", "nan", "1e9", "1.85 -2", "9" * 30])
def test_no_entry_is_guessed(text: str) -> None:
    with pytest.raises(InvalidInput):
        parse_entry(text)


def test_commands_are_as_telegram_takes_them() -> None:
    names = [one.name for one in COMMANDS]
    assert len(set(names)) == len(names)
    for one in COMMANDS:
        assert one.name.islower()
        assert one.name.isalnum()
        assert 3 <= len(one.summary) <= 256


def test_tokens_are_taken_out_and_nothing_else() -> None:
    token = "123456789:AAEhBOweik6ad9r_QXMENQjcrGbqCr4K-bc"
    assert redacted(f"x https://api.telegram.org/bot{token}/getMe y") == "x https://api.telegram.org/bot<token>/getMe y"
    assert redacted(f"The token `{token}` was rejected") == "The token `<token>` was rejected"
    for innocent in ("2026-06-01T18:00:00+00:00", "http://127.0.0.1:54329/x", "at 12:30:45", "a:b"):
        assert redacted(innocent) == innocent


def _signal(text: str) -> SignalView:
    return SignalView(
        id=text, ticker=text, as_of=NOW, provider=text, underlying_price=1.0, pair=text, vol_point=text,
        front_expiry=date(2026, 7, 2), back_expiry=None, front_dte=31, back_dte=None, front_iv=0.4, back_iv=None,
        sigma_fwd=0.3, ff=0.2, ff_low=None, ff_high=None, ff_ex_earnings=None, quality_score=None, is_discovery=False,
    )  # fmt: skip


def _candidate(text: str) -> CandidateView:
    return CandidateView(
        ticker=text, as_of=NOW, provider=text, pair=text, vol_point=text, front_expiry=None, back_expiry=None,
        front_dte=None, back_dte=None, front_iv=None, back_iv=None, sigma_fwd=None, ff=None, ff_low=None, ff_high=None,
        front_iv_ex_earnings=None, back_iv_ex_earnings=None, ff_ex_earnings=None, earnings_on=None, bid_ask_pct=None,
        open_interest=None, volume=None, quality_score=None, reasons=(text, "wide_spread"), flags=(text,),
        is_signal=False,
    )  # fmt: skip


def _decision(text: str, signal: SignalView) -> DecisionView:
    return DecisionView(
        id="5f0c7f5e-9d0b-5d0e-8f5b-6a4c2b1d7e90", user_id="u", signal_id=text, decision=Decision.PLACED, word=text,
        decided_at=NOW, ticker=text, signal=signal, structure=Structure.CALL, contracts=2, entry_price=1.85,
        exit_price=2.5, pnl=130.0, notes=text, closed_at=None, is_open=True,
    )  # fmt: skip
