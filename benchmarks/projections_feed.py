"""Tasks as they would arrive: many at once, their records mixed, each task's own in their order."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any

from confluent_kafka import Producer

from benchmarks.projections_history import BLOCK, PARTITIONS, History
from events.topics import Topics

_AT_ONCE = 200  # tasks under way
_TICK_SECONDS = 0.02
_FLUSH_SECONDS = 120.0

#: Whether it is a step, its partition, its key and its value.
Arrival = tuple[bool, int, str, bytes]


def arrivals(history: History, first: int) -> Iterator[Arrival]:
    """The records of task `first` and all after it, without an end."""
    under_way: deque[deque[Arrival]] = deque()
    while True:
        while len(under_way) < _AT_ONCE:
            under_way.append(deque(_story(history, first)))
            first += 1
        story = under_way.popleft()
        yield story.popleft()
        if story:
            under_way.append(story)


def feed(connection: Mapping[str, Any], topics: Topics, history: History, first: int, per_second: int) -> None:
    """Append that many records a second until the process is ended."""
    producer = Producer({**connection, "linger.ms": 5})
    coming, begun, sent = arrivals(history, first), time.monotonic(), 0
    while True:
        while sent < (time.monotonic() - begun) * per_second:
            append(producer, topics, next(coming))
            sent += 1
        producer.poll(0)
        time.sleep(_TICK_SECONDS)


def write_history(
    connection: Mapping[str, Any], topics: Topics, history: History, first: int, records: int
) -> tuple[int, int]:
    """Append about so many records as fast as it goes, beginning with task `first`.

    Returns:
        The first task that was not written, and how many records were.
    """
    producer = Producer(
        {**connection, "linger.ms": 50, "compression.type": "lz4", "queue.buffering.max.messages": 500_000}
    )
    sent = 0
    while sent < records:
        for arrival in _story(history, first):
            append(producer, topics, arrival)
            sent += 1
        first += 1
        producer.poll(0)
    if producer.flush(_FLUSH_SECONDS):
        raise SystemExit("the broker did not take the whole history")
    return first, sent


def append(producer: Producer, topics: Topics, arrival: Arrival) -> None:
    """One record to the partition it belongs to; waits while the producer is full."""
    is_step, partition, key, value = arrival
    topic = topics.step_events if is_step else topics.task_events
    while True:
        try:
            producer.produce(topic, value=value, key=key, partition=partition)
        except BufferError:
            producer.poll(0.1)
        else:
            return


def _story(history: History, number: int) -> list[Arrival]:
    """One task's records: claimed and started, its steps, what became of it."""
    facts, steps = history.task(number)
    key, partition = history.task_id(number), number // BLOCK % PARTITIONS
    told = [(False, fact) for fact in facts[:3]] + [(True, step) for step in steps] + [(False, f) for f in facts[3:]]
    return [(is_step, partition, key, text.encode()) for is_step, text in told]
