"""The words of the bot's answers: values in, Telegram's HTML out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields

from forward_factor.core.account_settings import AccountSettings, QuietHours
from forward_factor.core.decisions import Decision
from forward_factor.core.rules import PairRule
from forward_factor.notify.markup import MOST_CAPTION, bold, code, escape, fit, italic, shorten
from forward_factor.notify.messages import STRUCTURES, count, day, factor, new_york_time, percent
from forward_factor.services.chat_views import ChatView, LinkCodeView, LinkedChat
from forward_factor.services.decision_views import DecisionView
from forward_factor.services.explain_ticker import Explanation
from forward_factor.services.ports.chats import Correspondent
from forward_factor.services.reason_words import reason_words
from forward_factor.services.views import CandidateView, SignalView, WatchedTicker

TRY_AGAIN = escape("Something went wrong here. It was noted; please try again.")
STORE_AWAY = escape("The database cannot be reached just now. Please try again in a minute.")
SLOW_DOWN = escape("That was a lot at once. Please wait a minute.")
DISABLED = escape("This account is disabled.")
UNKNOWN = escape("I do not know what that means. /help lists what I can do.")
PRICE_FORM = "1.85 2"
_LONGEST_ERROR, _LONGEST_NAME, _LONGEST_LIST = 1000, 64, 300


def error_line(text: str) -> str:
    """Return what went wrong, in one plain line."""
    return escape(shorten(" ".join(text.split()), _LONGEST_ERROR))


def welcome(*, is_new: bool) -> str:
    """Greet somebody, new or known."""
    first = "Welcome to Forward Factor!" if is_new else "Welcome back to Forward Factor."
    lines = [
        bold(first),
        "",
        escape("I watch option chains for front-month vol that is dear against the forward vol behind it."),
        escape("/add AAPL MSFT begins to watch tickers, /settings shows what you are told about, /help has the rest."),
    ]
    if is_new:
        lines.append(escape("Have an account on the web page? Get a code there and send /link CODE."))
    return fit(lines)


def how_to_link(*, is_group: bool) -> str:
    """Say how a chat gets an account."""
    where = "this group" if is_group else "this chat"
    return escape(f"To use {where}, get a code (web page, or /link in a chat of yours) and send /link CODE here.")


def help_text(commands: Sequence[tuple[str, str, str]]) -> str:
    """List commands: name, usage and summary each."""
    lines = [f"/{name}{escape(' ' + usage if usage else '')} – {escape(summary)}" for name, usage, summary in commands]
    return fit([bold("What I can do"), "", *lines])


def linked(chat: LinkedChat) -> str:
    """Say whose a chat is now."""
    whose = chat.user.email or "your Telegram account"
    merged = " What this chat watched, placed and was told has moved there." if chat.merged else ""
    return escape(f"This chat now belongs to {shorten(whose, 254)}.{merged}")


def link_code(issued: LinkCodeView) -> str:
    """Show a code for another chat."""
    return fit([
        escape("Send this in the other chat within ten minutes; it works once:"),
        code(f"/link {issued.code}"),
    ])  # fmt: skip


def added(tickers: Sequence[str], known: Sequence[str]) -> str:
    """Say what is watched now."""
    lines = [f"Watching {_listed(tickers)} now."] if tickers else []
    if known:
        lines.append(f"Already on your list: {_listed(known)}.")
    return escape(" ".join(lines))


def removed(tickers: Sequence[str], unknown: Sequence[str]) -> str:
    """Say what is no longer watched."""
    lines = [f"No longer watching {_listed(tickers)}."] if tickers else []
    if unknown:
        lines.append(f"Not on your list: {_listed(unknown)}.")
    return escape(" ".join(lines))


def watchlist(watched: Sequence[WatchedTicker]) -> str:
    """List what a user watches."""
    if not watched:
        return escape("You watch nothing yet. /add AAPL begins to watch a ticker.")
    names = [escape(_name(one.ticker)) for one in watched]
    rows = [" ".join(names[start : start + 8]) for start in range(0, len(names), 8)]
    return fit([bold(f"You watch {len(watched):,}"), *rows], left_out=lambda left: f"… {left} more rows of eight")


def signals(found: Sequence[SignalView], about: str) -> str:
    """List signals, the newest first."""
    about = shorten(about, _LONGEST_LIST)
    if not found:
        return escape(f"No signals {about} yet.")
    lines = [
        f"{bold(_name(one.ticker))} {escape(_pair(one.pair, one.vol_point))} · FF {bold(factor(one.ff))} · "
        f"{escape(f'{day(one.front_expiry)} / {day(one.back_expiry)} · {new_york_time(one.as_of)}')}"
        for one in found
    ]
    return fit([escape(f"Newest signals {about}:"), *lines])


def history(decisions: Sequence[DecisionView], *, has_more: bool) -> str:
    """List decisions, the newest first."""
    if not decisions:
        return escape("You have decided nothing yet. Place and Ignore under an alert do that.")
    more = [italic("… and older ones, on the web page")] if has_more else []
    return fit([bold("Your decisions"), *(_decision(one) for one in decisions), *more])


def explanation(found: Explanation) -> str:
    """Say why a ticker's last scan gave signals or not, gate by gate."""
    head = f"{bold(_name(found.ticker))} {escape(f'{new_york_time(found.as_of)} ({found.provider})')}"
    lines = [_verdict(one) for one in found.candidates]
    return fit([head, *(lines or [escape("No pair of expiries was looked at.")])])


def caption(found: Explanation, pair: CandidateView | None) -> str:
    """Say in short what a picture of a term structure shows."""
    lines = [f"{bold(_name(found.ticker))} {escape(f'{new_york_time(found.as_of)} ({found.provider})')}"]
    if pair is not None:
        lines.append(
            escape(
                f"{pair.pair}: {percent(pair.front_iv)} now, {percent(pair.sigma_fwd)} forward, FF {factor(pair.ff)}"
            )
        )
    return fit(lines, MOST_CAPTION)


def settings(found: AccountSettings) -> str:
    """List settings by the names that /set takes."""
    lines = [f"{code(one.name)} {escape(_value(getattr(found, one.name)))}" for one in fields(AccountSettings)]
    return fit([bold("Your settings"), *lines, "", escape("/set NAME VALUE changes one, e.g. /set ff_threshold 0.25")])


def setting(name: str, found: AccountSettings) -> str:
    """Say what a setting is now."""
    known = getattr(found, name, None)
    return f"{code(_name(name))} {escape('is ' + _value(known) if hasattr(found, name) else 'is changed')}"


def paused(*, is_paused: bool) -> str:
    """Say whether alerts come."""
    return escape("Alerts are paused. /resume lets them come again." if is_paused else "Alerts come again.")


def account(chat: LinkedChat, chats: Sequence[ChatView], watched: int, open_positions: int) -> str:
    """Say whose chat it is, and what they have."""
    user = chat.user
    name = user.email or "Telegram only; /link CODE makes it one with your account on the web page"
    lines = [
        f"Account: {shorten(name, 254)}",
        f"Chats: {len(chats)} ({', '.join(_chat(one) for one in chats[:10])})",
        f"Watched tickers: {watched:,}",
        f"Open positions: {open_positions:,}",
    ]
    if user.created_at is not None:
        lines.append(f"Since {day(user.created_at.date())}")
    return fit(map(escape, lines))


def chat_name(chat: Correspondent) -> str:
    """Return how a chat is called."""
    return chat.title or chat.username or chat.chat_id


def decided(decision: DecisionView, *, is_new: bool) -> str:
    """Say in a word or two, for a tap, what was decided."""
    word = "placed" if decision.decision is Decision.PLACED else "ignored"
    return word.capitalize() if is_new else f"Already {word}"


def ask_entry(decision: DecisionView) -> str:
    """Ask at what price a position was entered."""
    what = f"{_name(decision.ticker or '')} {_pair(decision.signal.pair, None) if decision.signal else ''}".strip()
    lines = [
        f"{bold(what)} {escape('is placed. At what price, and how many contracts?')}",
        escape(f"Reply with the debit a share and the number, e.g. {PRICE_FORM}"),
        italic(f"decision {decision.id}"),
    ]
    return fit(lines)


def entered(decision: DecisionView) -> str:
    """Say what was noted about an entry."""
    contracts = "" if decision.contracts is None else f", {count(decision.contracts)} contracts"
    price = "–" if decision.entry_price is None else f"{decision.entry_price:,.2f}"
    return f"{bold(_name(decision.ticker or ''))} {escape(f'entered at {price}{contracts}.')}"


def _decision(one: DecisionView) -> str:
    at = new_york_time(one.decided_at) if one.decided_at else "–"
    pair = _pair(one.signal.pair, one.signal.vol_point) if one.signal else ""
    parts = [shorten(one.decision.value if one.decision else (one.word or "–"), _LONGEST_NAME)]
    if one.structure is not None and one.decision is Decision.PLACED:
        parts.append(STRUCTURES[one.structure])
    if one.entry_price is not None:
        parts.append(f"in {one.entry_price:,.2f}" + (f" x {one.contracts:,}" if one.contracts else ""))
    if one.exit_price is not None:
        parts.append(f"out {one.exit_price:,.2f}")
    if one.pnl is not None:
        parts.append(f"{one.pnl:+,.0f} $")
    parts += ["open"] if one.is_open else []
    return f"{bold(_name(one.ticker or '–'))} {escape(f'{pair} {at}: ' + ', '.join(parts))}"


def _verdict(one: CandidateView) -> str:
    head = f"{escape(_pair(one.pair, one.vol_point))} · FF {bold(factor(one.ff))}"
    if one.is_signal:
        return f"✅ {head}"
    return f"✖ {head} · {escape('; '.join(_reason(reason, one) for reason in one.reasons))}"


def _reason(reason: str, one: CandidateView) -> str:
    numbers = {
        "wide_spread": percent(one.bid_ask_pct),
        "low_open_interest": count(one.open_interest),
        "low_volume": count(one.volume),
        "sigma_fwd_below_floor": percent(one.sigma_fwd),
        "earnings_in_window": day(one.earnings_on),
        "ff_below_threshold": factor(one.ff),
    }
    words = reason_words(reason)
    return f"{words} ({numbers[reason]})" if reason in numbers else words


def _value(value: object) -> str:
    match value:
        case None:
            return "none"
        case bool():
            return "on" if value else "off"
        case float():
            return f"{value:g}"
        case QuietHours():
            return f"{value.start}-{value.end}" if value.enabled else "off"
        case tuple():
            return " ".join(one.name if isinstance(one, PairRule) else str(one) for one in value)
        case _:
            return shorten(str(value), _LONGEST_NAME)


def _chat(one: ChatView) -> str:
    return shorten(one.title or one.chat_id, _LONGEST_NAME) + ("" if one.is_active else ", asleep")


def _pair(pair: str | None, vol_point: str | None) -> str:
    return " ".join(shorten(one, _LONGEST_NAME) for one in (pair, vol_point) if one)


def _name(text: str) -> str:
    return shorten(text, _LONGEST_NAME)


def _listed(tickers: Sequence[str]) -> str:
    return shorten(", ".join(tickers), _LONGEST_LIST)
