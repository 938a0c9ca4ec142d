"""How many contracts: a stake, what the market can bear, and what may still be at risk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import floor, isnan

from forward_factor.backtest.rules import SizeRules
from forward_factor.backtest.soundness import Rung
from forward_factor.backtest.trades import Skip
from forward_factor.core.ticket import contracts_for, suggest_contracts


def size_position(
    loss_of_one: float, rungs: Sequence[Rung], rules: SizeRules, open_positions: int, at_risk: float
) -> int | Skip:
    """Return the number of contracts, 1 or more, or what stands against any.

    Args:
        loss_of_one: the debit at touch of one contract, dollars.
        rungs: the legs' places on the ladder, with volume and open interest.
        rules: stake, capacity and limits.
        open_positions: how many there are.
        at_risk: what they may lose together, dollars.

    """
    wanted = _staked(loss_of_one, rules)
    if wanted < 1:
        return Skip.STAKE_TOO_SMALL
    wanted = min(wanted, _capacity(rungs, rules.capacity, wanted))
    if wanted < 1:
        return Skip.NO_CAPACITY
    if open_positions >= rules.max_positions:
        return Skip.TOO_MANY_POSITIONS
    wanted = min(wanted, contracts_for(rules.max_at_risk * rules.bankroll - at_risk, loss_of_one))
    return wanted if wanted >= 1 else Skip.NO_ROOM


def _staked(loss_of_one: float, rules: SizeRules) -> int:
    if rules.kelly is None:
        return contracts_for(rules.risk * rules.bankroll, loss_of_one)
    return suggest_contracts(loss_of_one, replace(rules.kelly, bankroll=rules.bankroll))


def _capacity(rungs: Sequence[Rung], share: float, unlimited: int) -> int:
    """Return the largest order by volume and open interest; an unknown number bears none."""
    if share == 0.0:
        return unlimited
    offered = [number for rung in rungs for number in (rung.volume, rung.open_interest)]
    return floor(share * min(0.0 if isnan(number) else number for number in offered))
