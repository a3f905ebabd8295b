"""Which edition of a path may be replayed, after all that can be said of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count

import pytest

from events.action import Click, Target
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
from processors.paths import Book, PathPolicy

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
LATER = NOW + timedelta(days=8)
SITE, PATTERN = "https://pool.example.org", "register {{child}}"
KEY = path_key(SITE, PATTERN)


def step(name: str) -> PathStep:
    return PathStep(action=Click(target=Target(role="button", name=name)))


LEARNED = PathLearned(steps=[step("Register")], inputs=["child"], seconds=12.0, expires_at=NOW + timedelta(days=7))


def failed(path: str) -> PathFailed:
    return PathFailed(path=path, step=1, error_type=ErrorType.STALE, error_message="it is gone")


class Told:
    """A book that is told facts with ids `f1`, `f2`, ..."""

    def __init__(self, *facts: PathFact) -> None:
        self.book, self._ids = Book(PathPolicy(failures_in_row=3)), count(1)
        for fact in facts:
            self.tell(fact)

    def tell(self, fact: PathFact, event_id: str | None = None) -> bool:
        envelope = PathEnvelope(
            event_id=event_id or f"f{next(self._ids)}",
            path_key=KEY,
            site=SITE,
            goal_pattern=PATTERN,
            recorded_at=NOW,
            event=fact,
        )
        return self.book.take(envelope) is not None

    def usable(self, now: datetime = NOW) -> str | None:
        found = self.book.paths[KEY].usable(now)
        return None if found is None else found.path

    def due(self, now: datetime = NOW) -> list[PathQuarantined | PathExpired]:
        return list(self.book.due(self.book.paths[KEY], now))


def test_what_was_learned_may_be_replayed_until_its_time_is_over() -> None:
    told = Told(LEARNED)
    found = told.book.paths[KEY].usable(NOW)

    assert found is not None
    assert (found.path, found.steps, found.inputs, found.seconds) == ("f1", LEARNED.steps, ["child"], 12.0)
    assert told.due() == []
    assert told.usable(LATER) is None
    assert told.due(LATER) == [PathExpired(path="f1", reason="its time is over")]


def test_an_expiry_is_said_once_and_a_replay_puts_it_off() -> None:
    told = Told(LEARNED, PathReplayed(path="f1", seconds=2, expires_at=LATER + timedelta(days=1)))
    assert told.usable(LATER) == "f1"

    told.tell(PathExpired(path="f1"))
    assert told.usable() is None
    assert told.due(LATER + timedelta(days=2)) == []


def test_a_healed_edition_takes_its_place_and_keeps_what_the_goal_needs() -> None:
    told = Told(LEARNED, PathHealed(path="f1", steps=[step("Sign up")], changed=[1]))
    found = told.book.paths[KEY].usable(NOW)

    assert found is not None
    assert (found.path, found.steps, found.inputs) == ("f2", [step("Sign up")], ["child"])


def test_three_failures_in_a_row_lead_to_quarantine_and_a_success_counts_anew() -> None:
    told = Told(LEARNED, failed("f1"), failed("f1"), PathReplayed(path="f1", seconds=2), failed("f1"), failed("f1"))
    assert told.due() == []

    told.tell(failed("f1"))
    [said] = told.due()
    assert said == PathQuarantined(path="f1", reason="3 replays in a row failed")
    told.tell(said)
    assert told.usable() is None
    assert told.due() == []


@pytest.mark.parametrize("again", [LEARNED, PathHealed(path="f1", steps=[step("x")]), PathPinned(path="f1")])
def test_quarantine_ends_when_the_path_is_learned_healed_or_pinned(again: PathFact) -> None:
    told = Told(LEARNED, PathQuarantined(path="f1"))
    assert told.usable() is None

    told.tell(again)
    assert told.usable() is not None


def test_a_pinned_edition_is_used_whatever_is_learned_and_does_not_expire() -> None:
    told = Told(LEARNED, PathPinned(path="f1"), PathLearned(steps=[step("Other")]))
    assert told.usable(LATER) == "f1"
    assert told.due(LATER) == []

    told.tell(PathUnpinned())
    assert told.usable(LATER) == "f3"


def test_what_was_said_before_is_a_repeat() -> None:
    told = Told(LEARNED, failed("f1"), failed("f1"))

    assert told.tell(failed("f1"), event_id="f2") is False
    assert told.due() == []


def test_a_failure_of_an_edition_no_longer_in_use_says_nothing_of_the_new_one() -> None:
    told = Told(LEARNED, PathHealed(path="f1", steps=[step("x")]), failed("f1"), failed("f1"), failed("f1"))

    assert told.due() == []
    assert told.usable() == "f2"
