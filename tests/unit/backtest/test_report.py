"""The result and the page: nothing foreign in it, everything escaped, every quote there."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache
from html.parser import HTMLParser

import msgspec
import pytest

from forward_factor.backtest import words
from forward_factor.backtest.fills import FILLS, Fill
from forward_factor.backtest.report import render_report
from forward_factor.backtest.report.charts import Line, bar_chart, line_chart
from forward_factor.backtest.report.markup import Html, element, join, table
from forward_factor.backtest.results import BacktestResult
from forward_factor.backtest.rules import BacktestRules, EntryRules
from forward_factor.backtest.summary import REGIMES, summarise
from forward_factor.backtest.sweep import changed, combinations, sum_up
from forward_factor.core.rules import PairRule
from forward_factor.errors import InvalidInput
from tests.unit.backtest.streams import BUSY, FIRST_DAY, RULES, busy_market, chain_on, run_all

VOID = {"meta"}


class Reader(HTMLParser):
    """Fails on tags that are not closed in order; remembers what it saw."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    reader.close()
    assert reader.open == []
    return reader


@lru_cache(maxsize=1)
def busy_result() -> BacktestResult:
    books, observed = run_all(busy_market(), [BUSY], 64)
    return summarise(books[0], observed, Fill.TOUCH)


def test_the_parts_of_a_result_agree() -> None:
    result = busy_result()
    assert [one.number for one in result.trades] == list(range(1, len(result.trades) + 1))
    assert result.signals == len(result.trades) + sum(result.skipped.values())
    for fill in FILLS:
        won = sum(trade.profits[fill] for trade in result.trades)
        assert result.of(fill).trades.profit == pytest.approx(won)
        assert result.of(fill).curve.profit == pytest.approx(won)
        assert getattr(result.equity[-1], fill) == pytest.approx(BUSY.size.bankroll + won)
        for groups in (result.by_year, result.by_regime, result.by_ticker, result.by_exit):
            assert sum(group.profits[fill] for group in groups) == pytest.approx(won)
            assert sum(group.trades for group in groups) == len(result.trades)
    assert [group.name for group in result.by_regime] == [
        one for one in REGIMES if one in {t.regime for t in result.trades}
    ]
    hits = sum(trade.profits[Fill.TOUCH] > 0 for trade in result.trades)
    assert result.headline.trades.hit_rate is not None
    assert result.headline.trades.hit_rate.value == hits / len(result.trades)
    cost = result.of(Fill.MID).trades.profit - result.headline.trades.profit
    assert result.headline.trades.spread_cost == pytest.approx(cost)
    best = max(trade.profits[Fill.TOUCH] for trade in result.trades)
    assert result.contributors.without_best == pytest.approx(result.headline.trades.profit - best)


def test_buy_and_hold_is_in_equal_parts() -> None:
    result, chains = busy_result(), busy_market()
    ratios = []
    for ticker in ("KO", "NFLX"):
        own = [chain for chain in chains if chain.ticker == ticker]
        ratios.append(own[-1].spot / own[0].spot)
    assert result.equity[-1].hold == pytest.approx(BUSY.size.bankroll * sum(ratios) / 2)


def test_the_same_chains_give_the_same_bytes() -> None:
    books, observed = run_all(busy_market(), [BUSY], 7)
    again = summarise(books[0], observed, Fill.TOUCH)
    assert msgspec.json.encode(again) == msgspec.json.encode(busy_result())
    assert render_report(again) == render_report(busy_result())


def test_the_page_needs_nothing_else_and_runs_nothing() -> None:
    page = render_report(busy_result())
    reader = read(page)
    assert not {"script", "link", "img", "iframe", "object", "base"} & set(reader.tags)
    names = {name for name, _ in reader.attributes}
    assert not {name for name in names if name.startswith("on") or name in {"href", "src", "srcset", "action", "style"}}
    assert "://" not in page
    assert "url(" not in page
    assert "default-src &#x27;none&#x27;" in page or "default-src 'none'" in page


def test_every_trade_and_quote_is_on_the_page() -> None:
    result = busy_result()
    page = render_report(result)
    assert page.count("<details") == len(result.trades)
    for trade in result.trades:
        part = page[page.index(f'id="trade-{trade.number}"') :]
        part = part[: part.index("</details>")]
        for leg in trade.legs:
            for quote in (leg.entry, leg.exit):
                assert words.price(quote.bid) in part
                assert words.price(quote.ask) in part
        assert words.dollars(trade.profits[Fill.TOUCH]) in part


def test_an_empty_backtest_has_a_page_too() -> None:
    books, observed = run_all([chain_on(FIRST_DAY, 0.3, 0.3)], [RULES])
    result = summarise(books[0], observed, Fill.MID)
    page = render_report(result)
    read(page)
    assert "No trade was made." in page
    assert (result.headline.curve.cagr, result.headline.curve.sharpe, result.headline.trades.hit_rate) == (None,) * 3
    msgspec.json.encode(result)


def test_text_is_escaped_by_construction() -> None:
    evil = "<script>alert(1)</script>\"'&"
    assert "<script>" not in element("p", evil)
    assert "<script>" not in element("p", "x", title=evil)
    assert '"' not in element("p", title=evil).split('title="')[1].split('">')[0]
    assert "<script>" not in table([evil], [[evil]], caption=evil)
    assert "<script>" not in join([evil, Html("<b>")])
    assert "<script>" not in line_chart(evil, [FIRST_DAY, FIRST_DAY.replace(day=2)], [Line(evil, "mid", [1.0, 2.0])])
    assert "<script>" not in bar_chart(evil, [1.0], [evil])
    result = busy_result()
    trade = replace(result.trades[0], ticker=evil)
    data = replace(result.data, tickers=(evil,))
    page = render_report(replace(result, trades=(trade,), data=data, skipped={evil: 1}))
    assert "<script>" not in page
    read(page)


@pytest.mark.parametrize("values", [[5.0, 5.0], [0.0, 1e-12], [-1e9, 1e9], [1e-6, 2e-6, 3e-6]])
def test_charts_stand_any_range(values: list[float]) -> None:
    days = [FIRST_DAY.replace(day=1 + number) for number in range(len(values))]
    drawn = line_chart("x", days, [Line("a", "mid", values)]) + bar_chart("x", values, [""] * len(values))
    assert "nan" not in drawn
    assert "inf" not in drawn
    numbers = [float(one) for points in re.findall(r'points="([^"]+)"', drawn) for one in re.split("[ ,]", points)]
    assert all(-1.0 <= number <= 901.0 for number in numbers)


class TestWords:
    @pytest.mark.parametrize(
        ("value", "text"),
        [(1234.5, "$1,234.50"), (-0.5, "−$0.50"), (0.0, "$0.00"), (-0.001, "$0.00"), (None, "–"), (float("nan"), "–")],
    )
    def test_dollars(self, value: float | None, text: str) -> None:
        assert words.dollars(value) == text

    @pytest.mark.parametrize(("value", "text"), [(2.0, "2.00"), (2.125, "2.125"), (1 / 3, "0.333333"), (None, "–")])
    def test_prices_keep_their_digits(self, value: float | None, text: str) -> None:
        assert words.price(value) == text


class TestSweep:
    def test_every_combination_is_a_trial(self) -> None:
        found = combinations({"threshold": ["0.1", "0.2"], "target": ["none", "0.5"]})
        assert [(one["threshold"], one["target"]) for one in found] == [
            ("0.1", "none"), ("0.1", "0.5"), ("0.2", "none"), ("0.2", "0.5"),
        ]  # fmt: skip
        rules = changed(RULES, {**found[3], "pair": "30/90", "structure": "put", "stability": "2", "exit-days": "3"})
        assert rules.entry.pairs == (PairRule(30, 90, 5, 10),)
        assert (rules.entry.threshold, rules.entry.structure, rules.entry.stability) == (0.2, "put", 2)
        assert (rules.exit.target, rules.exit.days_before_expiry) == (0.5, 3)
        assert changed(rules, {"target": "none"}).exit.target is None

    @pytest.mark.parametrize(
        "axes", [{"colour": ["red"]}, {"threshold": []}, {"threshold": [f"{n}" for n in range(1_001)]}]
    )
    def test_what_cannot_be_swept(self, axes: dict[str, list[str]]) -> None:
        with pytest.raises(InvalidInput):
            combinations(axes)

    @pytest.mark.parametrize(
        "values", [{"threshold": "much"}, {"structure": "condor"}, {"exit-days": "0"}, {"pair": "x"}, {"stop": "nan"}]
    )
    def test_values_that_cannot_be_meant(self, values: dict[str, str]) -> None:
        with pytest.raises(InvalidInput):
            changed(RULES, values)

    def test_the_best_is_deflated_by_all_that_were_tried(self) -> None:
        grid = combinations({"threshold": ["-0.2", "0", "0.1"], "target": ["none", "0.1"]})
        trials = [changed(BUSY, values) for values in grid]
        books, _ = run_all(busy_market(), trials, 64)
        few, many = (sum_up(books, grid, Fill.PARTIAL, stated) for stated in (1, 500))
        assert (few.trial_count, many.trial_count) == (6, 500)
        assert few.best is not None
        assert few.best == many.best
        best = few.trials[few.best].sharpe
        assert best is not None
        assert best.a_row == max(trial.sharpe.a_row for trial in few.trials if trial.sharpe)
        assert few.deflated is not None
        assert many.deflated is not None
        assert 0.0 <= many.deflated < few.deflated <= 1.0
        assert [trial.trades for trial in few.trials] == [len(book.trades) for book in books]
        read(render_report(busy_result(), few))

    def test_trials_that_never_traded(self) -> None:
        rules = BacktestRules(EntryRules(RULES.entry.pairs, threshold=99.0))
        books, _ = run_all([chain_on(FIRST_DAY)], [rules])
        found = sum_up(books, [{"threshold": "99"}], Fill.MID, 1)
        assert (found.best, found.deflated) == (None, None)
        assert "none has a Sharpe ratio" in words.sweep_verdict(found)
