"""Which dividends and splits there can be."""

from __future__ import annotations

from datetime import date
from math import inf, nan

import pytest

from forward_factor.core.corporate_actions import ActionKind, CorporateAction
from forward_factor.errors import InvalidInput

DAY = date(2026, 6, 8)
DIVIDEND, SPLIT = ActionKind


@pytest.mark.parametrize(
    ("kind", "amount", "ratio"),
    [
        *((DIVIDEND, amount, None) for amount in (0.0, -1.0, nan, inf, 2e6)),
        *((SPLIT, None, ratio) for ratio in (None, 0.0, -2.0, nan, inf)),
        (DIVIDEND, 1.0, 2.0),
        (SPLIT, 1.0, 2.0),
    ],
)
def test_numbers_out_of_bounds_or_of_the_other_kind(
    kind: ActionKind, amount: float | None, ratio: float | None
) -> None:
    with pytest.raises(InvalidInput):
        CorporateAction("AAA", kind, DAY, amount, ratio)


@pytest.mark.parametrize(
    ("kind", "amount", "ratio"), [(DIVIDEND, 0.24, None), (DIVIDEND, None, None), (SPLIT, None, 0.1)]
)
def test_those_there_are(kind: ActionKind, amount: float | None, ratio: float | None) -> None:
    made = CorporateAction("AAA", kind, DAY, amount, ratio, "test")
    assert (made.amount, made.ratio) == (amount, ratio)
