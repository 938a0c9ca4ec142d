"""Raw rows of many days for the summaries by day, and the same summaries made of them by plain loops."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import insert

from forward_factor.core.chain import NEW_YORK
from forward_factor.core.market_hours import session_on
from forward_factor.core.reasons import Reason
from forward_factor.storage.store import Store
from forward_factor.storage.tables import Candidate, OptionChainSnapshot, TermStructurePoint, table_of

Row = dict[str, Any]
Raw = dict[str, list[Row]]
NOW = datetime.now(UTC).replace(microsecond=250_000)
MINUTES = (0, 210, 270, 301, 1000, 1200)
"""Minutes after midnight UTC at which snapshots lie: the first ones are of the New York day before."""
MEASURES = {"ff": "ff_value", "front_iv": "front_iv", "back_iv": "back_iv", "sigma_fwd": "sigma_fwd"}
MEASURES |= {"bid_ask_pct": "bid_ask_pct"}


def make_rows(ages: Iterable[int], tickers: Sequence[str] = ("AAA", "BBB"), seed: int = 7) -> Raw:
    """Return rows of days so many days ago: several snapshots of each, two providers at one instant, holes."""
    chance = random.Random(seed)
    days = [(NOW - timedelta(days=age)).replace(hour=0, minute=0, second=0) for age in ages]
    at = [day + timedelta(minutes=minute) for day in days for minute in chance.sample(MINUTES, 3)]
    return rows_at(sorted(one for one in at if one < NOW), tickers, seed)


def rows_at(instants: Iterable[datetime], tickers: Sequence[str] = ("AAA", "BBB"), seed: int = 7) -> Raw:
    """Return rows of snapshots at these instants, some of two providers."""
    chance = random.Random(seed)
    raw: Raw = {"candidates": [], "term_structure": [], "option_chain_snapshots": []}
    for at in instants:
        for ticker in tickers:
            for provider in ("cboe", "polygon")[: chance.choice((1, 1, 2))]:
                _add_snapshot(raw, chance, {"ticker": ticker, "as_of_ts": at, "provider": provider})
    return raw


def _add_snapshot(raw: Raw, chance: random.Random, key: Row) -> None:
    def some(low: float, high: float, known: float = 0.85) -> float | None:
        return chance.uniform(low, high) if chance.random() < known else None

    is_counted = chance.random() < 0.8
    raw["option_chain_snapshots"].append(
        key
        | {
            "id": f"{key['ticker']} {key['provider']} {key['as_of_ts']:%Y-%m-%d %H:%M}",
            "contracts_seen": chance.randrange(50, 90),
            "is_stale": chance.random() < 0.2,
            "crossed": chance.randrange(5) if is_counted else None,
            "rejected_rows": chance.randrange(3) if is_counted else None,
        }
    )
    for dte in chance.sample((3, 10, 17, 24, 30, 31, 45, 59, 90), chance.randrange(1, 8)):
        expiry = key["as_of_ts"].date() + timedelta(days=dte)
        vols = {name: some(0.1, 0.6, 0.9) for name in ("atm_iv", "put_35d_iv", "call_35d_iv")}
        raw["term_structure"].append(key | vols | {"expiry": expiry, "dte": dte, "forward": 100.0})
    for pair in ("30/60", "30/90"):
        for vol_point in ("ATM", "35d_put"):
            reasons = [one.value for one in chance.sample(tuple(Reason), chance.randrange(3))]
            numbers = {column: some(-0.3, 0.6) for column in MEASURES.values()}
            judged = {"reason_codes": reasons, "flags": [], "is_signal": not reasons, "parameters_id": "p"}
            raw["candidates"].append(key | {"pair": pair, "vol_point": vol_point} | numbers | judged)


def merged(*parts: Raw) -> Raw:
    """Return all rows of several."""
    return {table: [row for part in parts for row in part[table]] for table in parts[0]}


async def write_rows(store: Store, raw: Raw) -> None:
    """Insert them as they are."""
    models = {"candidates": Candidate, "term_structure": TermStructurePoint}
    async with store.engine.begin() as connection:
        for name, rows in raw.items():
            await connection.execute(insert(table_of(models.get(name, OptionChainSnapshot))), rows)


def day_of(instant: datetime) -> date:
    return instant.astimezone(NEW_YORK).date()


def begin_of(day: date) -> datetime:
    return datetime.combine(day, time(0), NEW_YORK).astimezone(UTC)


def grouped(rows: Iterable[Row], *key: str) -> Mapping[tuple[Any, ...], list[Row]]:
    """Return rows by New York day and key, each group in the order of its instants."""
    groups: dict[tuple[Any, ...], list[Row]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: row["as_of_ts"]):
        groups[(begin_of(day_of(row["as_of_ts"])), *(row[name] for name in key))].append(row)
    return groups


def _known(rows: Iterable[Row], column: str) -> list[Any]:
    return [row[column] for row in rows if row[column] is not None]


def _sum_known(values: Sequence[int]) -> int | None:
    return sum(values) if values else None


def plain_candidates(raw: Raw) -> dict[tuple[Any, ...], Row]:
    """Return ``candidates_daily`` by plain loops."""
    found = {}
    for key, rows in grouped(raw["candidates"], "ticker", "provider", "pair", "vol_point").items():
        day: Row = {"readings": len(rows), "ff_readings": len(_known(rows, "ff_value"))}
        day["last_at"] = rows[-1]["as_of_ts"]
        for name, column in MEASURES.items():
            values = _known(rows, column)
            day |= {f"{name}_min": min(values, default=None), f"{name}_max": max(values, default=None)}
            day |= {f"{name}_avg": sum(values) / len(values) if values else None}
            day |= {f"{name}_last": values[-1] if values else None}
        found[key] = day
    return found


def plain_reasons(raw: Raw) -> dict[tuple[Any, ...], Row]:
    """Return ``reasons_daily`` by plain loops."""
    return {
        key: {"candidates": len(rows), "signals": sum(row["is_signal"] for row in rows)}
        | {reason.value: sum(reason.value in row["reason_codes"] for row in rows) for reason in Reason}
        for key, rows in grouped(raw["candidates"], "ticker", "provider").items()
    }


def plain_term_structure(raw: Raw) -> dict[tuple[Any, ...], Row]:
    """Return ``term_structure_daily`` by plain loops."""
    found = {}
    for key, rows in grouped(raw["term_structure"], "ticker", "provider").items():
        day: Row = {"points": len(rows)}
        for name, column in (("atm", "atm_iv"), ("put_35d", "put_35d_iv"), ("call_35d", "call_35d_iv")):
            day[f"{name}_points"] = len(_known(rows, column))
        known = [row for row in rows if row["atm_iv"] is not None]
        near = [row for row in known if row["dte"] <= 30]
        far = [row for row in known if row["dte"] >= 30]
        for name, side, sign in (("near", near, 1), ("far", far, -1)):
            last = max(side, key=lambda row, sign=sign: (row["as_of_ts"], sign * row["dte"]), default=None)  # type: ignore[misc]
            day[f"{name}_at"] = last["as_of_ts"] if last else None
            day[f"{name}_dte"] = last["dte"] if last else None
            day[f"{name}_iv"] = last["atm_iv"] if last else None
        found[key] = day
    return found


def plain_snapshots(raw: Raw) -> dict[tuple[Any, ...], Row]:
    """Return ``snapshots_daily`` by plain loops."""
    found = {}
    for key, rows in grouped(raw["option_chain_snapshots"], "ticker", "provider").items():
        checked = [row for row in rows if row["crossed"] is not None]
        found[key] = {
            "snapshots": len(rows),
            "stale": sum(row["is_stale"] for row in rows),
            "contracts": sum(row["contracts_seen"] for row in rows),
            "checked": len(checked),
            "checked_contracts": _sum_known([row["contracts_seen"] for row in checked]),
            "crossed": _sum_known(_known(rows, "crossed")),
            "rejected_rows": _sum_known(_known(rows, "rejected_rows")),
            "first_at": rows[0]["as_of_ts"],
            "last_at": rows[-1]["as_of_ts"],
        }
    return found


def plain_ranks(raw: Raw, now: datetime, days: int = 365) -> dict[tuple[str, str, str], Row]:
    """Return, by pair, what stands where among the days up to ``now``, by plain loops over the raw rows."""
    first, last = day_of(now - timedelta(days=days)), day_of(now)

    def within(rows: Iterable[Row]) -> list[Row]:
        return [row for row in rows if first <= day_of(row["as_of_ts"]) <= last]

    found = {}
    curves = within(raw["term_structure"])
    for key in sorted({(row["ticker"], row["pair"], row["vol_point"]) for row in raw["candidates"]}):
        rows = within(row for row in raw["candidates"] if (row["ticker"], row["pair"], row["vol_point"]) == key)
        recorded = {day_of(row["as_of_ts"]) for row in rows}
        standings = {name: plain_standing(_last_of_days(rows, MEASURES[name])) for name in RANKED}
        vols = _vols_of_days([row for row in curves if row["ticker"] == key[0]])
        found[key] = {
            "as_of": max(row["as_of_ts"] for row in rows) if rows else None,
            "recorded": sorted(recorded),
            "trading_days": sum(_counts(first + timedelta(days=number), recorded, now) for number in range(days + 1)),
            **standings,
            "iv_30d": plain_standing(vols),
        }
    return found


RANKED = ("ff", "front_iv", "bid_ask_pct")


def plain_standing(values: Mapping[date, float]) -> Row:
    """Return days, now, low, high, rank and percentile of daily values, as the documents define them."""
    in_order = [values[day] for day in sorted(values)]
    if not in_order:
        return {"days": 0, "now": None, "low": None, "high": None, "rank": None, "percentile": None}
    now, earlier = in_order[-1], in_order[:-1]
    low, high = min(in_order), max(in_order)
    rank = percentile = None
    if len(in_order) >= 20:
        percentile = len([value for value in earlier if value < now]) / len(earlier)
        rank = (now - low) / (high - low) if high > low else None
    return {"days": len(in_order), "now": now, "low": low, "high": high, "rank": rank, "percentile": percentile}


def _last_of_days(rows: Sequence[Row], column: str) -> dict[date, float]:
    by_day: dict[date, list[tuple[datetime, str, float]]] = defaultdict(list)
    for (begin, provider), some in grouped(rows, "provider").items():
        known = _known(some, column)
        if known:
            by_day[day_of(begin)].append((some[-1]["as_of_ts"], provider, known[-1]))
    return {day: max(some)[2] for day, some in by_day.items()}


def _vols_of_days(rows: Sequence[Row]) -> dict[date, float]:
    by_day: dict[date, list[tuple[datetime, str, float]]] = defaultdict(list)
    for (begin, provider), some in grouped(rows, "provider").items():
        known = [(row["as_of_ts"], row["dte"], row["atm_iv"]) for row in some if row["atm_iv"] is not None]
        near = max((row for row in known if row[1] <= 30), default=None, key=lambda row: (row[0], row[1]))
        far = max((row for row in known if row[1] >= 30), default=None, key=lambda row: (row[0], -row[1]))
        if near is not None and far is not None and near[0] == far[0]:
            vol = near[2]
            if near[1] != far[1]:
                slope = (far[2] ** 2 * far[1] - near[2] ** 2 * near[1]) / (far[1] - near[1])
                vol = ((near[2] ** 2 * near[1] + slope * (30 - near[1])) / 30) ** 0.5
            by_day[day_of(begin)].append((near[0], provider, vol))
    return {day: max(some)[2] for day, some in by_day.items()}


def _counts(day: date, recorded: set[date], now: datetime) -> bool:
    session = session_on(day)
    return session is not None and (session.closes_at <= now or (day in recorded and day == day_of(now)))
