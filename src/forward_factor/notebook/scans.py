"""The engine on chains in memory: term structures and candidates as frames."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

import polars as pl

from forward_factor.bootstrap import read_application
from forward_factor.core.candidates import Surroundings
from forward_factor.core.chain import Chain
from forward_factor.core.earnings import EarningsEvent
from forward_factor.core.pair_rules import parse_pairs
from forward_factor.core.rules import ScanRules, VolPoint
from forward_factor.core.scan import ScanBatch, scan_chains
from forward_factor.core.staleness import quotes_digest
from forward_factor.frames.series import frame_of, schema_of
from forward_factor.notebook.chains import Chains, chains_of, portions
from forward_factor.notebook.given import Events, PathLikes, Texts, earnings_of, member_of, texts_of
from forward_factor.services.candidate_table import Columns, tabulate_candidates
from forward_factor.services.series import Series
from forward_factor.services.structure_table import tabulate_structures

Given = Chains | Chain | Iterable[Chain] | PathLikes | pl.DataFrame


def term_structure(chains: Given) -> pl.DataFrame:
    """Return the vols of each chain by expiry, a row an expiry.

    ``ticker``, ``as_of`` (UTC), ``provider``, ``expiry``, ``dte`` (calendar days), ``forward`` (dollars), then
    ``atm_iv``, ``put_35d_iv`` and ``call_35d_iv`` at mid, with ``_bid`` and ``_ask``: annualised Black-76 vols,
    decimal (0.25 = 25 %), null where a point cannot be read; ``flags``.

    Args:
        chains: what ``load_chains`` gives, or what it takes.

    Raises:
        InvalidInput, UnreadableChain, …: as ``load_chains``.

    """
    batches = _scan(chains_of(chains), read_application().rules(), ())
    return _stacked(Series.TERM_STRUCTURE, [tabulate_structures(one) for one in batches])


def candidates(
    chains: Given,
    pairs: Texts | None = None,
    vol_points: Texts = VolPoint.ATM,
    threshold: float | None = None,
    *,
    max_spread: float | None = None,
    min_open_interest: int | None = None,
    min_volume: int | None = None,
    events: Events | None = None,
) -> pl.DataFrame:
    """Return every pair and vol point of each chain, refused ones too: what ``scan --json`` calls candidates.

    ``ticker``, ``as_of`` (UTC), ``provider``, ``pair``, ``vol_point``, expiries with their ``dte``, ``front_iv``,
    ``back_iv``, ``sigma_fwd``, ``ff`` with ``ff_low`` and ``ff_high``, the same without the jumps of earnings,
    ``reasons`` (none: a signal), ``flags``, ``is_signal``. Vols and factors are decimals, missing numbers null.

    Args:
        chains: what ``load_chains`` gives, or what it takes.
        pairs: such as ``30/60`` or ``30/60±5/10``; None means 30/60, 30/90 and 60/90.
        vol_points: of ``ATM``, ``35d_put`` and ``35d_call``.
        threshold: smallest forward factor of a signal, decimal; it and the gates are the settings' where None.
        max_spread: widest (ask - bid) / mid behind a vol point, decimal.
        min_open_interest: fewest contracts open behind a vol point.
        min_volume: fewest contracts traded behind it.
        events: announcements, or a CSV file of them (``ticker,date,timing``).

    Raises:
        InvalidInput: no such pair or vol point; else as ``load_chains``.

    """
    said = {
        "pairs": parse_pairs(pairs) if pairs is not None else None,
        "vol_points": tuple(member_of(VolPoint, one) for one in dict.fromkeys(texts_of(vol_points))),
        "ff_threshold": threshold,
        "max_bid_ask_pct": max_spread,
        "min_open_interest": min_open_interest,
        "min_volume": min_volume,
    }
    usual = read_application().rules()
    rules = replace(usual, **{name: one for name, one in said.items() if one is not None})  # type: ignore[arg-type]
    batches = _scan(chains_of(chains), rules, earnings_of(events))
    return _stacked(Series.CANDIDATES, [tabulate_candidates(one) for one in batches])


def _scan(chains: Chains, rules: ScanRules, earnings: Sequence[EarningsEvent]) -> Iterator[ScanBatch]:
    """Yield the scans of some chains at a time; one that repeats the reading before it is stale, as in any scan."""
    newest: dict[tuple[str, str], str] = {}
    for some in portions(chains):
        surroundings: list[Surroundings] = []
        for chain in some:
            key, digest = (chain.ticker, chain.provider), quotes_digest(chain)
            own = tuple(one for one in earnings if one.ticker == chain.ticker)
            surroundings.append(Surroundings(own, newest.get(key) == digest, digest))
            newest[key] = digest
        yield scan_chains(some, surroundings, rules)


def _stacked(series: Series, parts: Sequence[Columns]) -> pl.DataFrame:
    return pl.concat([schema_of(series).to_frame(), *(frame_of(series, part) for part in parts)])
