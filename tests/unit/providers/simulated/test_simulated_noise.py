"""The counter-based noise everything simulated is made of."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forward_factor.providers.simulated.noise import Wander, normals, stable_key, uniform, uniforms

KEYS = st.integers(0, 2**64 - 1)
MANY = np.arange(100_000)


def test_keys_depend_on_the_text_of_their_parts_alone() -> None:
    assert stable_key(7, "AAPL") == stable_key("7", "AAPL") == 14097873052319667173
    assert stable_key(7, "AAPL") != stable_key(8, "AAPL")


def test_values_are_the_same_for_ever() -> None:
    assert uniforms(42, np.array([0, 1, -1])).tolist() == [
        0.6537157389870545,
        0.7415648787718233,
        0.4168656635267346,
    ]
    assert normals(42, np.array([0, 1, 2])).tolist() == [
        -0.1535029411315918,
        -0.2446579933166504,
        -0.3255467414855957,
    ]


@given(KEYS, st.integers(-(2**62), 2**62))
def test_bounds(key: int, counter: int) -> None:
    assert 0.0 <= uniform(key, counter) < 1.0
    assert -3.0 < normals(key, np.array([counter]))[0] < 3.0


def test_uniforms_fill_the_unit_interval_evenly() -> None:
    shares = np.histogram(uniforms(1, MANY), bins=20, range=(0.0, 1.0))[0] / len(MANY)
    assert shares == pytest.approx(np.full(20, 0.05), abs=0.003)


def test_normals_have_mean_zero_and_variance_one() -> None:
    values = normals(1, MANY)
    assert values.mean() == pytest.approx(0.0, abs=0.01)
    assert values.var() == pytest.approx(1.0, abs=0.01)


def test_neighbouring_counters_and_keys_have_nothing_in_common() -> None:
    values = normals(1, MANY)
    assert np.corrcoef(values[:-1], values[1:])[0, 1] == pytest.approx(0.0, abs=0.01)
    assert np.corrcoef(values, normals(2, MANY))[0, 1] == pytest.approx(0.0, abs=0.01)


class TestWander:
    def test_reads_the_same_alone_and_in_company(self) -> None:
        path = Wander(5, 0.01)
        times = np.linspace(500_000.0, 500_300.0, 77)
        assert [path.at(times[index : index + 1])[0] for index in range(77)] == path.at(times).tolist()

    @pytest.mark.parametrize("boundary", [128.0 * 4000, 128.0 * 4000 + 64.0, 128.0 * 4000 + 0.5])
    def test_is_continuous_where_tents_meet(self, boundary: float) -> None:
        before, after = Wander(5, 0.01).at(np.array([boundary - 1e-7, boundary + 1e-7]))
        assert after == pytest.approx(before, abs=1e-6)

    @pytest.mark.parametrize("lag", [1.0 / 64.0, 1.0, 8.0, 32.0])
    def test_spreads_like_a_brownian_motion(self, lag: float) -> None:
        times = np.arange(0.0, 40_000.0) * (1.7 * max(lag, 1.0))
        later = np.asarray(times + lag)
        path = Wander(5, 0.01)
        change = path.at(later) - path.at(times)
        assert change.std() == pytest.approx(0.01 * np.sqrt(lag), rel=0.12)

    def test_does_not_run_away(self) -> None:
        values = Wander(5, 0.01).at(np.arange(0.0, 600_000.0, 7.0))
        assert values.std() == pytest.approx(0.01 * np.sqrt(64.0), rel=0.05)
        assert np.abs(values).max() < 0.5
