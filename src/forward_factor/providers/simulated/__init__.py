"""A deterministic options market for demos, tests and benchmarks: no network, no key, any ticker."""

from forward_factor.providers.simulated.chains import SimulatedChains
from forward_factor.providers.simulated.market import SimulatedMarket

__all__ = ["SimulatedChains", "SimulatedMarket"]
