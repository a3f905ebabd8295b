"""Clocks that are off by 50 s: the broker's time alone decides what is due and which lease is over."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from local.kafka_server import Broker
from tests.integration.runner_site import Site, serve
from tests.integration.time_stage import LEASE_S, Stage, stage
from tests.wait import until

pytestmark = [pytest.mark.kafka, pytest.mark.browser, pytest.mark.timeout(180)]

SKEWED = "tests.integration.time_skewed"
LATE = timedelta(seconds=10)  # for what is due, on a busy machine


@pytest.fixture
def site() -> Iterator[Site]:
    with serve() as running:
        yield running


@pytest.fixture
def together(broker: Broker, tmp_path: Path, chromium_path: Path) -> Iterator[Stage]:
    with stage(broker.bootstrap, tmp_path, chromium_path) as ready:
        yield ready


@pytest.mark.parametrize(("runner", "processors"), [("50", "-50"), ("-50", "50")])
def test_clocks_that_are_off_expire_no_held_lease_and_start_nothing_early(
    together: Stage, site: Site, runner: str, processors: str
) -> None:
    together.processor("p", SKEWED, SKEWED_MODULE="processors", SKEW_SECONDS=processors)
    acting = together.runner("r", SKEWED, SKEWED_MODULE="runner", SKEW_SECONDS=runner)
    site.reply.clear()
    log, held = together.log, together.book(site, "Eden")
    together.posted(site, "Eden")
    not_before = datetime.now(UTC) + timedelta(seconds=4)
    later = together.book(site, "Noa", not_before=not_before)

    # The site holds its answer back for two leases.
    log.await_fact(held, "task.lease_renewed", count=9)
    together.posted(site, "Noa")
    assert timedelta(0) <= log.await_fact(later, "task.claimed").recorded_at - not_before < LATE
    site.reply.set()
    for task in (held, later):
        log.await_fact(task, "task.completed")
        assert log.kinds(task).count("task.claimed") == 1
        assert "task.recovery_planned" not in log.kinds(task)
    assert len(site.posted) == 2

    # A lease that nobody holds any more does end, and in time.
    site.reply.clear()
    lost = together.book(site, "Ann")
    together.posted(site, "Eden", "Noa", "Ann")
    acting.stop(signal.SIGKILL)
    expiring = log.submit(expires_in_seconds=LEASE_S, queue="nobody")
    planned = log.await_fact(lost, "task.recovery_planned")
    assert timedelta(0) <= planned.recorded_at - together.lease_until(lost) < LATE
    failed = log.await_fact(expiring, "task.failed")
    taken = log.await_fact(expiring, "task.submitted").recorded_at
    assert timedelta(seconds=LEASE_S) <= failed.recorded_at - taken < timedelta(seconds=LEASE_S) + LATE
    until(lambda: not log.dead, 1)
