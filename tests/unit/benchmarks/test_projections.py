"""The made-up history of the readings' benchmark is one a log might hold."""

from __future__ import annotations

from collections import Counter
from itertools import islice

import pytest

from benchmarks.projections import AT_LEAST, met
from benchmarks.projections_feed import arrivals
from benchmarks.projections_history import History
from events.chain import EMPTY, follows, take
from events.codec import decode_fact, decode_step
from events.envelope import Envelope, StepEnvelope
from events.task import Status, status_of

HISTORY = History(3_000, live=500)
ENDS = {"RECOVERED": "COMPLETED"}


@pytest.mark.parametrize("fate", list(Status))
def test_every_task_is_a_chain_that_ends_as_it_should(fate: str) -> None:
    """Read by the real codec and folded by the real fold."""
    numbers = [number for number in range(HISTORY.tasks) if HISTORY.fate(number) == fate][:5]
    assert numbers
    for number in numbers:
        facts, steps = HISTORY.task(number)
        stream = EMPTY
        for text in facts:
            fact = decode_fact(text.encode())
            assert isinstance(fact, Envelope)
            assert fact.task_id == HISTORY.task_id(number)
            assert follows(stream, fact)
            stream = take(stream, fact)
        assert status_of(stream.task) == ENDS.get(fate, fate)
        assert all(isinstance(decode_step(text.encode()), StepEnvelope) for text in steps)


def test_ids_grow_with_time_and_events_are_different() -> None:
    """As those of real submitters, and as every reader relies on."""
    ids = [HISTORY.task_id(number) for number in range(HISTORY.tasks)]
    assert ids == sorted(set(ids))
    events = Counter(decode_fact(text.encode()).event_id for number in range(200) for text in HISTORY.task(number)[0])
    assert set(events.values()) == {1}


def test_records_of_many_tasks_arrive_mixed_and_those_of_one_in_order() -> None:
    """A batch is about many tasks, and no fact of it falls off."""
    versions: Counter[str] = Counter()
    for is_step, _, key, value in islice(arrivals(HISTORY, 0), 3_000):
        if not is_step:
            versions[key] += 1
            assert decode_fact(value).version == versions[key]
    assert len(versions) > 200


def test_goals_that_were_measured_are_judged() -> None:
    """At most for times, at least for rates; what was left out is not judged."""
    assert met({"get_p99_ms": 10.0, "queue_p99_ms": 51.0, "fold_facts_per_s": AT_LEAST["fold_facts_per_s"] - 1}) == {
        "get_p99_ms": True,
        "queue_p99_ms": False,
        "fold_facts_per_s": False,
    }
