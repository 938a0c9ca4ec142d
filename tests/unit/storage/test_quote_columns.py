"""Quotes between the engine's columns and the rows of the store."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest
from sqlalchemy import Row

from forward_factor.core.chain import Chain, Contracts
from forward_factor.providers.simulated import SimulatedMarket
from forward_factor.storage.copy_format import SIGNATURE
from forward_factor.storage.quote_columns import STORED_COLUMNS, contracts_from_rows, quote_columns
from tests.chains import AS_OF, priced_chain


@pytest.fixture
def chain() -> Chain:
    return SimulatedMarket(tickers=["AAPL"], dirt=0.05).chain("AAPL", AS_OF)


def test_rows_give_the_same_contracts_back(chain: Chain) -> None:
    columns = quote_columns(chain, None)
    again = contracts_from_rows(_rows(columns.value_columns()), columns.scales)
    for field in fields(Contracts):
        stored, read = getattr(columns.contracts, field.name), getattr(again, field.name)
        assert np.array_equal(stored, read, equal_nan=stored.dtype.kind == "f"), field.name
    assert len(again) == len(chain.contracts)


def test_window_drops_expired_and_far_contracts() -> None:
    chain = priced_chain({-3: 0.3, 0: 0.3, 1: 0.3, 30: 0.3, 120: 0.3, 121: 0.3})
    kept = quote_columns(chain, 120).contracts
    dte = (kept.expiry - np.datetime64(chain.new_york_date, "D")).astype(int)
    assert set(dte.tolist()) == {1, 30, 120}


def test_repeated_contracts_are_numbered_in_the_order_they_came(chain: Chain) -> None:
    twice = Contracts.concatenate([chain.contracts, replace(chain.contracts, last=chain.contracts.last + 1)])
    columns = quote_columns(replace(chain, contracts=twice), None)
    assert columns.occurrence.tolist() == [0, 1] * len(chain.contracts)
    first, second = columns.contracts.last[::2], columns.contracts.last[1::2]
    assert np.array_equal(first + 1, second, equal_nan=True)


def test_no_contracts_are_no_rows(chain: Chain) -> None:
    columns = quote_columns(replace(chain, contracts=Contracts.empty()), None)
    assert columns.copy_bytes() == b""
    assert len(contracts_from_rows([], columns.scales)) == 0


def test_copy_leaves_out_the_bytes_of_missing_values() -> None:
    chain = priced_chain({30: 0.3}, strikes=[100.0])
    filled = replace(chain.contracts, iv=np.array([0.25, 0.25]), delta=np.array([-0.5, 0.5]))
    without = len(quote_columns(chain, None).copy_bytes())
    with_all = len(quote_columns(replace(chain, contracts=filled), None).copy_bytes())
    assert with_all - without == 2 * 2 * 8
    assert len(SIGNATURE) == 19


def _rows(columns: dict[str, list[object]]) -> list[Row[tuple[object, ...]]]:
    rows = zip(*(columns[name] for name in STORED_COLUMNS), strict=True)
    return list(rows)  # type: ignore[arg-type]  # only the order of the values is used
