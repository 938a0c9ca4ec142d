"""``/metrics`` for Prometheus: the requests of this process, and numbers of the whole installation from its store."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from statistics import quantiles
from time import monotonic

from fastapi import APIRouter, FastAPI, Response
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from prometheus_fastapi_instrumentator import Instrumentator

from forward_factor.errors import ForwardFactorError
from forward_factor.server.deps import Backend
from forward_factor.services.health_views import StoreHealth
from forward_factor.services.running_views import Figures

KEPT_S = 5.0
"""Figures are read anew at most so often, however many monitors ask."""
PATIENCE_S = 5.0
QUANTILES = {"0.5": 49, "0.9": 89, "0.99": 98}
_PREFIX = "forward_factor_"


@dataclass(frozen=True, slots=True)
class Reading:
    """What the store said; None where it did not answer."""

    figures: Figures | None = None
    health: StoreHealth | None = None


class StoreCollector(Collector):
    """Shows the last reading of the store."""

    def __init__(self) -> None:
        self.reading = Reading()

    def collect(self) -> Iterator[Metric]:
        """Yield the numbers of the last reading."""
        figures, health = self.reading.figures, self.reading.health
        yield _gauge("store_up", "Whether the store answers", 1.0 if health else 0.0)
        if health is not None:
            yield from _of_store(health)
        if figures is not None:
            yield from _of_figures(figures)


class Monitor:
    """Reads the store for monitors, now and then."""

    def __init__(self, backend: Backend, collector: StoreCollector) -> None:
        self._backend = backend
        self._collector = collector
        self._lock = asyncio.Lock()
        self._read_at = -KEPT_S

    async def refresh(self) -> None:
        """Read the store anew, unless that was just done; a store that does not answer is a reading too."""
        async with self._lock:
            if monotonic() - self._read_at < KEPT_S:
                return
            try:
                async with asyncio.timeout(PATIENCE_S):
                    self._collector.reading = await self._read()
            except (ForwardFactorError, TimeoutError):
                self._collector.reading = Reading()
            self._read_at = monotonic()

    async def _read(self) -> Reading:
        store = await self._backend.store.open()
        return Reading(await store.running.figures(self._backend.application.clock.now()), await store.health())


def add_metrics(app: FastAPI, backend: Backend) -> None:
    """Count the requests of ``app``, and have it answer ``/metrics``."""
    registry, collector = CollectorRegistry(), StoreCollector()
    registry.register(collector)
    monitor = Monitor(backend, collector)
    Instrumentator(registry=registry, excluded_handlers=["^/metrics$"]).instrument(app)
    router = APIRouter()

    @router.get("/metrics", include_in_schema=False)
    async def read_metrics() -> Response:
        """Return all numbers in Prometheus's own format."""
        await monitor.refresh()
        return Response(generate_latest(registry), headers={"Content-Type": CONTENT_TYPE_LATEST})

    app.include_router(router)


def _of_store(health: StoreHealth) -> Iterator[Metric]:
    yield _gauge("store_latency_seconds", "Of one question that costs nothing", health.latency_ms / 1000)
    is_newest = 1.0 if health.is_at_newest else 0.0
    level = {"level": health.schema_level or "", "newest": health.newest_level}
    yield _labelled("schema_is_newest", "Whether the store's schema is this version's", [(level, is_newest)])
    if health.pool is not None:
        use = {"in_use": health.pool.in_use, "idle": health.pool.idle, "most": health.pool.most}
        yield _by("pool_connections", "Connections of this process to the store", "state", use)


def _of_figures(figures: Figures) -> Iterator[Metric]:
    queue = figures.queue
    yield _gauge("scan_slots_open", "Times at which a ticker was due that nobody has served yet", queue.open_slots)
    yield _gauge("scan_slots_open_oldest_seconds", "Age of the oldest of them", _age(figures, queue.oldest_open_at))
    yield _by("scan_slots_last_hour", "Times at which a ticker was due, last hour", "state", queue.recent_slots)
    yield _by("jobs", "Jobs in the queue of the database", "status", queue.jobs)
    yield _by("deliveries", "Messages on their way, and sent or failed in the last hour", "state", queue.deliveries)
    yield _gauge("alerts_last_hour", "Alerts created in the last hour", figures.alerts)
    yield _by("scans_failed_last_hour", "Scans given up in the last hour", "reason", figures.failed_slots)
    yield _latency(figures)
    ages = [
        ({"service": one.service, "instance": one.instance}, _age(figures, one.last_seen_at))
        for one in figures.heartbeats
    ]
    yield _labelled("heartbeat_age_seconds", "Since a process last said that it is at work", ages)


def _latency(figures: Figures) -> Metric:
    latencies = figures.scan_latencies_s
    cuts = quantiles(latencies, n=100, method="inclusive") if len(latencies) > 1 else list(latencies) * 99
    rows = [({"quantile": name}, cuts[place]) for name, place in QUANTILES.items()] if cuts else []
    return _labelled("scan_latency_seconds", "From due to finished, scans of the last hour", rows)


def _age(figures: Figures, since: datetime | None) -> float:
    return 0.0 if since is None else max(0.0, (figures.read_at - since).total_seconds())


def _gauge(name: str, words: str, value: float) -> Metric:
    return GaugeMetricFamily(_PREFIX + name, words, value=value)


def _by(name: str, words: str, label: str, values: Mapping[str, float]) -> Metric:
    return _labelled(name, words, [({label: key}, value) for key, value in values.items()])


def _labelled(name: str, words: str, rows: list[tuple[dict[str, str], float]]) -> Metric:
    labels = list(rows[0][0]) if rows else []
    family = GaugeMetricFamily(_PREFIX + name, words, labels=labels)
    for row, value in rows:
        family.add_metric(list(row.values()), value)
    return family
