"""A broker that is silent for longer than any lease, with all processors killed meanwhile: no lease is lost by it."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import pytest

from local.kafka_server import Broker
from tests.integration.runner_site import Site, serve
from tests.integration.time_stage import LEASE_S, Stage, stage
from tests.wait import until

pytestmark = [pytest.mark.kafka, pytest.mark.browser, pytest.mark.timeout(180)]

OUTAGE_S = 8.0


@pytest.fixture
def site() -> Iterator[Site]:
    with serve() as running:
        yield running


@pytest.fixture
def together(own_broker: Broker, tmp_path: Path, chromium_path: Path) -> Iterator[Stage]:
    with stage(own_broker.bootstrap, tmp_path, chromium_path) as ready:
        yield ready


def test_a_silent_broker_costs_no_task_its_runner(together: Stage, own_broker: Broker, site: Site) -> None:
    """One task ends while the lease surely lasts, and its report waits; the other's runner stops acting in time."""
    log = together.log
    processor = together.processor("p")
    together.runner("r")
    site.reply.clear()
    done = together.book(site, "Eden")
    waits = log.submit(goal='open /odd, wait for "never", press "Open"', site_url=site.url)
    together.posted(site, "Eden")
    for task in (done, waits):
        log.await_fact(task, "task.lease_renewed", timeout=60)

    own_broker.pause()
    silent_since = monotonic()
    site.reply.set()
    processor.stop(signal.SIGKILL)
    together.processor("next")
    until(lambda: monotonic() - silent_since > OUTAGE_S, OUTAGE_S + 5, what="more than two leases have passed")
    assert OUTAGE_S > 2 * LEASE_S
    own_broker.resume()

    log.await_fact(done, "task.completed", timeout=60)
    log.await_fact(waits, "task.claimed", count=2, timeout=60)
    assert log.kinds(done).count("task.claimed") == 1
    for task in (done, waits):
        assert "task.recovery_planned" not in log.kinds(task)
    assert log.kinds(waits).count("task.released") == 1
    assert [posted["child"] for posted in site.posted] == ["Eden"]
