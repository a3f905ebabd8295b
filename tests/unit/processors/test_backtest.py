"""Recorded failures under other rules: what changes, what would not have happened, and what would be lost."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from events import facts as f
from events.envelope import Envelope
from events.failure import ErrorType
from processors.backtest.replay import Comparison, Replay, compare
from processors.policy import Policy
from processors.recovery_rules import DEFAULT_RULES, RecoveryTable, RecoveryTables, Rule
from tests.given import CLAIMED, ESCALATED, NOW, PLANNED, POLICY, STARTED, SUBMITTED

DONE = f.TaskCompleted(lease_epoch=9)


def attempt(number: int) -> tuple[f.TaskFact, ...]:
    again = {"lease_epoch": number, "attempt": number}
    return CLAIMED.model_copy(update=again), STARTED.model_copy(update={"lease_epoch": number})


def failure(number: int, error_type: ErrorType = ErrorType.TIMEOUT) -> f.RecoveryPlanned:
    return PLANNED.model_copy(update={"attempt_number": number, "lease_epoch": number, "error_type": error_type})


def recorded(*histories: tuple[f.TaskFact, ...]) -> list[Envelope]:
    return [
        Envelope(
            event_id=f"{task}-{version}",
            follows=None if version == 1 else f"{task}-{version - 1}",
            task_id=f"task-{task}",
            version=version,
            command_offset=version,
            recorded_at=NOW,
            causation_id=f"command-{version}",
            event=event,
        )
        for task, history in enumerate(histories)
        for version, event in enumerate(history, start=1)
    ]


def under(table: RecoveryTable, *histories: tuple[f.TaskFact, ...], since: datetime | None = None) -> Comparison:
    policy = Policy(recovery=RecoveryTables(table))
    replay = Replay(policy, POLICY) if since is None else Replay(policy, POLICY, since)
    for fact in recorded(*histories):
        replay.take(fact)
    return compare(replay)


TWO_RECOVERIES = (SUBMITTED, *attempt(1), failure(1), *attempt(2), failure(2), *attempt(3), DONE)
GIVEN_UP = (
    SUBMITTED,
    *attempt(1),
    failure(1),
    *attempt(2),
    failure(2),
    *attempt(3),
    failure(3),
    *attempt(4),
    ESCALATED,
)


def test_the_same_rules_take_the_same_courses() -> None:
    found = under(RecoveryTable(), TWO_RECOVERIES, GIVEN_UP)
    assert found.failures == 6
    assert found.changes == []
    assert found.recorded == found.other == {"wait_and_retry": 5, "escalate": 1}
    assert found.completions_lost == 0


def test_fewer_recoveries_spare_failures_and_lose_completions() -> None:
    found = under(RecoveryTable(max_recoveries=1), TWO_RECOVERIES, GIVEN_UP)
    assert found.other == {"wait_and_retry": 2, "escalate": 2}
    assert found.spared == 2
    assert found.completions_lost == 1
    assert ("timeout", "wait_and_retry", "escalate", 2) in found.changes


def test_more_recoveries_go_on_where_the_log_ends() -> None:
    found = under(RecoveryTable(max_recoveries=5), GIVEN_UP)
    assert found.changes == [("timeout", "escalate", "wait_and_retry", 1)]
    assert found.spared == 0


def test_another_course_for_one_type_of_error() -> None:
    rules = {**DEFAULT_RULES, ErrorType.TIMEOUT: Rule("stop")}
    found = under(replace(RecoveryTable(), rules=rules), TWO_RECOVERIES)
    assert found.other == {"stop": 1}
    assert found.completions_lost == 1


def test_longer_waits_are_added_up() -> None:
    found = under(RecoveryTable(backoff=timedelta(minutes=1)), TWO_RECOVERIES)
    assert found.recorded_wait_seconds == 4.0
    assert 180.0 <= found.other_wait_seconds <= 225.0
    assert found.changed == 2


def test_what_a_worker_wished_to_end_stays_ended() -> None:
    wished = f.TaskFailed(lease_epoch=1, error_type=ErrorType.TIMEOUT, error_message="asked to stop")
    assert under(RecoveryTable(), (SUBMITTED, *attempt(1), wished)).failures == 0
    hopeless = wished.model_copy(update={"error_type": ErrorType.SITE_DOWN})
    assert under(RecoveryTable(), (SUBMITTED, *attempt(1), hopeless)).recorded == {"stop": 1}


def test_failures_before_the_moment_count_for_what_follows_and_are_not_shown() -> None:
    later = under(RecoveryTable(), TWO_RECOVERIES, since=NOW + timedelta(seconds=1))
    assert later.failures == 0


def test_late_facts_of_replaced_writers_are_passed_over() -> None:
    replay = Replay(POLICY, POLICY)
    facts = recorded(TWO_RECOVERIES)
    late = facts[3].model_copy(update={"event_id": "late", "follows": "nobody"})
    for fact in (*facts[:4], late, *facts[4:]):
        replay.take(fact)
    assert compare(replay).failures == 2
