"""What deadlines cost: `python -m benchmarks.timers`.

First one tick over all folds without a broker, with 0, 100,000 and 1,000,000 waiting tasks, with and without expiry. Then
a real processor that has nothing to do but wait: its share of one CPU, beside the same with no task at all. Last a burst:
very many tasks expire at one moment, while others submit.

- `tick_ms_at_N`: one look at N waiting tasks that expire some day; `..._unlimited`: that never do
- `cpu_percent_idle_at_N`: likewise, of the whole process
- `burst_all_expired_s`: from the moment at which all are due; `burst_checks_per_task`: checks sent, 1 is best
- `p99_ms_before_burst`, `p99_ms_in_burst`: from a submission's sending to its fact, at 50 a second
"""

from __future__ import annotations

import argparse
import json
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import psutil
from confluent_kafka import Consumer, TopicPartition
from pydantic_core import from_json

from benchmarks.dispatch_log import FactWatch, write_submissions
from benchmarks.machine import Machine, running
from events.commands import SubmitTask
from events.envelope import Envelope
from events.facts import TaskSubmitted
from events.topics import Topics
from processors.fold import PartitionFold
from producers.admin import ensure_topics
from producers.commands import CommandSender
from producers.kafka import KafkaPublisher
from producers.task_ids import new_task_id

_PARTITIONS = 12
_TICKS = 200
_ROOM = 200
_IDLE_SECONDS = 20.0
_SETTLE_SECONDS = 8.0
_LEASE_SECONDS = 5.0
_RATE = 50.0
_PATIENCE_SECONDS = 120.0
_START_SECONDS = 40.0  # from writing the burst to its moment: start, catching up, and a lease of trust
_FAR = timedelta(days=30)


def tick_ms(waiting: int, *, expiring: bool) -> float:
    """Milliseconds of one look at all partitions, the median of many."""
    folds = [PartitionFold(partition) for partition in range(_PARTITIONS)]
    now = datetime.now(UTC)
    for number in range(waiting):
        goal = TaskSubmitted(
            goal="Register Eden", site_url="http://127.0.0.1/", expires_at=now + _FAR if expiring else None
        )
        fold = folds[number % _PARTITIONS]
        fact = Envelope.model_construct(
            event_id=str(number),
            follows=None,
            task_id=str(UUID(int=number)),
            version=1,
            command_offset=number // _PARTITIONS,
            schema_version=1,
            recorded_at=now,
            causation_id=str(number),
            caused_by="benchmark",
            event=goal,
        )
        fold.apply(fact, number // _PARTITIONS)
    took = []
    for _ in range(_TICKS):
        begun = time.perf_counter()
        for fold in folds:
            fold.due(now, _ROOM)
        took.append((time.perf_counter() - begun) * 1_000)
    return round(statistics.median(took), 4)


@contextmanager
def fresh(machine: Machine, prefix: str) -> Iterator[Machine]:
    """The same broker with topics and a data folder of their own."""
    home = machine.home / prefix
    home.mkdir()
    other = replace(machine, topics=Topics(prefix), home=home)
    ensure_topics(other.connection, other.topics)
    yield other


def idle_cpu_percent(machine: Machine, prefix: str, waiting: int, *, expiring: bool) -> float:
    """Percent of one CPU that a processor takes which has so many waiting tasks and nothing to do."""
    with fresh(machine, prefix) as here:
        expires_at = datetime.now(UTC) + _FAR if expiring else None
        write_submissions(here, waiting, queues=["nobody"], expires_at=expires_at)
        with here.process("processors") as process:
            seen = psutil.Process(process.pid)
            seen.cpu_percent()
            # Catching up is over once a while is as quiet as the one before it.
            before = 1_000.0
            while (share := _share(seen, _SETTLE_SECONDS)) < before * 0.8:
                before = share
            return round(_share(seen, _IDLE_SECONDS), 1)


def _share(process: psutil.Process, seconds: float) -> float:
    used, begun = sum(process.cpu_times()[:2]), time.monotonic()
    time.sleep(seconds)
    return float((sum(process.cpu_times()[:2]) - used) / (time.monotonic() - begun) * 100)


class Probes:
    """Submits at a steady rate, and hears of every fact."""

    def __init__(self, machine: Machine) -> None:
        self.took: list[tuple[float, float]] = []  #: when it was sent, seconds to its fact
        self.failed = 0
        self.sent = 0
        self.last_failed_at = 0.0
        self._open: dict[str, float] = {}
        self._publisher = KafkaPublisher(machine.connection)
        self._sender = CommandSender(self._publisher, machine.topics, "benchmark")
        self._watch = FactWatch(machine, self._hear)
        self._leaving = threading.Event()
        self._thread = threading.Thread(target=self._submit, daemon=True)
        self._thread.start()

    def p99_ms(self, since: float, until: float) -> float:
        """Of what was sent in between, both in monotonic seconds."""
        took = sorted(seconds for sent, seconds in self.took if since <= sent < until)
        return round(took[int(len(took) * 0.99)] * 1_000, 1)

    def close(self) -> None:
        """Stop."""
        self._leaving.set()
        self._thread.join()
        self._watch.close()
        self._publisher.close()

    def _submit(self) -> None:
        command = SubmitTask(goal="Register Eden", site_url="http://127.0.0.1/", queue="nobody")
        while not self._leaving.wait(1 / _RATE):
            task_id = new_task_id()
            self._open[task_id] = time.monotonic()
            self.sent += 1
            self._sender.send(task_id, command)

    def _hear(self, value: bytes, at: float) -> None:
        if b'"type":"task.failed"' in value:
            self.failed += 1
            self.last_failed_at = at
            return
        sent = self._open.pop(from_json(value)["task_id"], None)
        if sent is not None:
            self.took.append((sent, at - sent))


def burst(machine: Machine, prefix: str, tasks: int) -> dict[str, float]:
    """All of them expire at one moment, while others submit."""
    with fresh(machine, prefix) as here:
        moment = datetime.now(UTC) + timedelta(seconds=_START_SECONDS)
        write_submissions(here, tasks, queues=["nobody"], expires_at=moment)
        with here.process("processors", settings={"GOALTRAIL_TASKS__LEASE_SECONDS": str(_LEASE_SECONDS)}):
            probes = Probes(here)
            due = time.monotonic() + (moment - datetime.now(UTC)).total_seconds()
            while probes.failed < tasks:
                if time.monotonic() > due + _PATIENCE_SECONDS:
                    raise SystemExit(f"{probes.failed} of {tasks} expired within {_PATIENCE_SECONDS:g} s")
                time.sleep(0.05)
            time.sleep(1.0)  # for the last probes' facts
            probes.close()
        ended = probes.last_failed_at
        return {
            "burst_tasks": tasks,
            "burst_all_expired_s": round(ended - due, 2),
            "burst_checks_per_task": round((_commands(here) - probes.sent) / tasks, 3),
            "p99_ms_before_burst": probes.p99_ms(due - 10, due),
            "p99_ms_in_burst": probes.p99_ms(due, ended),
        }


def _commands(machine: Machine) -> int:
    consumer = Consumer({**machine.connection, "group.id": uuid4().hex})
    try:
        topic = machine.topics.task_commands
        places = [TopicPartition(topic, partition) for partition in range(machine.topics.partitions)]
        return sum(consumer.get_watermark_offsets(place, timeout=10)[1] for place in places)
    finally:
        consumer.close()


def main() -> None:
    """Measure and print; the last line is JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--waiting", type=int, default=100_000)
    parser.add_argument("--most", type=int, default=1_000_000, help="for the part without a broker")
    parser.add_argument("--burst", type=int, default=10_000)
    options = parser.parse_args()
    figures: dict[str, float] = {"tick_ms_at_0": tick_ms(0, expiring=True)}
    for waiting in (options.waiting, options.most):
        figures[f"tick_ms_at_{waiting}"] = tick_ms(waiting, expiring=True)
    figures[f"tick_ms_at_{options.waiting}_unlimited"] = tick_ms(options.waiting, expiring=False)
    print(figures, flush=True)
    with running(processors=0) as machine:
        figures |= burst(machine, "burst.", options.burst)
        print(figures, flush=True)
        figures["cpu_percent_idle_at_0"] = idle_cpu_percent(machine, "none.", 0, expiring=True)
        n = options.waiting
        figures[f"cpu_percent_idle_at_{n}"] = idle_cpu_percent(machine, "expiring.", n, expiring=True)
        figures[f"cpu_percent_idle_at_{n}_unlimited"] = idle_cpu_percent(machine, "plain.", n, expiring=False)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
