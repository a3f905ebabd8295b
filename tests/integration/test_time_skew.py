"""Clocks that are off by 50 s: the broker's time alone decides what is due and which lease is over."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from local.kafka_server import Broker
from tests.integration.processes import Process
from tests.integration.runner_site import Site, serve
from tests.integration.time_stage import LEASE_S, Stage, stage

pytestmark = [pytest.mark.kafka, pytest.mark.browser, pytest.mark.timeout(180)]

SKEWED = "tests.integration.time_skewed"
LATE = timedelta(seconds=10)  # for what is due, on a busy machine
OFF_BY = [("50", "-50"), ("-50", "50")]  #: the runner, the processors


@dataclass(frozen=True)
class World:
    """One log, with clocks that are off."""

    stage: Stage
    site: Site
    runner: Process


@pytest.fixture
def worlds(broker: Broker, tmp_path: Path, chromium_path: Path) -> Iterator[list[World]]:
    """All of them at once, as most of their time is spent waiting."""
    with ExitStack() as stack:
        made = []
        for runner, processors in OFF_BY:
            site = stack.enter_context(serve())
            together = stack.enter_context(stage(broker.bootstrap, tmp_path / f"runner{runner}", chromium_path))
            together.processor("p", SKEWED, SKEWED_MODULE="processors", SKEW_SECONDS=processors)
            acting = together.runner("r", SKEWED, SKEWED_MODULE="runner", SKEW_SECONDS=runner)
            made.append(World(together, site, acting))
        yield made


def test_the_brokers_clock_alone_counts(worlds: list[World]) -> None:
    """Both halves on the same processes, which take longer to start than to be tested."""
    no_held_lease_ends_and_nothing_starts_early(worlds)
    what_runs_out_does_so_in_time(worlds)


def no_held_lease_ends_and_nothing_starts_early(worlds: list[World]) -> None:
    """The site holds its answer back for two leases."""
    for world in worlds:
        world.site.reply.clear()
    held = [world.stage.book(world.site, "Eden") for world in worlds]
    for world in worlds:
        world.stage.posted(world.site, "Eden")
    not_before = datetime.now(UTC) + timedelta(seconds=4)
    later = [world.stage.book(world.site, "Noa", not_before=not_before) for world in worlds]
    for world, first, second in zip(worlds, held, later, strict=True):
        world.stage.log.await_fact(first, "task.lease_renewed", count=9)
        claimed = world.stage.log.await_fact(second, "task.claimed").recorded_at
        assert timedelta(0) <= claimed - not_before < LATE
        world.stage.posted(world.site, "Noa")
        world.site.reply.set()
        for task in (first, second):
            world.stage.log.await_fact(task, "task.completed")
            assert world.stage.log.kinds(task).count("task.claimed") == 1
            assert "task.recovery_planned" not in world.stage.log.kinds(task)
        assert len(world.site.posted) == 2


def what_runs_out_does_so_in_time(worlds: list[World]) -> None:
    """A runner dies, and nobody serves a queue."""
    for world in worlds:
        world.site.reply.clear()
    lost = [world.stage.book(world.site, "Ann") for world in worlds]
    expiring = []
    for world in worlds:
        world.stage.posted(world.site, "Ann")
        world.runner.stop(signal.SIGKILL)
        expiring.append(world.stage.log.submit(expires_in_seconds=LEASE_S, queue="nobody"))
    for world, held, waiting in zip(worlds, lost, expiring, strict=True):
        log = world.stage.log
        planned = log.await_fact(held, "task.recovery_planned")
        assert timedelta(0) <= planned.recorded_at - world.stage.lease_until(held) < LATE
        failed = log.await_fact(waiting, "task.failed").recorded_at
        taken = log.await_fact(waiting, "task.submitted").recorded_at
        assert timedelta(seconds=LEASE_S) <= failed - taken < timedelta(seconds=LEASE_S) + LATE
        assert log.dead == []
