"""`python -m runner`: one worker with one browser. Puts the parts together and ends them in order."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import platform
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path
from typing import TypeVar

import structlog
from playwright.async_api import Error

from events.errors import BrokerUnreachable, SetupIncomplete
from events.goal import GoalStatement
from events.topics import Topics
from events.worker import InboxEnvelope
from producers.artifacts import ArtifactStore
from producers.commands import CommandSender
from producers.kafka import KafkaPublisher
from producers.path_book import PathBook
from producers.paths import PathReporter
from producers.step_marks import StepMarks
from runner.accounts import AccountSessions
from runner.alive import Heartbeat, new_worker_id
from runner.attempt import Desk
from runner.browser import BrowserHost
from runner.browser_performer import BrowserPerformer, Timeouts
from runner.checkpoints import CheckpointVault, checkpoint_keys
from runner.consumer import InboxReader, StepsReader
from runner.performer import Performer
from runner.planners.models import ModelLevel
from runner.planners.models.configured import model_planners
from runner.replay.keeping import PathKeeper
from runner.safety.policy import GuardPolicy
from runner.scratch import scratch
from runner.windows import Windows
from runner.worker import Worker
from settings import ModelSettings, Settings

_RETRY_SECONDS = 1.0
_SWITCH_SECONDS = 0.001  # the inbox's thread hands over to the loop; 5 ms would be felt as latency

T = TypeVar("T")

log = structlog.get_logger("runner")


def main() -> int:
    """Run until SIGTERM or SIGINT."""
    settings = Settings()
    _configure_logs(settings)
    sys.setswitchinterval(_SWITCH_SECONDS)
    gc.set_threshold(50_000, 20, 100)
    try:
        with scratch():
            return asyncio.run(_run(settings))
    except (SetupIncomplete, Error) as error:
        log.error("cannot start", action="start", error=str(error))  # noqa: TRY400 - the sentence says it all
        return 1


async def _run(settings: Settings) -> int:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with AsyncExitStack() as closing:
        browser = BrowserHost(settings.browser.executable, headless=settings.browser.headless)
        closing.push_async_callback(browser.close)
        log.info("browser", action="browser.start", executable=str(await browser.start()))
        timeouts = Timeouts(settings.browser.action_timeout_seconds, settings.browser.navigation_timeout_seconds)
        where = settings.artifacts or str(settings.home.absolute() / "artifacts")
        store = ArtifactStore(where)
        given = settings.checkpoint_keys.get_secret_value() if settings.checkpoint_keys else None
        keys = checkpoint_keys(given, settings.home.absolute())
        vault = CheckpointVault(store, keys)
        models = model_planners(_levels(settings.models))
        for model in models.values():
            closing.push_async_callback(model.close)
        paths = await _paths(settings, closing)
        accounts = AccountSessions(where, keys, lasts=timedelta(days=settings.browser.account_days))
        filmed = settings.browser.step_pictures
        windows = Windows(browser, keep_ready=True)
        closing.push_async_callback(windows.close)
        performer = BrowserPerformer(
            windows, store, vault, timeouts, paths, models, _limits(settings), accounts, filmed=filmed
        )
        await work(settings, performer, stop, closing)
    log.info("stopped", action="stop")
    return 0


def _levels(named: ModelSettings) -> Iterator[ModelLevel]:
    """The levels that are named, with their limits."""
    known = (
        (1, named.ollama, None, named.ollama_url),
        (2, named.claude, named.claude_key, named.claude_url),
        (3, named.codex, named.codex_key, named.codex_url),
        (4, named.gemini, named.gemini_key, named.gemini_url),
    )
    for level, model, key, url in known:
        if model:
            yield ModelLevel(
                level,
                model,
                api_key=key.get_secret_value() if key is not None else "",
                base_url=url,
                deadline_seconds=named.deadline_seconds,
                max_output_tokens=named.max_output_tokens,
                max_elements=named.max_elements,
            )


def _limits(settings: Settings) -> Callable[[GoalStatement], GuardPolicy]:
    """Where the window of each task may go."""
    named = settings.browser

    def limits(goal: GoalStatement) -> GuardPolicy:
        origins = [*goal.allowed_origins, *named.allowed_origins]
        return GuardPolicy.of(goal.site_url, origins, named.allowed, allow_private=named.allow_private)

    return limits


async def _paths(settings: Settings, closing: AsyncExitStack) -> PathKeeper:
    topics, connection = Topics(settings.kafka.prefix, settings.kafka.partitions), settings.librdkafka()
    book = PathBook(connection, topics)
    closing.push_async_callback(asyncio.to_thread, book.close)
    await asyncio.to_thread(book.start)
    log.info("knows the paths", action="paths.read", known=len(book))
    publisher = KafkaPublisher(connection)
    closing.push_async_callback(asyncio.to_thread, publisher.close)
    reporter = PathReporter(publisher, topics, f"runner:{platform.node()}")
    return PathKeeper(book.find, reporter, timedelta(days=settings.paths.days))


async def work(settings: Settings, performer: Performer, stop: asyncio.Event, closing: AsyncExitStack) -> None:
    """Take tasks and perform them with `performer` until `stop` is set; what must be ended is left to `closing`."""
    topics = Topics(settings.kafka.prefix, settings.kafka.partitions)
    connection = settings.librdkafka()
    worker_id = new_worker_id(platform.node())
    steps = StepsReader(connection, topics)
    ends = await _patiently(steps.ends, stop)
    if ends is None:
        return
    publisher = KafkaPublisher(connection)
    closing.push_async_callback(asyncio.to_thread, publisher.close)
    sender = CommandSender(publisher, topics, f"runner:{worker_id}")
    marks = StepMarks(ends, topics.partitions)
    worker = Worker(
        Desk(worker_id, topics, publisher, sender, performer, marks, steps), capacity=settings.browser.capacity
    )
    loop = asyncio.get_running_loop()

    def heard(notes: list[InboxEnvelope]) -> None:
        loop.call_soon_threadsafe(worker.take, notes)

    inbox = InboxReader(connection, topics, worker_id, heard)
    closing.push_async_callback(asyncio.to_thread, inbox.close)
    await _patiently(inbox.start, stop)
    if stop.is_set():
        return
    heartbeat = Heartbeat(
        publisher, topics, worker_id, queues=settings.browser.queues, capacity=lambda: worker.capacity
    )
    await _serve(worker, heartbeat, settings, stop)


async def _serve(worker: Worker, heartbeat: Heartbeat, settings: Settings, stop: asyncio.Event) -> None:
    running = [asyncio.create_task(worker.run()), asyncio.create_task(heartbeat.run())]
    log.info("ready", action="ready", capacity=worker.capacity, queues=settings.browser.queues)
    if settings.ready_file is not None:
        Path(settings.ready_file).write_text(str(os.getpid()))  # noqa: ASYNC240 - once, and a few bytes
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({stopping, *running}, return_when=asyncio.FIRST_COMPLETED)
    draining = asyncio.create_task(worker.drain())
    await asyncio.sleep(0)
    heartbeat.beat()  # says capacity 0
    await draining
    for task in running:
        task.cancel()


async def _patiently(call: Callable[[], T], stop: asyncio.Event) -> T | None:
    """The call's answer, asked again until the broker gives one; none when the runner is stopped first."""
    while not stop.is_set():
        try:
            return await asyncio.to_thread(call)
        except BrokerUnreachable as error:
            log.warning("waiting for the broker", action="wait", error=str(error))
        try:
            await asyncio.wait_for(stop.wait(), _RETRY_SECONDS)
        except TimeoutError:
            continue
    return None


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
