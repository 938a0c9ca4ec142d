"""The page as a whole."""

from __future__ import annotations

from forward_factor.backtest import words
from forward_factor.backtest.fills import FILLS
from forward_factor.backtest.report.charts import Line, bar_chart, line_chart
from forward_factor.backtest.report.figures import (
    contributors,
    exposure,
    facts,
    figures_by_fill,
    groups,
    signals,
    sweep_part,
)
from forward_factor.backtest.report.markup import Html, element, join, note, section
from forward_factor.backtest.report.style import STYLE
from forward_factor.backtest.report.trades import trade_list
from forward_factor.backtest.results import BacktestResult, SweepResult
from forward_factor.backtest.rules import BacktestRules
from forward_factor.backtest.trades import ExitReason

FEW_TRADES = 30
SHARES = "In parentheses: the share of the half-spread that each leg pays."


def render_report(result: BacktestResult, sweep: SweepResult | None = None) -> str:
    """Return the report as a whole HTML document; the same result gives the same bytes."""
    title = f"Backtest of {', '.join(result.data.tickers[:8])}{' …' if len(result.data.tickers) > 8 else ''}"
    body = join(
        [
            element("h1", title),
            _headline(result),
            join(element("p", one, class_="warning") for one in caveats(result)),
            section("Figures under all fills", note(SHARES), figures_by_fill(result), exposure(result)),
            _charts(result),
            groups(result),
            contributors(result),
            signals(result),
            sweep_part(sweep),
            section("Rules", facts(described_rules(result.rules))),
            section("Data", facts(_data(result))),
            trade_list(result),
            note("The exact rules, from entries to the figures, are in docs/backtest.md of Forward Factor."),
        ]
    )
    head = join(
        [
            Html('<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'),
            _no_foreign_content(),
            element("title", title),
            element("style", Html(STYLE)),
        ]
    )
    return f'<!doctype html>\n<html lang="en"><head>{head}</head><body>{body}</body></html>\n'


def _no_foreign_content() -> Html:
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return Html(f'<meta http-equiv="Content-Security-Policy" content="{policy}">')


def caveats(result: BacktestResult) -> list[str]:
    """Return what a reader must know before any figure."""
    found = []
    if len(result.trades) < FEW_TRADES:
        found.append(f"{len(result.trades)} trades: too few to say much. Look at the intervals, not at the figures.")
    ended = sum(trade.exit_reason is ExitReason.END_OF_DATA for trade in result.trades)
    if ended:
        found.append(f"{ended} of {len(result.trades)} trades were still open and are closed at their last marks.")
    settled = sum(trade.exit_reason is ExitReason.SETTLED for trade in result.trades)
    if settled:
        found.append(f"{settled} of {len(result.trades)} trades found no sound quotes to get out before expiry.")
    split = sum(trade.exit_reason is ExitReason.SPLIT for trade in result.trades)
    if split:
        found.append(
            f"{split} of {len(result.trades)} trades met a split that no word, or no rule, adjusts; they are closed at "
            f"their last marks before it."
        )
    late = result.data.hindsight_earnings
    if late:
        found.append(f"{late} earnings dates count as known from the start: nobody recorded when they became known.")
    found += [
        f"{jump.ticker}'s spot went from {jump.before:g} to {jump.after:g} at {words.instant(jump.at)}: a split? "
        f"--events FILE, or the store's own events, would adjust for it."
        for jump in result.data.spot_jumps
    ]
    return found


def described_rules(rules: BacktestRules) -> list[tuple[str, str]]:
    """Return all rules by name, in words."""
    entry, leave, size, costs = rules.entry, rules.exit, rules.size, rules.costs
    pairs = ", ".join(f"{one.name} (± {one.front_tolerance} and {one.back_tolerance} days)" for one in entry.pairs)
    points = " and ".join(entry.points)
    return [
        ("structure", f"{entry.structure} calendar, gated at {points}"),
        ("pairs", pairs),
        ("entry", f"FF ≥ {entry.threshold:g} at {entry.stability} snapshot(s) in a row"),
        ("gates", _gates(rules)),
        ("exit", f"{leave.days_before_expiry} session(s) before the front expiry"),
        ("target", "none" if leave.target is None else f"{words.percent(leave.target)} of the debit at mid"),
        ("stop", "none" if leave.stop is None else f"{words.percent(leave.stop)} of the debit at mid"),
        ("bankroll", words.dollars(size.bankroll)),
        ("stake", _stake(rules)),
        ("capacity", f"{words.percent(size.capacity)} of volume and open interest" if size.capacity else "not limited"),
        ("limits", f"{size.max_positions} positions, {words.percent(size.max_at_risk)} of the bankroll at risk"),
        ("partial fill", f"{words.percent(costs.partial_share)} of the half-spread a leg"),
        ("commission", f"{words.dollars(costs.commission)} a contract and leg, in and out"),
        ("seed", f"{rules.seed}"),
    ]


def _gates(rules: BacktestRules) -> str:
    one = rules.gates
    return (
        f"spread ≤ {words.percent(one.max_bid_ask_pct)} of mid, open interest ≥ {one.min_open_interest}, volume ≥ "
        f"{one.min_volume}, forward vol ≥ {words.percent(one.sigma_fwd_floor)}, rate {one.risk_free_rate:g}"
    )


def _stake(rules: BacktestRules) -> str:
    kelly = rules.size.kelly
    if kelly is None:
        return f"{words.percent(rules.size.risk)} of the bankroll"
    return f"a quarter of Kelly at a win rate of {kelly.win_rate:g} and a win/loss ratio of {kelly.win_loss_ratio:g}"


def _headline(result: BacktestResult) -> Html:
    one, data = result.headline, result.data
    told = (
        f"{one.trades.trades} trades from {words.instant(data.first_at)} to {words.instant(data.last_at)}: "
        f"{words.dollars(one.curve.profit)} at {one.fill} fills ({words.percent(one.curve.total_return, 2)} of the "
        f"bankroll), Sharpe {words.sharpe(one.curve.sharpe)}, hit rate {words.share_range(one.trades.hit_rate)}."
    )
    return element("p", told)


def _charts(result: BacktestResult) -> Html:
    days = [row.day for row in result.equity]
    lines = [Line(fill, fill, [getattr(row, fill) for row in result.equity]) for fill in FILLS]
    hold = Line("buy and hold", "hold", [row.hold for row in result.equity])
    profits = [trade.profits[result.fill] for trade in result.trades]
    names = [f"#{one.number} {one.ticker}: {words.dollars(one.profits[result.fill])}" for one in result.trades]
    return section(
        "Equity",
        line_chart("Equity under each fill, dollars", days, lines),
        line_chart(
            f"Equity at {result.fill} beside buy-and-hold, dollars", days, [lines[FILLS.index(result.fill)], hold]
        ),
        bar_chart(f"P&L of each trade at {result.fill}, dollars", profits, names),
    )


def _data(result: BacktestResult) -> list[tuple[str, str]]:
    data = result.data
    return [
        ("tickers", ", ".join(data.tickers)),
        ("snapshots", f"{data.snapshots:,}, of which {data.stale:,} stale and left out"),
        ("quotes", f"{data.quotes:,}"),
        ("first", words.instant(data.first_at)),
        ("last", words.instant(data.last_at)),
    ]
