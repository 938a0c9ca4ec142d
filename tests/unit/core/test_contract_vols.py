from __future__ import annotations

import numpy as np
import pytest

from forward_factor.core.contract_vols import solve_contract_vols
from forward_factor.core.rules import ScanRules
from forward_factor.core.term_structure import build_term_structures
from tests.chains import priced_chain
from tests.reference.slow_black76 import d_one, normal_cdf

RATE = 0.04


def test_every_contract_has_its_vol_and_delta() -> None:
    solved = solve_contract_vols(priced_chain({30: 0.45, 400: 0.30}), RATE)
    contracts, curve = solved.quotes.contracts, solved.quotes.curve
    told = np.array([0.45, 0.30])[curve]
    known = np.isfinite(solved.mid)
    assert known.mean() > 0.9
    assert solved.mid[known] == pytest.approx(told[known], abs=1e-6)
    between = np.isfinite(solved.bid) & known
    assert (solved.bid[between] < solved.mid[between]).all()
    assert (solved.mid[known] < solved.ask[known]).all()
    for row in np.flatnonzero(known)[::17]:
        place = curve[row]
        forward, years = float(solved.forwards.price[place]), float(solved.quotes.curves.years[place])
        delta = normal_cdf(d_one(forward, float(contracts.strike[row]), float(solved.mid[row]), years))
        assert solved.delta[row] == pytest.approx(delta if contracts.is_call[row] else delta - 1.0, abs=1e-9)


def test_the_vols_near_the_money_are_the_scan_s() -> None:
    chain = priced_chain({30: 0.45, 60: 0.35})
    solved, scanned = solve_contract_vols(chain, RATE), build_term_structures([chain], ScanRules())
    assert solved.forwards.price.tolist() == scanned.forwards.price.tolist()
    rows = scanned.points.rows[:, 0, 0]
    assert solved.mid[rows] == pytest.approx(scanned.points.mid[:, 0], abs=1e-9)


def test_what_cannot_be_solved_is_missing() -> None:
    chain = priced_chain({30: 0.45})
    chain.contracts.bid[:10] = 0.0
    chain.contracts.ask[10:20] = np.nan
    chain.contracts.bid[20:30] = chain.contracts.ask[20:30] + 1.0
    solved = solve_contract_vols(chain, RATE)
    assert np.isnan(solved.mid[:30]).all()
    assert np.isnan(solved.delta[:30]).all()
    assert np.isfinite(solved.mid[30:50]).all()


def test_a_chain_without_contracts_has_no_vols() -> None:
    assert len(solve_contract_vols(priced_chain({-3: 0.45}), RATE).mid) == 0
