"""`python -m api`: serves HTTP and hosts the projector, since DuckDB lets one process write its file."""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from threading import Event

import structlog
import uvicorn

from api.access import KeyRing
from api.app import create_app
from api.keys import admit_operator
from api.operator_key import operator_key
from api.parts import Parts, Probes
from api.retention import RegularPruning
from events.access import AccessEnvelope
from events.codec import decode
from events.errors import BrokerUnreachable, GoaltrailError
from events.topics import Topics
from producers.admin import ensure_topics
from producers.artifacts import ArtifactStore
from producers.cluster import ClusterView
from producers.follower import TopicFollower
from producers.kafka import KafkaPublisher
from producers.outcomes import OutcomeListener
from projections.answers import PartitionLag
from projections.projector import Projector
from projections.publishing import SnapshotPublisher
from projections.snapshot_writer import newest
from projections.sql_limits import SqlLimits, SqlResult
from projections.sql_pool import SqlPool
from projections.store import FILE, SNAPSHOTS
from settings import Settings

log = structlog.get_logger("api")

_RETRY_SECONDS = 1.0
_READY_SECONDS = 60.0
_GRACE_SECONDS = 2  # for requests under way when the process is asked to stop
_PROCESSORS_GROUP = "processors"  # suffix of the processors' consumer group


@dataclass(frozen=True, slots=True)
class AnalystDesk:
    """Queries to their workers, snapshots to their publisher."""

    pool: SqlPool
    publisher: SnapshotPublisher

    async def run(self, sql: str) -> SqlResult:
        """See `Analysts.run`."""
        return await self.pool.run(sql)

    def publish(self) -> Path:
        """See `Analysts.publish`."""
        return self.publisher.publish()


class _Server(uvicorn.Server):
    """Says when it listens, and ends when the projector does: whoever supervises us starts both again."""

    def __init__(self, config: uvicorn.Config, projector: Projector, when_listening: Callable[[], None]) -> None:
        super().__init__(config)
        self._projector = projector
        self._when_listening = when_listening

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, then say so."""
        await super().startup(sockets)
        if self.started:
            self._when_listening()

    async def on_tick(self, counter: int) -> bool:
        """Whether to stop; asked ten times a second."""
        return await super().on_tick(counter) or not self._projector.is_alive


def main() -> int:
    """Run until SIGTERM or SIGINT."""
    settings = Settings()
    _configure_logs(settings)
    # A start that waits for the broker ends like one that was interrupted, with everything stopped in order.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with ExitStack() as running:
        try:
            parts, projector = _start(settings, running)
        except KeyboardInterrupt:
            return 130
        except GoaltrailError as error:
            log.error("cannot start", action="start", error=str(error))  # noqa: TRY400 - the sentence says it all
            return 1
        return _serve(settings, parts, projector)


def _start(settings: Settings, running: ExitStack) -> tuple[Parts, Projector]:
    """Start everything the endpoints use; `running` stops it in reverse order."""
    topics = Topics(settings.kafka.prefix, settings.kafka.partitions)
    connection = settings.librdkafka()
    _await_topics(settings, topics)
    publisher = KafkaPublisher(connection, delivery_timeout_seconds=settings.http.outcome_wait_seconds * 2)
    running.callback(publisher.close)
    projector = _start_projector(settings, topics)
    running.callback(projector.stop)
    outcomes = OutcomeListener(connection, topics)
    outcomes.start()
    running.callback(outcomes.close)
    keys = _follow_keys(settings, topics, publisher, running)
    if not outcomes.wait_ready(_READY_SECONDS):
        raise BrokerUnreachable("the ends of the outcomes cannot be found: see `goaltrail broker status`")
    if not projector.caught_up(_READY_SECONDS):
        # Late answers beat none: `health` says how far behind they are.
        log.warning("answers are behind the log: /api/health tells how far", action="start")
    parts = Parts(
        topics=topics,
        publisher=publisher,
        outcomes=outcomes,
        keys=keys,
        readings=projector.readings,
        wait_until=lambda fact, seconds: projector.wait_for(fact, timeout_seconds=seconds),
        probes=_probes(settings, topics, outcomes, projector),
        outcome_wait_seconds=settings.http.outcome_wait_seconds,
        analysts=_start_analysts(settings, projector, running),
        artifacts=ArtifactStore(settings.artifacts or str(settings.home.absolute() / "artifacts")),
    )
    if settings.artifact_days is not None:
        pruning = RegularPruning(parts, timedelta(days=settings.artifact_days))
        pruning.start()
        running.callback(pruning.stop)
    return parts, projector


def _start_projector(settings: Settings, topics: Topics) -> Projector:
    while True:
        projector = Projector(
            settings.librdkafka(), topics, settings.home / FILE, prices_file=settings.analysts.prices_file
        )
        try:
            projector.start()
        except BrokerUnreachable as error:
            # Topics made a moment ago have no leaders yet.
            log.warning("the projector waits for the broker", action="wait", error=str(error))
            projector.stop()
            Event().wait(_RETRY_SECONDS)
        else:
            return projector


def _start_analysts(settings: Settings, projector: Projector, running: ExitStack) -> AnalystDesk:
    folder, wanted = settings.home / SNAPSHOTS, settings.analysts
    publisher = SnapshotPublisher(projector, settings.home / FILE, folder)
    if wanted.snapshot_minutes is not None:
        publisher.start(wanted.snapshot_minutes * 60)
    running.callback(publisher.stop)
    limits = SqlLimits(wanted.query_seconds, wanted.query_memory_mb, rows=wanted.query_rows)
    pool = SqlPool(lambda: newest(folder), limits, workers=wanted.query_workers)
    running.callback(pool.kill_all)
    return AnalystDesk(pool, publisher)


def _await_topics(settings: Settings, topics: Topics) -> None:
    while True:
        try:
            report = ensure_topics(settings.librdkafka(), topics, replication_factor=settings.kafka.replication_factor)
        except BrokerUnreachable as error:
            log.warning("waiting for the broker", action="wait", broker=settings.bootstrap_servers, error=str(error))
            Event().wait(_RETRY_SECONDS)
        else:
            log.info("topics are there", action="topics", created=len(report.created), existing=len(report.existing))
            return


def _follow_keys(settings: Settings, topics: Topics, publisher: KafkaPublisher, running: ExitStack) -> KeyRing:
    ring = KeyRing()
    follower = TopicFollower(
        settings.librdkafka(),
        topics.access_events,
        lambda body: ring.apply(decode(AccessEnvelope, body)),
        since="beginning",
    )
    follower.start()
    running.callback(follower.close)
    if not follower.wait_ready(_READY_SECONDS):
        raise BrokerUnreachable("the API keys cannot be read: see `goaltrail broker status`")
    admit_operator(ring, publisher, topics, operator_key(settings.home))
    return ring


def _probes(settings: Settings, topics: Topics, outcomes: OutcomeListener, projector: Projector) -> Probes:
    cluster = ClusterView(settings.librdkafka())

    def lag() -> list[PartitionLag] | None:
        try:
            return projector.lag()
        except BrokerUnreachable:
            return None

    return Probes(
        broker_reachable=cluster.reachable,
        processors=lambda: cluster.members(f"{topics.prefix}{_PROCESSORS_GROUP}"),
        outcomes_ready=lambda: outcomes.ready,
        projector_running=lambda: projector.is_alive,
        projector_lag=lag,
        readings_complete=lambda: not projector.stopped and projector.caught_up(0.0),
    )


def _serve(settings: Settings, parts: Parts, projector: Projector) -> int:
    config = uvicorn.Config(
        create_app(parts),
        host=settings.http.host,
        port=settings.http.port,
        log_config=None,
        access_log=False,
        lifespan="off",
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )
    server = _Server(config, projector, lambda: _say_ready(settings))
    # uvicorn raises the signal that stopped it once more afterwards; it must not cut our own stopping short.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    server.run()
    log.info("stopping", action="stop", projector_failure=projector.failure)
    return 0 if server.started and projector.failure is None else 1


def _say_ready(settings: Settings) -> None:
    log.info("ready", action="ready", url=f"http://{settings.http.host}:{settings.http.port}")
    if settings.ready_file is not None:
        Path(settings.ready_file).write_text(str(os.getpid()))


def _configure_logs(settings: Settings) -> None:
    render = (
        structlog.processors.JSONRenderer()
        if settings.log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    level = logging.getLevelName(settings.log_level)
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            render,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    logging.basicConfig(level=max(level, logging.WARNING), format="%(asctime)s %(levelname)s %(name)s %(message)s")


if __name__ == "__main__":
    sys.exit(main())
