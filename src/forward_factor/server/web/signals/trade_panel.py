"""The trade behind a signal: its legs as they were quoted, what it costs, and what it makes when the front expires."""

from __future__ import annotations

from typing import Any

import numpy as np
from nicegui import ui
from nicegui.events import ValueChangeEventArguments

from forward_factor.core.pay_off import breakevens, profits
from forward_factor.core.structure import Structure
from forward_factor.core.ticket import SHARES_A_CONTRACT, Right, Ticket
from forward_factor.server.web.charts import draw_chart
from forward_factor.server.web.decision_rows import STRUCTURES
from forward_factor.server.web.formats import MISSING, day, factor, money, number, percent
from forward_factor.server.web.parts import Column, Row, facts, note, panel, table
from forward_factor.server.web.signals import charts
from forward_factor.server.web.visit import Visit
from forward_factor.services.ports import StoredScan
from forward_factor.services.study_trade import LegView, PayOffBasis, TradeStudy, study_trade
from forward_factor.services.views import SignalView

_LEGS = (
    Column("what", "Leg"),
    Column("bid", "Bid", is_number=True),
    Column("mid", "Mid", is_number=True),
    Column("ask", "Ask", is_number=True),
    Column("open_interest", "OI", is_number=True),
    Column("volume", "Volume", is_number=True),
)
_LOWEST_PCT, _STEP_PCT = 1.0, 0.5


class TradePanel:
    """A ticket that may be looked at in another structure than the preferred one."""

    def __init__(self, visit: Visit, scan: StoredScan, signal: SignalView) -> None:
        self._visit, self._scan, self._signal = visit, scan, signal

    def build(self) -> None:
        """Draw the panel."""
        study = self._study(None)
        with panel("Trade ticket"):
            structure = study.written.structure
            chosen = ui.toggle(STRUCTURES, value=structure, on_change=self._visit.does(self._choose))
            chosen.props('no-caps dense unelevated aria-label="Structure"').classes("structures")
            self._body = ui.element("div")
        self._show(study)

    def _study(self, structure: Structure | None) -> TradeStudy:
        return study_trade(self._scan, self._signal, self._visit.settings, structure)

    async def _choose(self, event: ValueChangeEventArguments[Any]) -> None:
        self._show(self._study(event.value))

    def _show(self, study: TradeStudy) -> None:
        self._body.clear()
        with self._body:
            trade = study.written.trade
            if not isinstance(trade, Ticket):
                note(f"There is no such ticket: {study.written.refusal}.")
                return
            with ui.element("div").classes("grid"):
                with ui.element("div").classes("stack"):
                    table(_LEGS, [_leg_row(one) for one in study.legs], "what", "No legs").classes("wraps")
                    facts(_cost(trade, study.written.ff))
                if study.pay_off is not None:
                    with ui.element("div").classes("stack"):
                        PayOff(self._visit, study.pay_off).build()


class PayOff:
    """Profit at front expiry over the spot, for a vol of the back that a slider sets; it reads nothing."""

    def __init__(self, visit: Visit, basis: PayOffBasis) -> None:
        self._visit, self._basis = visit, basis

    def build(self) -> None:
        """Draw slider and chart."""
        basis = self._basis
        start, forward = 100 * basis.back_iv, 100 * (basis.sigma_fwd or basis.back_iv)
        highest = max(60.0, 2.0 * max(start, forward))
        self._vol = ui.label().classes("subtitle")
        slider = ui.slider(min=_LOWEST_PCT, max=highest, step=_STEP_PCT, value=start, on_change=self._move)
        slider.props('aria-label="Vol of the back at front expiry, percent"')
        with ui.element("div").classes("bar"):
            back = ui.button(f"back's vol now, {start:.1f} %", on_click=lambda: slider.set_value(start))
            ahead = ui.button(f"forward vol, {forward:.1f} %", on_click=lambda: slider.set_value(forward))
            for one in (back, ahead):
                one.props("flat dense no-caps")
        words = "Profit of one contract at front expiry over the spot, by the vol of the back set above"
        made = profits(basis.held, basis.spots, basis.back_iv)
        options = charts.pay_off(basis.spots, made, basis.spot, self._visit.palette)
        self._chart = draw_chart(options, self._visit.palette, words, 280)
        self._result = ui.label().props("aria-live=polite")
        self._say(basis.back_iv, made)

    async def _move(self, event: ValueChangeEventArguments[Any]) -> None:
        back_iv = max(float(event.value), _LOWEST_PCT) / 100
        made = profits(self._basis.held, self._basis.spots, back_iv)
        options = charts.pay_off(self._basis.spots, made, self._basis.spot, self._visit.palette)
        self._chart.options["series"] = options["series"]
        self._chart.update()
        self._say(back_iv, made)

    def _say(self, back_iv: float, made: np.ndarray) -> None:
        self._vol.text = f"At front expiry, with the back at {percent(back_iv)}"
        spots = self._basis.spots
        crossed = " and ".join(number(one) for one in breakevens(spots, made)) or "nowhere"
        best = int(np.argmax(made))
        most = money(float(made[best]) * SHARES_A_CONTRACT)
        self._result.text = f"Breaks even at {crossed}; makes most, {most} a contract, at {spots[best]:,.2f}."


def _leg_row(one: LegView) -> Row:
    right = "call" if one.right is Right.CALL else "put"
    return {
        "what": f"{'Sell' if one.is_sold else 'Buy'} {day(one.expiry)} {one.strike:,.8g} {right}",
        "bid": number(one.bid),
        "mid": number(one.mid, 3),
        "ask": number(one.ask),
        "open_interest": number(one.open_interest, 0),
        "volume": number(one.volume, 0),
    }


def _cost(trade: Ticket, ff: float | None) -> dict[str, str]:
    debit = trade.debit
    size = MISSING if trade.contracts is None else f"{trade.contracts:,}"
    return {
        "Debit at mid": f"{money(debit.at_mid)} a share, {money(debit.at_mid * SHARES_A_CONTRACT)} a contract",
        "Debit at the touch": f"{money(debit.at_touch)} a share, {money(debit.max_loss_per_contract)} a contract",
        "Spread cost": f"{money(debit.spread_cost)} a share, {percent(debit.spread_cost_share)} of the debit",
        "Max. loss": f"{money(debit.max_loss_per_contract)} a contract: the debit, if no leg is assigned early",
        "Suggested size": size if trade.contracts is not None else "state bankroll and win rate in the settings",
        "Gated on FF": factor(ff),
    }
