"""One pass of the engine: chains in, term structures and candidates out. Live, replay and backtest call this."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from forward_factor.core.candidates import Candidates, Surroundings, find_candidates
from forward_factor.core.chain import Chain
from forward_factor.core.rules import ScanRules
from forward_factor.core.term_structure import TermStructures, build_term_structures


@dataclass(frozen=True, slots=True, eq=False)
class ScanBatch:
    """Chains with all that was found in them.

    ``surroundings`` has one entry a chain; ``candidates`` has the same number for every chain, in their order.
    """

    rules: ScanRules
    chains: tuple[Chain, ...]
    surroundings: tuple[Surroundings, ...]
    structures: TermStructures
    candidates: Candidates

    def candidates_of(self, chain: int) -> range:
        """Return the candidates of one chain."""
        share = len(self.candidates) // len(self.chains)
        return range(chain * share, (chain + 1) * share)


def scan_chains(chains: Sequence[Chain], surroundings: Sequence[Surroundings], rules: ScanRules) -> ScanBatch:
    """Return the term structures and candidates of ``chains`` under ``rules``.

    The result of a chain depends on nothing but that chain and its surroundings, to the last bit.
    """
    structures = build_term_structures(chains, rules)
    candidates = find_candidates(structures, surroundings, rules)
    return ScanBatch(rules, tuple(chains), tuple(surroundings), structures, candidates)
