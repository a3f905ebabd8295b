"""The views of tasks one by one, on hand-made histories: exact rows, what is NULL, and empty files."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from events.dead_letter import DeadLetterDiscarded, DeadLetterRedriven
from events.facts import (
    CancelRequested,
    EscalationClaimed,
    EscalationResolved,
    LeaseRenewed,
    PauseRequested,
    RecoveryPlanned,
    TaskCancelled,
    TaskEscalated,
    TaskFact,
    TaskFailed,
    TaskPaused,
    TaskRecovered,
    TaskReleased,
    UnknownFact,
)
from events.failure import ErrorType, Strategy
from events.queues import DispatchEnvelope, QueuePaused
from projections.described import relations
from projections.store import Store
from tests.unit.projections.log import (
    TOPICS,
    Log,
    TaskLog,
    at,
    claimed,
    completed,
    cost,
    read,
    started,
    step,
    submitted,
)

COVERED = RecoveryPlanned(
    lease_epoch=1,
    error_type=ErrorType.MODAL,
    error_message="covered",
    strategy=Strategy.CLOSE_MODAL_AND_RETRY,
    attempt_number=1,
    retry_at=at(60),
)
IN_THE_OPEN_PAGE = COVERED.model_copy(update={"same_session": True, "lease_until": at(90)})
STUCK = TaskEscalated(error_type=ErrorType.TIMEOUT, error_message="slow")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(tmp_path / "readings.duckdb")
    yield opened
    opened.close()


def rows(store: Store, sql: str) -> list[tuple[Any, ...]]:
    with store.cursor() as cursor:
        return cursor.execute(sql).fetchall()


def t(seconds: float) -> datetime:
    """As the file keeps it: UTC without zone."""
    return at(seconds).replace(tzinfo=None)


def key(task: TaskLog) -> UUID:
    return UUID(task.task_id)


@pytest.mark.parametrize("view", [name for name, one in relations().items() if one.kind == "VIEW"])
def test_an_empty_file_has_no_rows(store: Store, view: str) -> None:
    assert rows(store, f"SELECT * FROM {view}") == []


@pytest.mark.parametrize(
    ("url", "site"),
    [
        ("https://aquatechswim.com/classes", "aquatechswim.com"),
        ("HTTPS://Shop.Example:8443?a=b", "shop.example:8443"),
        ("http://[::1]:80/", "[::1]:80"),
    ],
)
def test_the_site_of_a_task(store: Store, url: str, site: str) -> None:
    read(store, Log().task().facts(submitted(site_url=url)))
    assert rows(store, "SELECT site FROM v_tasks") == [(site,)]


def test_tasks_with_their_sums(store: Store) -> None:
    log = Log()
    done, new = log.task(), log.task()
    ended = done.facts(submitted(not_before=at(1.5)), claimed(), started(), completed())
    read(store, ended + done.steps(step(1, cost=0.25), cost(0.5)) + new.facts(submitted()))
    read(store, log.task().facts(UnknownFact(type="task.other")))  # nothing is known of it yet
    asked = "total_steps, total_cost::DOUBLE, total_time_seconds, waited_seconds"
    found = rows(store, f"SELECT task_id, status, {asked} FROM v_tasks ORDER BY task_id")

    assert found == [(key(done), "COMPLETED", 1, 0.75, 1.0, 1.5), (key(new), "PENDING", 0, 0.0, None, None)]


def test_leases_from_the_claim_to_their_end(store: Store) -> None:
    task = Log().task()
    facts: list[TaskFact] = [
        submitted(),
        claimed(1, "w1"),
        TaskReleased(lease_epoch=1, reason="going down"),
        claimed(2, "w2"),
        started(2),
        LeaseRenewed(lease_epoch=2, lease_until=at(99)),
        IN_THE_OPEN_PAGE,
        TaskRecovered(lease_epoch=2, attempt_number=1, lease_until=at(99)),
        COVERED,
        claimed(3, "w1", attempt=2),
    ]
    read(store, task.facts(*facts))
    found = rows(store, "SELECT * FROM v_leases ORDER BY lease_epoch")

    assert found == [
        (key(task), 1, "w1", 1, t(2), None, t(3), "task.released"),
        (key(task), 2, "w2", 1, t(4), t(5), t(9), "task.recovery_planned"),
        (key(task), 3, "w1", 2, t(10), None, None, None),
    ]


@pytest.mark.parametrize(
    ("end", "said"),
    [
        (completed(), "task.completed"),
        (TaskFailed(error_type=ErrorType.SITE_DOWN, error_message="down"), "task.failed"),
        (STUCK, "task.escalated"),
        (TaskPaused(), "task.paused"),
        (TaskCancelled(), "task.cancelled"),
        (IN_THE_OPEN_PAGE.model_copy(update={"lease_until": None}), "task.recovery_planned"),
        (PauseRequested(), None),
        (CancelRequested(), None),
    ],
)
def test_what_ends_a_lease(store: Store, end: TaskFact, said: str | None) -> None:
    read(store, Log().task().facts(submitted(), claimed(), started(), end))
    assert rows(store, "SELECT ended_by, ended_at FROM v_leases") == [(said, said and t(4))]


def test_steps_and_whether_they_came_after_their_lease(store: Store) -> None:
    log = Log()
    task, unread = log.task(), log.task()
    read(store, task.facts(submitted(), claimed(), started()) + task.steps(step(1)))
    read(store, task.facts(COVERED, claimed(2), started(2)) + task.steps(step(2)) + task.steps(step(3), epoch=2))
    read(store, unread.steps(step(1)))
    found = rows(store, "SELECT task_id, step_number, lease_ended_at, came_after_lease FROM v_steps ORDER BY ALL")

    assert found == [
        (key(task), 1, t(4), False),
        (key(task), 2, t(4), True),
        (key(task), 3, None, False),
        (key(unread), 1, None, None),
    ]


def test_the_timeline_of_a_task(store: Store) -> None:
    task = Log().task()
    records = task.facts(submitted(), claimed(), started())
    records += task.steps(step(1, ai_used="claude", model="m", cost=0.25, url="https://x/"))
    task.seconds = 9
    read(store, records + task.facts(completed()) + task.steps(cost(0.5)))
    asked = "happened_at, kind, what, result, who, version, step_number, seconds_since_submission"
    found = rows(store, f"SELECT {asked} FROM v_task_timeline ORDER BY happened_at, version, step_number")

    assert found == [
        (t(1), "fact", "task.submitted", None, "", 1, None, 0.0),
        (t(2), "fact", "task.claimed", None, "", 2, None, 1.0),
        (t(3), "fact", "task.started", None, "", 3, None, 2.0),
        (t(3), "step", "click 1", "success", "w1", None, 1, 2.0),
        (t(10), "fact", "task.completed", None, "", 4, None, 9.0),
        (t(10), "cost", "claude", None, "w1", None, None, 9.0),
    ]
    details = [json.loads(row[0]) for row in rows(store, "SELECT details FROM v_task_timeline ORDER BY kind, version")]
    assert details[0] == {"model": None, "input_tokens": 0, "output_tokens": 0, "cost": 0.5}
    assert details[1]["goal"] == "Register Eden"
    assert (details[-1]["cost"], details[-1]["ai_used"], details[-1]["error_type"]) == (0.25, "claude", None)


def test_recoveries_with_their_outcome(store: Store) -> None:
    task = Log().task()
    held = TaskRecovered(lease_epoch=1, attempt_number=1, lease_until=at(99))
    read(store, task.facts(submitted(), claimed(), started(), IN_THE_OPEN_PAGE, held, COVERED))
    found = rows(store, "SELECT number, was_successful, planned_at, decided_at FROM v_recoveries ORDER BY number")

    assert found == [(1, True, t(4), t(5)), (2, None, t(6), None)]


def test_escalations_with_what_was_done(store: Store) -> None:
    log = Log()
    again, past_the_desk, open_one = log.task(), log.task(), log.task()
    retried = EscalationResolved(operator="ada", resolution="retry", note="try", hints="use the menu")
    read(store, again.facts(submitted(priority=9, queue="swim"), claimed(), started(), STUCK))
    read(store, again.facts(EscalationClaimed(operator="ada"), retried, claimed(2), started(2), STUCK))
    read(store, past_the_desk.facts(submitted(), claimed(), started(), STUCK, TaskCancelled(reason="too late")))
    read(store, open_one.facts(submitted(), claimed(), started(), STUCK, EscalationClaimed(operator="bo")))
    asked = "task_id, number, queue, escalated_at, taken_on_at, operator, resolution, note, hints, resolved_at"
    found = rows(store, f"SELECT {asked}, is_open, open_seconds FROM v_escalations ORDER BY task_id, number")

    assert found == [
        (key(again), 1, "swim", t(4), t(5), "ada", "retry", "try", "use the menu", t(6), False, 2.0),
        (key(again), 2, "swim", t(9), None, None, None, None, None, None, True, None),
        (key(past_the_desk), 1, "default", t(4), None, None, "cancel", "too late", "", t(5), False, 1.0),
        (key(open_one), 1, "default", t(4), t(5), "bo", None, None, None, None, True, None),
    ]


def test_the_queue_in_its_order(store: Store) -> None:
    log = Log()
    late, soon, urgent, recovering, elsewhere, held = (log.task() for _ in range(6))
    read(store, late.facts(submitted(not_before=at(50))) + soon.facts(submitted()))
    read(store, urgent.facts(submitted(priority=9)) + recovering.facts(submitted(), claimed(), started(), COVERED))
    read(
        store,
        elsewhere.facts(submitted(queue="swim")) + held.facts(submitted(), claimed(), started(), IN_THE_OPEN_PAGE),
    )
    pause = DispatchEnvelope(
        event_id=uuid4().hex,
        subject="swim",
        version=1,
        command_offset=0,
        recorded_at=at(0),
        causation_id="c",
        event=QueuePaused(reason="repairs"),
    )
    read(store, [log.append(TOPICS.queue_events, 0, pause)])
    asked = "queue, place, task_id, status, due_at, queue_paused"
    found = rows(store, f"SELECT {asked} FROM v_queue ORDER BY queue, place")

    assert found == [
        ("default", 1, key(urgent), "PENDING", t(1), False),
        ("default", 2, key(soon), "PENDING", t(1), False),
        ("default", 3, key(late), "PENDING", t(50), False),
        ("default", 4, key(recovering), "RECOVERY", t(60), False),
        ("swim", 1, key(elsewhere), "PENDING", t(1), True),
    ]
    assert rows(store, "SELECT bool_and(waiting_seconds >= 0) FROM v_queue") == [(True,)]
    counted = rows(
        store, "SELECT queue, waiting, held, paused_tasks, escalated, queue_paused, pause_reason FROM v_queues"
    )
    assert sorted(counted) == [("default", 4, 1, 0, 0, False, None), ("swim", 1, 0, 0, 0, True, "repairs")]


def test_dead_letters_with_the_last_thing_done(store: Store) -> None:
    log = Log()
    letters = [log.dead_letter(reason) for reason in ("open", "redriven", "both")]
    named = [f"{letter.place.topic}:{letter.place.partition}:{letter.offset}" for letter in letters]
    acts = [
        DeadLetterRedriven(letter=named[1], by="ada", redriven_to="t:0:1", recorded_at=at(5)),
        DeadLetterRedriven(letter=named[2], by="ada", redriven_to="t:0:2", recorded_at=at(6)),
        DeadLetterDiscarded(letter=named[2], by="bo", note="noise", recorded_at=at(7)),
    ]
    read(store, letters + [log.append(TOPICS.dead_letters, 1, act) for act in acts])
    asked = "reason, state, operator, note, redriven_to, acted_at"
    found = rows(store, f"SELECT {asked} FROM v_dead_letters ORDER BY letter")

    assert found == [
        ("open", "open", None, None, None, None),
        ("redriven", "redriven", "ada", "", "t:0:1", t(5)),
        ("both", "discarded", "bo", "noise", None, t(7)),
    ]
