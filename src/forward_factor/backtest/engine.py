"""The simulation: recorded chains in the order of their instants, through the live engine, into every trial's book."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from forward_factor.backtest.book import Book
from forward_factor.backtest.entries import Signals, find_signals
from forward_factor.backtest.moments import Moment
from forward_factor.backtest.rules import BacktestRules
from forward_factor.backtest.splits import JUMP, Splits, shares_after
from forward_factor.core.candidates import Surroundings
from forward_factor.core.chain import Chain
from forward_factor.core.corporate_actions import CorporateAction
from forward_factor.core.earnings import EarningsEvent
from forward_factor.core.rules import VOL_POINTS, ScanRules
from forward_factor.core.scan import ScanBatch, scan_chains
from forward_factor.errors import InvalidInput

FrontVols = dict[tuple[str, str, str], list[float]]
"""Front vols of the candidates at every fresh snapshot, by ticker, pair and vol point."""


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """A recorded chain, the digest of its quotes, the announcements known then, and the splits of its ticker."""

    chain: Chain
    digest: str
    earnings: tuple[EarningsEvent, ...] = ()
    splits: Splits = field(default_factory=Splits)


@dataclass(frozen=True, slots=True)
class SpotJump:
    """A spot that moved by more than a third from one snapshot to the next, known splits aside."""

    ticker: str
    at: datetime
    before: float
    after: float


@dataclass(slots=True)
class Underlying:
    """First and last fresh spot of one ticker, dollars; the first one a share of today's, splits aside."""

    first_spot: float
    last_spot: float
    last_day: date


@dataclass(frozen=True, slots=True)
class HoldRow:
    """At the end of a date: how many tickers were seen so far, and the sum of their spots over their first spots."""

    day: date
    seen: int
    ratios: float


@dataclass(slots=True)
class Observed:
    """What the data were, whatever was traded on them."""

    snapshots: int = 0
    stale: int = 0
    repeated: int = 0
    quotes: int = 0
    hindsight: int = 0
    """Announcements that were used from the start, as nobody says when they became known."""
    first_at: datetime | None = None
    last_at: datetime | None = None
    underlyings: dict[str, Underlying] = field(default_factory=dict)
    jumps: list[SpotJump] = field(default_factory=list)
    holds: list[HoldRow] = field(default_factory=list)
    front_vols: FrontVols = field(default_factory=lambda: defaultdict(list))


class Simulation:
    """Runs trials over one stream of chains; all of them see the same scans.

    Args:
        trials: at least one, all with the same gates.

    """

    def __init__(self, trials: Sequence[BacktestRules]) -> None:
        self._rules = scan_rules(trials)
        self.books = tuple(Book(rules) for rules in trials)
        self.observed = Observed()
        self._readings: dict[str, tuple[datetime, str]] = {}
        self._day: date | None = None

    def take(self, recordings: Sequence[Recording]) -> None:
        """Go on with chains that follow those taken before; how they are cut into batches makes no difference.

        Raises:
            ValueError: a chain is earlier than one before it.

        """
        fresh = [one for one in recordings if self._notice(one)]
        if not fresh:
            return
        surroundings = [Surroundings(one.earnings, is_stale=False, digest=one.digest) for one in fresh]
        batch = scan_chains([one.chain for one in fresh], surroundings, self._rules)
        signals = [find_signals(batch, book.rules.entry) for book in self.books]
        self._note_front_vols(batch)
        for place, recording in enumerate(fresh):
            self._step(batch, place, recording, signals)

    def end(self) -> None:
        """End the last day, and close what is open."""
        if self._day is not None:
            self._end_day(self._day)
            self._day = None
        for book in self.books:
            book.end()

    def _notice(self, recording: Recording) -> bool:
        """Count a snapshot; return whether it is fresh."""
        chain, seen = recording.chain, self.observed
        if seen.last_at is not None and chain.as_of < seen.last_at:
            raise ValueError(f"{chain.ticker} {chain.as_of} comes after {seen.last_at}")
        last_at, digest = self._readings.get(chain.ticker, (None, None))
        if last_at == chain.as_of:
            seen.repeated += 1
            return False
        self._readings[chain.ticker] = chain.as_of, recording.digest
        is_stale = bool(recording.digest) and digest == recording.digest
        seen.first_at, seen.last_at = seen.first_at or chain.as_of, chain.as_of
        seen.snapshots += 1
        seen.stale += is_stale
        seen.quotes += len(chain.contracts)
        return not is_stale

    def _step(self, batch: ScanBatch, place: int, recording: Recording, signals: Sequence[Signals]) -> None:
        chain, day = recording.chain, recording.chain.new_york_date
        if self._day is not None and day > self._day:
            self._end_day(self._day)
        self._day = day
        splits, has_jumped = self._note_spot(recording, day)
        moment = Moment(batch, place, chain.ticker, chain.as_of, day, chain.spot, splits, has_jumped)
        for book, own in zip(self.books, signals, strict=True):
            book.take(moment, own)

    def _note_spot(self, recording: Recording, day: date) -> tuple[Sequence[CorporateAction], bool]:
        """Return the splits since the snapshot before, and whether the spot jumped beside them."""
        chain = recording.chain
        known = self.observed.underlyings.setdefault(chain.ticker, Underlying(chain.spot, chain.spot, day))
        splits = recording.splits.between(known.last_day, day)
        shares = shares_after(splits)
        known.first_spot /= shares
        has_jumped = abs(chain.spot * shares / known.last_spot - 1.0) > JUMP
        if has_jumped:
            self.observed.jumps.append(SpotJump(chain.ticker, chain.as_of, known.last_spot / shares, chain.spot))
        known.last_spot, known.last_day = chain.spot, day
        return splits, has_jumped

    def _end_day(self, day: date) -> None:
        known = self.observed.underlyings.values()
        ratios = [one.last_spot / one.first_spot for one in known]
        self.observed.holds.append(HoldRow(day, len(ratios), sum(ratios)))
        for book in self.books:
            book.end_day(day)

    def _note_front_vols(self, batch: ScanBatch) -> None:
        vols, rules, found = self.observed.front_vols, batch.rules, batch.candidates
        rows = zip(
            found.chain.tolist(), found.rule.tolist(), found.point.tolist(), found.front_iv.tolist(), strict=True
        )
        for chain, pair, point, iv in rows:
            if iv == iv:  # noqa: PLR0124 - not NaN
                vols[batch.chains[chain].ticker, rules.pairs[pair].name, VOL_POINTS[point]].append(iv)


def scan_rules(trials: Sequence[BacktestRules]) -> ScanRules:
    """Return the rules of one scan that finds the candidates of all ``trials``.

    Raises:
        InvalidInput: the trials differ in their gates, or pairs of one name in their tolerances.

    """
    gates = trials[0].gates
    if any(rules.gates != gates for rules in trials):
        raise InvalidInput("all trials of a backtest share their gates")
    pairs = dict.fromkeys(pair for rules in trials for pair in rules.entry.pairs)
    points = dict.fromkeys(point for rules in trials for point in rules.entry.points)
    return replace(gates, pairs=tuple(pairs), vol_points=tuple(points))
