"""Why not: the candidates of a ticker's scan against the person's own limits, the nearest miss first."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from nicegui import ui

from forward_factor.core.account_settings import AccountSettings
from forward_factor.core.ticker import parse_ticker
from forward_factor.errors import InvalidInput, NotFound
from forward_factor.server.inputs import in_utc
from forward_factor.server.web.formats import ago, factor, instant
from forward_factor.server.web.links import research_path, why_path
from forward_factor.server.web.parts import note, panel, subtitle, title
from forward_factor.server.web.routing import web_page
from forward_factor.server.web.ticker_box import split_tickers, ticker_box
from forward_factor.server.web.verdicts import Check, checks_of, expiries_of, verdict_of
from forward_factor.server.web.visit import Visit
from forward_factor.services.explain_ticker import Explanation, explain_ticker
from forward_factor.services.judge_candidates import JudgedCandidate, judge_candidates
from forward_factor.services.list_watchlist import list_watchlist
from forward_factor.services.reason_words import flag_words

_LOCAL = "%Y-%m-%dT%H:%M"
_A_MOMENT = timedelta(microseconds=1)
MOST_LINKS = 60


@web_page("/why", "Why not")
async def show_why(visit: Visit) -> None:
    """Build the page before a ticker is chosen."""
    title("Why not")
    _chooser(visit)
    watched = await list_watchlist(visit.store, visit.user.id)
    with panel("Your tickers" if watched else None):
        if not watched:
            note("Choose a ticker: this page says, limit by limit, why its last scan gave a signal or none.")
            ui.link("Put tickers on your watchlist", "/watchlist")
            return
        with ui.element("div").classes("bar"):
            for one in watched[:MOST_LINKS]:
                ui.link(one.ticker, why_path(one.ticker)).classes("chip")


@web_page("/why/{ticker}", "Why not")
async def show_why_of(visit: Visit, ticker: str, at: str | None = None) -> None:
    """Build the page of one ticker: its last scan, or the last one at or before an instant."""
    title(f"Why not: {ticker.upper()[:20]}")
    try:
        name, moment = parse_ticker(ticker), _instant(at)
    except InvalidInput as fault:
        _chooser(visit)
        _alert(str(fault))
        return
    _chooser(visit, name, moment)
    try:
        found = await explain_ticker(visit.store.findings, name, moment)
    except NotFound:
        _not_scanned(visit, name, moment)
        return
    _scan(visit, found)


def _chooser(visit: Visit, ticker: str = "", at: datetime | None = None) -> None:
    async def show() -> None:
        named = split_tickers(str(box.value or ""))
        if not named:
            raise InvalidInput("name a ticker, such as AAPL")
        moment = _from_local(str(when.value or ""), visit.zone)
        ui.navigate.to(why_path(parse_ticker(named[0]), moment))

    with panel(), ui.element("div").classes("bar"):
        box = ticker_box(visit, "Ticker", show, ticker)
        local = at.astimezone(visit.zone).strftime(_LOCAL) if at else ""
        when = ui.input("At or before (empty: the last scan)", value=local).classes("when-box")
        when.props("outlined dense type=datetime-local stack-label clearable clear-icon=close")
        ui.button("Show", on_click=visit.does(show)).props("unelevated no-caps")


def _instant(text: str | None) -> datetime | None:
    """Return the instant of the address, UTC.

    Raises:
        InvalidInput: it is none.

    """
    if not text:
        return None
    try:
        return in_utc(datetime.fromisoformat(text))
    except ValueError:
        raise InvalidInput("the instant in the address is none: choose one in the box") from None


def _from_local(text: str, zone: ZoneInfo) -> datetime | None:
    if not text:
        return None
    try:
        # the whole minute that is shown, so that a scan within it counts
        return in_utc(datetime.fromisoformat(text).replace(tzinfo=zone) + timedelta(seconds=59))
    except ValueError:
        raise InvalidInput("choose a date and a time, or leave the box empty for the last scan") from None


def _alert(words: str) -> None:
    with panel():
        ui.label(words[:1].upper() + words[1:] + ".").classes("bad").props("role=alert")


def _not_scanned(visit: Visit, ticker: str, at: datetime | None) -> None:
    before = f" at or before {instant(at, visit.zone)}" if at else ""
    with panel():
        note(
            f"No scan of {ticker} is recorded{before}. Tickers on your watchlist are scanned while the market is open."
        )
        with ui.element("div").classes("bar"):
            ui.link("Go to the watchlist", "/watchlist")
            if at:
                ui.link("Show the last scan", why_path(ticker))


def _scan(visit: Visit, found: Explanation) -> None:
    judged = judge_candidates(found.candidates, visit.settings)
    own = [one for one in judged if one.is_wanted]
    with panel(), ui.element("div").classes("bar"):
        ui.label(f"Scan of {instant(found.as_of, visit.zone)}, {ago(found.as_of, visit.now)}, from {found.provider}")
        ui.link("Scan before", why_path(found.ticker, found.as_of - _A_MOMENT))
        ui.link("Last scan", why_path(found.ticker))
        ui.link("Term structure and smile", research_path(found.ticker))
    _summary(visit, own)
    _cards(own, visit.settings)
    others = [one for one in judged if not one.is_wanted]
    if others:
        subtitle("Pairs and vol points you do not ask for")
        _cards(others, visit.settings)


def _summary(visit: Visit, own: Sequence[JudgedCandidate]) -> None:
    settings = visit.settings
    with panel():
        if not own:
            note("This scan looked at none of the pairs and vol points you ask for; the next one will.")
        else:
            passing = sum(one.passes for one in own)
            ui.label(f"{passing} of {len(own)} that you ask for keep within your limits.").classes("strong")
        note(
            f"You are told once a pair has passed {settings.stability_scans} scans in a row; after an alert, at the "
            f"earliest {settings.cooldown_minutes} min later, with FF up by 0.02. The nearest miss comes first."
        )
        ui.link("Change your limits", "/settings")


def _cards(judged: Sequence[JudgedCandidate], settings: AccountSettings) -> None:
    with ui.element("div").classes("grid cards"):
        for one in judged:
            _card(one, settings)


def _card(one: JudgedCandidate, settings: AccountSettings) -> None:
    candidate = one.candidate
    with panel():
        with ui.element("div").classes("card-head"):
            subtitle(f"{candidate.pair} · {candidate.vol_point}")
            ui.label(verdict_of(one)).classes("chip " + ("good" if one.passes else "warn"))
        ui.label(f"FF {factor(one.ff)}" + (" without earnings" if one.by_ex_earnings else "")).classes("figure")
        note(f"from bid to ask {factor(candidate.ff_low)} to {factor(candidate.ff_high)} · {expiries_of(candidate)}")
        with ui.element("ul").classes("checks"):
            for check in checks_of(one, settings):
                _check(check)
        for flag in candidate.flags:
            note(f"Note: {flag_words(flag)}.")


def _check(check: Check) -> None:
    with ui.element("li").classes("good" if check.is_kept else "bad"):
        ui.icon("check" if check.is_kept else "close", size="1.1rem").props("aria-hidden=true")
        ui.label("kept" if check.is_kept else "missed").classes("unseen")
        ui.label(check.words).classes("check-words")
