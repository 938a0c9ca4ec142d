"""The Python API: chains, term structures, candidates, backtests and stores as polars frames, for notebooks.

Every call is synchronous and works inside a running event loop too. The engine is the command's own, under the same
settings, so the numbers are equal. ``import forward_factor as ff`` gives all of it, loaded when it is first used.
"""

from forward_factor.core.chain import Chain
from forward_factor.core.earnings import EarningsEvent, Timing
from forward_factor.errors import ForwardFactorError, InvalidInput, NotFound
from forward_factor.notebook.backtests import Backtest, backtest
from forward_factor.notebook.chains import Chains, load_chains
from forward_factor.notebook.scans import candidates, term_structure
from forward_factor.notebook.stores import StoreView, open_store

__all__ = [
    "Backtest",
    "Chain",
    "Chains",
    "EarningsEvent",
    "ForwardFactorError",
    "InvalidInput",
    "NotFound",
    "StoreView",
    "Timing",
    "backtest",
    "candidates",
    "load_chains",
    "open_store",
    "term_structure",
]
