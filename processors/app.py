"""Composition root of the processors: the Faust app, its agents and timers, and all they are made of."""

from __future__ import annotations

import asyncio
import logging
import os
import ssl
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import faust
import structlog
from faust.types.auth import AuthProtocol

from events.topics import Topics
from processors.agents import Lifecycle
from processors.clock import BrokerClock, silence_of
from processors.dispatcher import Dispatcher, DispatchParts
from processors.faults import parse_faults
from processors.inspector import Inspector
from processors.intake import Intake
from processors.ledger import Ledger
from processors.office import Office
from processors.paths import PathLog, PathOffice, PathPolicy
from processors.policy import Policy
from processors.post import AwaitedPost, CommandPost
from processors.reader import GroupProgress, Reader
from processors.recovery_file import read_recovery_tables
from processors.recovery_rules import RecoveryTable, RecoveryTables
from processors.snapshots import Snapshots
from processors.timers import DeadlineTimer, Watchdog
from processors.webhooks import (
    AddressRules,
    Sender,
    WebhookLog,
    WebhookOffice,
    WebhookParts,
    WebhookPolicy,
    read_secrets,
)
from settings import Settings, TaskSettings

log = structlog.get_logger(__name__)

_WATCHDOG_SECONDS = 5.0
_SNAPSHOT_SECONDS = 30.0
_WATCHDOG_PATIENCE_SECONDS = 60.0
_CHECK_TIMEOUT_MS = 5_000
_FOREVER_MS = 0
EXIT_STALLED = 76


def policy_of(settings: Settings) -> Policy:
    """The policy that decisions are made with."""
    tasks = settings.tasks
    return Policy(
        lease=timedelta(seconds=tasks.lease_seconds),
        max_losses=tasks.max_losses,
        recovery=_recovery_of(tasks),
        ageing=timedelta(seconds=tasks.ageing_seconds),
        site_ceiling=tasks.site_ceiling,
        account_ceiling=tasks.account_ceiling,
    )


def _recovery_of(tasks: TaskSettings) -> RecoveryTables:
    """The recovery tables; raises SetupIncomplete for a file that nobody understands."""
    general = RecoveryTable(
        max_recoveries=tasks.max_recoveries,
        backoff=timedelta(seconds=tasks.backoff_seconds),
        backoff_ceiling=timedelta(seconds=tasks.backoff_ceiling_seconds),
    )
    if tasks.recovery_file is None:
        return RecoveryTables(general)
    return read_recovery_tables(tasks.recovery_file, general)


def build(settings: Settings) -> faust.App:
    """The Faust app with everything attached; nothing connects before the worker starts."""
    topics = Topics(settings.kafka.prefix, settings.kafka.partitions)
    app = _faust_app(settings, topics)
    connection = settings.librdkafka()
    policy = policy_of(settings)
    clock = BrokerClock(silence_seconds=silence_of(policy.lease.total_seconds()))
    ledger = Ledger(connection, topics, parse_faults(settings.faults))
    lifecycle = Lifecycle(ledger, clock, topics, policy, settings.home / "snapshots")
    group = topics.processors
    dispatcher = Dispatcher(
        DispatchParts(
            reader=lambda: Reader(connection, topics),
            snapshots=lambda: Snapshots(settings.home / "snapshots", ledger.identity()),
            progress=lambda: GroupProgress(connection, topics, group),
            post=lambda: CommandPost(connection, topics, "dispatcher", timeout_ms=_FOREVER_MS, clock=clock),
            awaited=lambda given_up: AwaitedPost(connection, given_up),
            clock=clock,
            topics=topics,
            policy=policy,
        )
    )
    timer_post = CommandPost(connection, topics, "timers", timeout_ms=_CHECK_TIMEOUT_MS, clock=clock)
    timer = DeadlineTimer(lifecycle, ledger, timer_post, clock, policy)
    watchdog = Watchdog(
        GroupProgress(connection, topics, group), lifecycle, patience_seconds=_WATCHDOG_PATIENCE_SECONDS, end=_stalled
    )
    _attach_agents(app, topics, lifecycle)
    paths = PathOffice(lambda: PathLog(connection, topics), topics, PathPolicy(settings.paths.failures_in_row))
    offices = (dispatcher, Inspector(connection, topics), _webhook_office(settings, topics, ledger), paths)
    _attach_offices(app, topics, lifecycle, offices, settings.kafka.session_timeout_seconds / 2)
    _attach_timers(app, topics, timer, watchdog, lifecycle)
    _attach_ready_file(app, settings.ready_file)
    return app


def _webhook_office(settings: Settings, topics: Topics, ledger: Ledger) -> WebhookOffice:
    """What calls receivers; raises SetupIncomplete for a secret nobody can sign with."""
    asked, connection = settings.webhooks, settings.librdkafka()
    secret = asked.secret.get_secret_value() if asked.secret is not None else None
    policy = WebhookPolicy(
        max_tries=asked.max_tries,
        first_retry=timedelta(seconds=asked.first_retry_seconds),
        longest_retry=timedelta(seconds=asked.longest_retry_seconds),
        timeout=timedelta(seconds=asked.timeout_seconds),
    )
    parts = WebhookParts(
        log=lambda: WebhookLog(connection, topics),
        snapshots=lambda: Snapshots(settings.home / "snapshots", ledger.identity()),
        sender=Sender(AddressRules.of(asked.allowed, allow_private=asked.allow_private), policy.timeout),
        signers=read_secrets(secret, settings.webhook_secret_file),
        topics=topics,
        policy=policy,
    )
    return WebhookOffice(parts)


def _faust_app(settings: Settings, topics: Topics) -> faust.App:
    session = settings.kafka.session_timeout_seconds
    return faust.App(
        topics.processors,
        version=1,
        broker=[f"kafka://{server}" for server in settings.bootstrap_servers.split(",")],
        broker_credentials=_credentials(settings),
        store="memory://",
        topic_partitions=topics.partitions,
        topic_allow_declare=False,
        topic_disable_leader=True,
        table_standby_replicas=0,
        processing_guarantee="at_least_once",
        broker_session_timeout=session,
        broker_heartbeat_interval=max(0.3, session / 10),
        broker_commit_interval=1.0,
        broker_commit_every=5_000,
        stream_buffer_maxsize=4_096,
        stream_wait_empty=False,
        consumer_auto_offset_reset="earliest",
        consumer_max_fetch_size=4 * 1024 * 1024,
        worker_redirect_stdouts=False,
        web_enabled=False,
        datadir=str(settings.home / "faust"),
        logging_config=None,
        loghandlers=[],
    )


def _credentials(settings: Settings) -> Any:
    """Faust's form of the security settings; none for a plain connection."""
    kafka = settings.kafka
    protocol = AuthProtocol(kafka.security_protocol)
    if protocol == AuthProtocol.PLAINTEXT:
        return None
    context = None
    if protocol in {AuthProtocol.SSL, AuthProtocol.SASL_SSL}:
        context = ssl.create_default_context(cafile=str(kafka.ssl_ca_file) if kafka.ssl_ca_file else None)
        if kafka.ssl_certificate_file is not None:
            context.load_cert_chain(str(kafka.ssl_certificate_file), str(kafka.ssl_key_file))
    if protocol == AuthProtocol.SSL:
        return faust.SSLCredentials(context)
    password = kafka.sasl_password.get_secret_value() if kafka.sasl_password else None
    return faust.SASLCredentials(
        username=kafka.sasl_username, password=password, mechanism=kafka.sasl_mechanism, ssl_context=context
    )


def _attach_agents(app: faust.App, topics: Topics, lifecycle: Lifecycle) -> None:
    intake = Intake(lifecycle)
    raw = {"key_type": bytes, "value_type": bytes, "key_serializer": "raw", "value_serializer": "raw"}

    @app.agent(app.topic(topics.task_commands, **raw), name="lifecycle", concurrency=1)
    async def lifecycle_agent(stream: Any) -> None:
        async for event in stream.noack().events():
            await intake.put(event)

    @app.task()
    async def decide() -> None:
        await intake.run()

    @app.agent(app.topic(topics.workers_alive, **raw), name="dispatch", concurrency=1)
    async def dispatch_agent(stream: Any) -> None:
        """Only holds the partition that makes this process the dispatcher; the dispatcher reads for itself."""
        async for _ in stream:
            pass


def _attach_offices(
    app: faust.App,
    topics: Topics,
    lifecycle: Lifecycle,
    offices: Sequence[Dispatcher | Office],
    patience: float,
) -> None:
    """Held by one process at a time: the one that owns the only partition of `workers.alive`."""

    def in_charge(partitions: Any) -> bool:
        return any(place.topic == topics.workers_alive for place in partitions)

    @app.on_partitions_revoked.connect(weak=False)
    async def revoked(_app: Any, revoked: Any, **_: Any) -> None:
        # A batch that waits for a silent broker must not keep the group waiting longer than the group waits for us.
        with suppress(TimeoutError):
            await asyncio.wait_for(lifecycle.revoked(), patience)
        if in_charge(revoked):
            for office in offices:
                await asyncio.to_thread(office.stop)

    @app.on_partitions_assigned.connect(weak=False)
    async def assigned(_app: Any, assigned: Any, **_: Any) -> None:
        if in_charge(assigned):
            for office in offices:
                office.start()


def _attach_timers(
    app: faust.App, topics: Topics, timer: DeadlineTimer, watchdog: Watchdog, lifecycle: Lifecycle
) -> None:
    def owned() -> list[int]:
        return sorted(p.partition for p in app.consumer.assignment() if p.topic == topics.task_commands)

    @app.timer(interval=timer.tick_seconds, name="deadlines")
    async def deadlines() -> None:
        await timer.tick(owned())

    @app.timer(interval=_SNAPSHOT_SECONDS, name="snapshots")
    async def save() -> None:
        await lifecycle.save_snapshots()

    @app.timer(interval=_WATCHDOG_SECONDS, name="watchdog")
    async def watch() -> None:
        # Who owns nothing watches everything: a group that formed while the broker could not tell its topics has given
        # nobody anything, and only a new start helps.
        watched = owned() or list(range(topics.partitions))
        await asyncio.to_thread(watchdog.look, watched, time.monotonic())


def _attach_ready_file(app: faust.App, path: Path | None) -> None:
    if path is None:
        return

    @app.on_rebalance_complete.connect(weak=False)
    async def ready(_app: Any, **_: Any) -> None:
        await asyncio.to_thread(path.write_text, str(os.getpid()))


def _stalled(reason: str) -> None:
    log.critical("no progress; starting again", action="exit", reason=reason)
    os._exit(EXIT_STALLED)


def quiet_clients() -> None:
    """Keep the Kafka clients' debug records from being made at all: they cost 9 % of the time."""
    for name in ("aiokafka", "faust", "mode", "kafka", "asyncio"):
        logging.getLogger(name).setLevel(logging.WARNING)
    with suppress(AttributeError):
        logging.raiseExceptions = False
