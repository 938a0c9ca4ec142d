"""Forward Factor: option chains in, forward-factor signals out, kept as a time series.

In a notebook, ``import forward_factor as ff`` gives what ``__all__`` names. Nothing is loaded before it is used, so the
command starts as fast as ever. docs/python.md has an example.
"""

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from forward_factor.notebook import (
        Backtest,
        Chain,
        Chains,
        EarningsEvent,
        ForwardFactorError,
        InvalidInput,
        NotFound,
        StoreView,
        Timing,
        backtest,
        candidates,
        load_chains,
        open_store,
        term_structure,
    )

__version__ = "0.1.0"
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
    "__version__",
    "backtest",
    "candidates",
    "load_chains",
    "open_store",
    "term_structure",
]


def __getattr__(name: str) -> Any:
    if name in __all__:
        return getattr(import_module("forward_factor.notebook"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


class _Package(ModuleType):
    """A package whose ``backtest`` is the function, though a room of that name is inside.

    Loading a room makes it an attribute of the package. This one is refused, whoever loads it first;
    ``from forward_factor.backtest.rules import …`` does not look here.
    """

    @property
    def backtest(self) -> Any:
        return import_module("forward_factor.notebook").backtest

    @backtest.setter
    def backtest(self, _room: ModuleType) -> None:
        pass


sys.modules[__name__].__class__ = _Package
