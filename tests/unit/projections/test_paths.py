"""Navigation paths as rows: which edition is in use, how it fared, and that a fact sent twice counts once."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from events.action import Click, Target
from events.codec import decode
from events.failure import ErrorType
from events.paths import (
    PathEnvelope,
    PathExpired,
    PathFact,
    PathFailed,
    PathHealed,
    PathLearned,
    PathPinned,
    PathQuarantined,
    PathReplayed,
    PathStep,
    PathUnpinned,
    path_key,
)
from projections.records import Place
from projections.store import Store
from tests.unit.projections.log import TOPICS, Log, at, read

SITE, PATTERN = "https://aquatechswim.com", "Register {{child}}"
KEY = path_key(SITE, PATTERN)
GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "navigation-path.jsonl"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "readings.duckdb")
    yield opened
    opened.close()


def steps(name: str = "Register") -> list[PathStep]:
    return [PathStep(action=Click(target=Target(role="button", name=name)))]


def learned(**fields: Any) -> PathLearned:
    return PathLearned(**{"steps": steps(), "inputs": ["child"], "seconds": 30.0, **fields})


class PathLog:
    """Facts of one path; the first edition is `e1`."""

    def __init__(self, store: Store) -> None:
        self.store, self.log, self.number = store, Log(), 0

    def say(self, *facts: PathFact, event_id: str | None = None) -> None:
        for fact in facts:
            self.number += 1
            read(self.store, [self.log.append(TOPICS.path_events, 0, self.record(fact, event_id))])

    def record(self, fact: PathFact, event_id: str | None = None) -> PathEnvelope:
        return PathEnvelope(
            event_id=event_id or f"e{self.number}",
            path_key=KEY,
            site=SITE,
            goal_pattern=PATTERN,
            recorded_at=at(self.number),
            event=fact,
        )

    def shown(self, columns: str) -> tuple[Any, ...]:
        with self.store.cursor() as cursor:
            (row,) = cursor.execute(f"SELECT {columns} FROM v_navigation_paths").fetchall()
        return tuple(row)


@pytest.fixture
def path(store: Store) -> PathLog:
    return PathLog(store)


def test_replays_are_counted_with_the_time_they_took_and_saved(path: PathLog) -> None:
    path.say(
        learned(),
        PathReplayed(path="e1", seconds=6.25, time_saved_seconds=23.75),
        PathFailed(path="e1", step=2, error_type=ErrorType.STALE, error_message="gone", seconds=2.5),
        PathReplayed(path="e1", seconds=7.0, time_saved_seconds=23.0),
        PathFailed(path="e1", error_type=ErrorType.TIMEOUT),
        PathFailed(path="e1", error_type=ErrorType.TIMEOUT, error_message="slow"),
    )
    assert path.shown("successes, failures, failures_in_row, total_time_seconds, time_saved_seconds") == (
        (2, 3, 2, 15.75, 46.75)
    )
    assert path.shown("last_error_type, last_error, last_used_at") == ("timeout", "slow", at(6).replace(tzinfo=None))


def test_the_newest_edition_is_in_use_and_older_ones_are_kept(path: PathLog) -> None:
    path.say(learned(), PathHealed(path="e1", steps=steps("Book"), changed=[1]))
    version, versions, shown = path.shown("version, versions, steps")
    assert (version, versions, json.loads(shown)[0]["action"]["target"]["name"]) == (2, 2, "Book")
    with path.store.cursor() as cursor:
        editions = cursor.execute(
            "SELECT number, path, heals, learned_seconds FROM navigation_path_editions"
        ).fetchall()
    assert editions == [(1, "e1", None, 30.0), (2, "e2", "e1", None)]


def test_a_pinned_edition_stays_in_use(path: PathLog) -> None:
    path.say(learned(), PathHealed(path="e1", steps=steps("Book")), PathPinned(path="e1", reason="better"))
    path.say(learned(), PathQuarantined(path="e4", reason="3 in a row"), PathExpired(path="e1"))
    assert path.shown("version, state, pinned, reason, expires_at") == (1, "usable", True, "better", None)
    path.say(PathUnpinned())
    assert path.shown("version, state, pinned, reason") == (3, "quarantined", False, None)
    path.say(PathPinned(path="e1"), PathQuarantined(path="e1", reason="fails too"))
    assert path.shown("version, state, pinned, reason") == (1, "quarantined", True, "fails too")


def test_what_is_closed_is_usable_again_once_it_is_learned_or_healed(path: PathLog) -> None:
    path.say(learned(), PathQuarantined(path="e1", reason="3 in a row"))
    assert path.shown("state, reason") == ("quarantined", "3 in a row")
    path.say(PathHealed(path="e1", steps=steps()))
    assert path.shown("state, reason, failures_in_row") == ("usable", None, 0)
    path.say(PathExpired(path="e1"))
    assert path.shown("state") == ("usable",)  # of the edition before
    path.say(PathExpired(path="e3", reason="unused"))
    assert path.shown("state, reason") == ("expired", "unused")


def test_a_pin_takes_an_edition_out_of_quarantine_for_good(path: PathLog) -> None:
    path.say(learned(), PathFailed(path="e1", error_type=ErrorType.STALE), PathQuarantined(path="e1"))
    path.say(PathPinned(path="e1", reason="it was the site"))
    assert path.shown("state, pinned, failures_in_row") == ("usable", True, 0)
    path.say(PathUnpinned())
    assert path.shown("state, pinned") == ("usable", False)


def test_the_view_says_expired_as_soon_as_the_time_has_passed(path: PathLog) -> None:
    path.say(learned(expires_at=at(60)))
    assert path.shown("state, expires_at") == ("expired", at(60).replace(tzinfo=None))
    later = at(0) + timedelta(days=100_000)
    path.say(PathReplayed(path="e1", seconds=1, expires_at=later))
    assert path.shown("state, expires_at") == ("usable", later.replace(tzinfo=None))


def test_a_fact_sent_twice_counts_once(path: PathLog) -> None:
    path.say(learned(), PathReplayed(path="e1", seconds=1.0))
    again = path.record(PathReplayed(path="e1", seconds=1.0))
    read(path.store, [path.log.append(TOPICS.path_events, 0, again) for _ in range(2)])
    fresh = path.record(PathReplayed(path="e1", seconds=1.0), event_id=uuid4().hex)
    read(path.store, [path.log.append(TOPICS.path_events, 0, fresh) for _ in range(3)])
    assert path.shown("successes") == (2,)
    tally = path.store.tables.load_tallies()[Place(TOPICS.path_events, 0)]
    assert (tally.taken, tally.repeats, tally.next_offset) == (3, 4, 7)


def test_what_is_no_fact_of_a_path_is_counted_and_passed(path: PathLog) -> None:
    wrong = path.record(learned()).model_copy(update={"task_id": "no id"})
    read(path.store, [path.log.append(TOPICS.path_events, 0, value) for value in (b"{", wrong)])
    assert path.store.tables.load_tallies()[Place(TOPICS.path_events, 0)].undecodable == 2


def test_the_recorded_stream_adds_up(store: Store) -> None:
    log = Log()
    for line in GOLDEN.read_bytes().splitlines():
        read(store, [log.append(TOPICS.path_events, 0, decode(PathEnvelope, line))])
    shown = "state, reason, version, versions, successes, failures, time_saved_seconds"
    with store.cursor() as cursor:
        rows = cursor.execute(f"SELECT {shown} FROM v_navigation_paths").fetchall()
        kinds = cursor.execute("SELECT count(DISTINCT type) FROM navigation_path_events").fetchall()
    assert rows == [("expired", "unused for 30 days", 2, 2, 2, 1, 49.75)]
    assert kinds == [(8,)]
