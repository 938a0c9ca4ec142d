"""What a user trades at a vol point."""

from __future__ import annotations

import pytest

from forward_factor.core.structure import Structure, sells_call, structure_at

CALL, PUT, DOUBLE = Structure


@pytest.mark.parametrize(
    ("preferred", "vol_point", "traded"),
    [
        (CALL, "ATM", CALL),
        (PUT, "ATM", PUT),
        (PUT, None, PUT),
        (CALL, "35d_put", PUT),
        (PUT, "35d_call", CALL),
        (PUT, "of the old bot", PUT),
        *((DOUBLE, point, DOUBLE) for point in ("ATM", "35d_put", "35d_call", None)),
    ],
)
def test_the_35_delta_points_fix_a_calendars_right(
    preferred: Structure, vol_point: str | None, traded: Structure
) -> None:
    assert structure_at(preferred, vol_point) is traded


def test_whoever_sells_a_call_may_be_assigned() -> None:
    assert [sells_call(one) for one in (CALL, PUT, DOUBLE)] == [True, False, True]
