"""The page of one signal, part by part."""

from __future__ import annotations

from nicegui import ui

from forward_factor.server.news import News
from forward_factor.server.web.charts import draw_chart
from forward_factor.server.web.formats import ago, day, factor, instant, money, number, percent
from forward_factor.server.web.parts import Column, facts, note, panel, table, title
from forward_factor.server.web.signals import charts
from forward_factor.server.web.signals.gate_words import gate_rows, plain_gates
from forward_factor.server.web.signals.own_panel import OwnPanel
from forward_factor.server.web.signals.rows import POINTS
from forward_factor.server.web.signals.trade_panel import TradePanel
from forward_factor.server.web.visit import Visit
from forward_factor.services.record_views import History
from forward_factor.services.study_signal import SignalStudy
from forward_factor.services.views import SignalView
from forward_factor.services.weigh_gates import weigh_gates

_GATES = (
    Column("gate", "Gate"),
    Column("value", "Number", is_number=True),
    Column("limit", "Scan's limit", is_number=True),
    Column("own_limit", "Your limit", is_number=True),
)


def show_study(visit: Visit, study: SignalStudy) -> None:
    """Draw all that is known about a signal."""
    signal = study.signal
    ui.page_title(f"{signal.ticker} {signal.pair or ''} · Forward Factor")
    _head(visit, study)
    with ui.element("div").classes("grid"):
        with ui.element("div").classes("stack"):
            own = OwnPanel(visit, signal)
            own.build(study.own)
            _numbers(study)
            _gates(visit, study)
        with ui.element("div").classes("stack"):
            _term_structure(visit, study)
            _history(visit, signal, study.history)
    if study.scan is not None:
        TradePanel(visit, study.scan, signal).build()
    else:
        with panel("Trade ticket"):
            note("The quotes this signal was found in were not kept, so there is no ticket.")

    async def renew(_before: News, _now: News) -> None:
        await own.renew()

    visit.on_news(renew)


def _head(visit: Visit, study: SignalStudy) -> None:
    signal = study.signal
    with ui.element("div").classes("bar heading"):
        title(signal.ticker)
        ui.label(f"{signal.pair or ''} {POINTS.get(signal.vol_point or '', signal.vol_point or '')}").classes("muted")
        if signal.is_discovery:
            ui.label("discovery").classes("chip")
        found = study.scan.candidate if study.scan else None
        if found is not None and found.earnings_on is not None:
            ui.label(f"earnings {day(found.earnings_on)}").classes("chip warn")
        ui.label(f"found {instant(signal.as_of, visit.zone)}, {ago(signal.as_of, visit.now)}").classes("muted")
        ui.link("All signals", "/")
    if study.is_copy:
        note("The signal itself was too old to be kept: this is the copy that your decision holds.")


def _numbers(study: SignalStudy) -> None:
    signal, found = study.signal, study.scan.candidate if study.scan else None
    with panel("Forward factor"):
        with ui.element("div").classes("pair-of-numbers"):
            _number("Raw", factor(signal.ff), _range(signal))
            jumps = found is not None and found.earnings_on is not None
            _number("Without earnings", factor(signal.ff_ex_earnings), _jumps(signal, has_jumps=jumps))
        facts(_facts(signal))
        if found is not None and found.front_iv_ex_earnings is not None and jumps:
            vols = f"{percent(found.front_iv_ex_earnings)} / {percent(found.back_iv_ex_earnings)}"
            facts({"Vols without earnings": vols})


def _range(signal: SignalView) -> str:
    if signal.ff_low is None and signal.ff_high is None:
        return "its range was not kept"
    return f"{factor(signal.ff_low)} to {factor(signal.ff_high)} from bid to ask"


def _jumps(signal: SignalView, *, has_jumps: bool) -> str:
    if has_jumps:
        return "jumps of announcements taken out"
    return "not kept" if signal.ff_ex_earnings is None else "no announcement in the window"


def _facts(signal: SignalView) -> dict[str, str]:
    return {
        "Sell, front": f"{day(signal.front_expiry)} ({_days(signal.front_dte)}) at {percent(signal.front_iv)}",
        "Buy, back": f"{day(signal.back_expiry)} ({_days(signal.back_dte)}) at {percent(signal.back_iv)}",
        "Forward vol": percent(signal.sigma_fwd),
        "Spot": money(signal.underlying_price),
        "Quality": number(signal.quality_score),
        "Provider": signal.provider or "not kept",
    }


def _number(name: str, value: str, words: str) -> None:
    with ui.element("div"):
        ui.label(name).classes("muted small")
        ui.label(value).classes("big")
        ui.label(words).classes("muted small")


def _gates(visit: Visit, study: SignalStudy) -> None:
    with panel("Why it passed"):
        if study.scan is None:
            note("What this signal was found by was not kept.")
            return
        found = study.scan.candidate
        gates = weigh_gates(found, study.scan.rules, visit.settings)
        table(_GATES, gate_rows(gates), "gate", "No gates").classes("wraps")
        for words in plain_gates(found):
            note(words)


def _term_structure(visit: Visit, study: SignalStudy) -> None:
    with panel("Term structure"):
        if not study.expiries:
            note("The term structure of that scan was not kept.")
            return
        signal = study.signal
        words = (
            f"Implied vols by expiry: front {percent(signal.front_iv)}, back {percent(signal.back_iv)}, "
            f"forward vol between them {percent(signal.sigma_fwd)}"
        )
        draw_chart(charts.term_structure(signal, study.expiries, visit.palette), visit.palette, words, 320)


def _history(visit: Visit, signal: SignalView, history: History | None) -> None:
    with panel("This pair's forward factor over time"):
        if history is None or not history.points:
            note("No readings of this pair are kept.")
            return
        rank = history.percentiles
        if rank.ff is not None:
            note(
                f"Higher than or equal to {percent(rank.ff, 0)} of {rank.readings:,} readings "
                f"in the {rank.days:.0f} days up to it."
            )
        options = charts.ff_history(signal, history.points, visit.settings.ff_threshold, visit.palette)
        draw_chart(options, visit.palette, "Forward factors of this pair over time, this signal marked", 260)


def _days(dte: int | None) -> str:
    return "–" if dte is None else f"{dte} days"
