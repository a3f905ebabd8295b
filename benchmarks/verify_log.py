"""Writes a generated history into the log, its topics in shuffled interleavings, and knows what rows every offset means."""

from __future__ import annotations

import random
from array import array
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from confluent_kafka import KafkaError, Message, Producer

from benchmarks.generated_history import History, Written
from events.topics import Topics

Place = tuple[str, int]
_HELD_BACK = 30_000  # records from which lanes are chosen: how far apart topics and partitions drift
_SENT_AT_ONCE = 20_000
_LONGEST_RUN = 300  # records of one partition in a row
_TWICE = 0.01  # of all records, sent again a little later by their producer
_REPORT_EVERY = 20_000
_FLUSH_SECONDS = 60.0


class Expected:
    """How many rows each table that only grows holds, when each partition is read up to some offset."""

    def __init__(self) -> None:
        self._sums: dict[Place, dict[str, array[int]]] = defaultdict(dict)
        self._ends: Counter[Place] = Counter()

    def add(self, written: Written) -> None:
        """The next record of its partition."""
        place = (written.topic, written.partition)
        sums, end = self._sums[place], self._ends[place]
        if written.adds is not None and written.adds not in sums:
            sums[written.adds] = array("I", bytes(4 * (end + 1)))
        for table, rows in sums.items():
            rows.append(rows[-1] + (table == written.adds))
        self._ends[place] += 1

    def rows(self, offsets: Mapping[Place, int]) -> Counter[str]:
        """By table."""
        rows: Counter[str] = Counter()
        for place, offset in offsets.items():
            for table, sums in list(self._sums.get(place, {}).items()):
                rows[table] += sums[min(offset, len(sums) - 1)]
        return rows


class LogWriter:
    """One producer of the whole log; `run` in one thread, everything else from any."""

    def __init__(self, connection: Mapping[str, Any], topics: Topics, seed: int) -> None:
        self._producer = Producer({**connection, "enable.idempotence": True, "linger.ms": 20})
        self._topics, self._seed, self._random = topics, seed, random.Random(seed + 1)
        self._once = {topics.task_events, topics.step_events, topics.path_events, topics.queue_events}
        self._lost = ""
        self.expected = Expected()
        self.kinds: Counter[str] = Counter()  #: records by topic
        self.records = 0  #: written so far
        self.done = False

    def run(self, tasks: int, report: Callable[[int], None]) -> None:
        """Write all of it; the same log for the same seed."""
        for written in self._interleaved(self._with_repeats(History(self._topics, self._seed).records(tasks))):
            self._send(written)
            if self.records % _REPORT_EVERY == 0:
                report(self.records)
        if self._producer.flush(_FLUSH_SECONDS) or self._lost:
            raise SystemExit(f"the broker did not take the log: {self._lost or 'no answer'}")
        self.done = True

    def _send(self, written: Written) -> None:
        self.expected.add(written)
        while True:
            try:
                # Without the history's own times: by those, Kafka would throw heartbeats of September away.
                self._producer.produce(
                    written.topic, written.value, partition=written.partition, on_delivery=self._delivered
                )
                break
            except BufferError:
                self._producer.poll(0.1)
        self._producer.poll(0)
        self.kinds[written.topic] += 1
        self.records += 1

    def _delivered(self, error: KafkaError | None, _message: Message) -> None:
        if error is not None:
            self._lost = error.str()

    def _with_repeats(self, history: Iterator[Written]) -> Iterator[Written]:
        again: deque[Written] = deque()
        for written in history:
            yield written
            if self._random.random() < _TWICE:
                # Facts and steps count once; of a letter or an act, the log cannot know that it is meant once.
                again.append(replace(written, adds=None) if written.topic in self._once else written)
            if again and self._random.random() < _TWICE:
                yield again.popleft()
        yield from again

    def _interleaved(self, history: Iterator[Written]) -> Iterator[Written]:
        """Lane by lane in runs of any length; order holds within a partition alone."""
        lanes: dict[Place, deque[Written]] = {}
        held = 0
        for written in history:
            lanes.setdefault((written.topic, written.partition), deque()).append(written)
            held += 1
            if held == _HELD_BACK:
                for each in self._drawn(lanes, _SENT_AT_ONCE):
                    held -= 1
                    yield each
        yield from self._drawn(lanes, held)

    def _drawn(self, lanes: dict[Place, deque[Written]], number: int) -> Iterator[Written]:
        while number > 0:
            place = self._random.choice(list(lanes))
            lane = lanes[place]
            for _ in range(min(number, len(lane), self._random.randint(1, _LONGEST_RUN))):
                number -= 1
                yield lane.popleft()
            if not lane:
                del lanes[place]
