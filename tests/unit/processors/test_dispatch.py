"""Who gets which task next, read from facts."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from datetime import timedelta

import pytest

from events import facts as f
from events.facts import UnknownFact
from events.failure import ErrorType
from events.queues import Ceilings
from processors.queues import Rules
from tests.given import CLAIMED, DIRECTED, ESCALATED, NOW, PLANNED, SECOND, STARTED, SUBMITTED
from tests.unit.processors.desk import MINUTE, Desk


@pytest.fixture
def desk() -> Desk:
    return Desk()


def decided_up_to(offset: int) -> Callable[[int], int]:
    """The lifecycle group's committed offset: of the command that comes next."""
    return lambda _partition: offset + 1


def test_the_most_urgent_goes_first_then_the_oldest(desk: Desk) -> None:
    desk.submitted("young", NOW + 2 * SECOND)
    desk.submitted("old", NOW)
    desk.submitted("urgent", NOW + 3 * SECOND, priority=10)
    desk.submitted("idle", NOW, priority=1)
    desk.worker(capacity=9)

    assert desk.order() == ["urgent", "old", "young", "idle"]


def test_waiting_counts_like_priority(desk: Desk) -> None:
    desk.submitted("patient", NOW, priority=5)
    desk.submitted("pushy", NOW + 59 * SECOND, priority=6)
    desk.submitted("late", NOW + 61 * SECOND, priority=6)
    desk.worker(capacity=9)

    assert desk.order() == ["pushy", "patient", "late"]


def test_nobody_gets_more_than_fits(desk: Desk) -> None:
    for number in range(5):
        desk.submitted(f"t{number}", NOW + number * SECOND)
    desk.worker("w1", 2)
    desk.worker("w2", 1)

    assert sorted(worker for _, worker in desk.granted()) == ["w1", "w1", "w2"]
    assert desk.granted() == []
    assert desk.book.waiting_count() == 5


def test_slots_stay_taken_until_the_log_shows_them_free(desk: Desk) -> None:
    desk.submitted("a")
    desk.submitted("b", NOW + SECOND)
    desk.worker()
    assert desk.granted() == [("a", "w1")]
    desk.happens("a", CLAIMED)
    assert desk.granted() == []
    desk.happens("a", STARTED, f.TaskCompleted(lease_epoch=1))

    assert desk.granted() == [("b", "w1")]


def test_work_goes_to_who_has_most_room(desk: Desk) -> None:
    desk.submitted("a")
    desk.submitted("b", NOW + SECOND)
    desk.worker("w1", 3)
    desk.worker("w9", 1)

    assert desk.granted() == [("a", "w1"), ("b", "w1")]


def test_a_draining_worker_gets_nothing(desk: Desk) -> None:
    desk.submitted("a")
    desk.worker(capacity=0)
    assert desk.granted() == []


def test_a_task_goes_only_to_who_serves_its_queue(desk: Desk) -> None:
    desk.submitted("a", queue="slow", priority=9)
    desk.submitted("b")
    desk.worker("w1", 5)
    assert desk.granted() == [("b", "w1")]
    desk.worker("w2", 5, "slow", "default")
    assert desk.granted() == [("a", "w2")]


def test_a_silent_worker_gets_nothing_until_it_speaks_again(desk: Desk) -> None:
    desk.submitted("a")
    desk.worker()
    assert desk.granted(NOW + 16 * SECOND) == []
    desk.worker(at=NOW + 17 * SECOND)
    assert desk.granted(NOW + 18 * SECOND) == [("a", "w1")]


def test_a_silent_worker_is_not_forgotten_while_it_holds_a_task(desk: Desk) -> None:
    desk.submitted("a")
    desk.worker()
    desk.granted()
    desk.happens("a", CLAIMED)
    desk.worker("w0")

    desk.book.plan(NOW + 59 * MINUTE)
    assert set(desk.book.workers) == {"w0", "w1"}
    desk.book.plan(NOW + 61 * MINUTE)

    assert set(desk.book.workers) == {"w1"}


def test_a_granted_task_is_not_granted_twice(desk: Desk) -> None:
    desk.submitted("a")
    desk.worker(capacity=2)
    assert desk.granted() == [("a", "w1")]
    assert desk.granted() == []


def test_a_claim_that_was_refused_lets_the_task_wait_again(desk: Desk) -> None:
    desk.submitted("a")
    desk.worker()
    desk.granted(offset=5)
    assert desk.book.settle(decided_up_to(4)) == 0
    assert desk.granted() == []
    assert desk.book.settle(decided_up_to(5)) == 1
    assert desk.granted() == [("a", "w1")]


def test_a_claim_that_is_not_delivered_yet_is_not_settled(desk: Desk) -> None:
    desk.submitted("a")
    desk.worker()
    desk.granted(offset=None)
    assert desk.book.settle(decided_up_to(1_000)) == 0


def test_a_grant_recorded_after_its_fact_was_seen_takes_no_slot(desk: Desk) -> None:
    desk.submitted("a")
    desk.worker()
    ((task_id, _),) = desk.book.plan(NOW)
    desk.happens("a", CLAIMED)

    desk.book.sent(task_id, 0, 5)

    assert not desk.book.grants


def test_a_new_term_forgets_all_grants(desk: Desk) -> None:
    desk.submitted("a")
    desk.submitted("b", NOW + SECOND)
    desk.worker(capacity=2)
    desk.granted(offset=None)

    desk.book.void_grants()

    assert desk.granted() == [("a", "w1"), ("b", "w1")]


def test_a_task_waits_for_its_moment(desk: Desk) -> None:
    desk.submitted("a", not_before=NOW + 10 * SECOND)
    desk.worker()
    assert desk.book.next_ripe() == NOW + 10 * SECOND
    assert desk.granted(NOW + 9 * SECOND) == []
    assert desk.granted(NOW + 11 * SECOND) == [("a", "w1")]


def test_a_failed_attempt_frees_the_slot_and_waits_for_its_retry(desk: Desk) -> None:
    desk.submitted("a")
    desk.worker()
    desk.granted()
    desk.happens("a", CLAIMED, STARTED, PLANNED)
    assert desk.granted(PLANNED.retry_at - SECOND) == []
    assert desk.granted(PLANNED.retry_at + SECOND) == [("a", "w1")]


def test_a_recovery_in_the_open_page_keeps_its_slot(desk: Desk) -> None:
    desk.submitted("a")
    desk.submitted("b", NOW + SECOND)
    desk.worker()
    desk.granted()
    desk.happens("a", CLAIMED, STARTED, DIRECTED)
    assert desk.granted(NOW + 10 * SECOND) == []


@pytest.mark.parametrize(
    "events",
    [
        (CLAIMED, f.TaskReleased(lease_epoch=1)),
        (f.TaskPaused(), f.TaskResumed()),
        (CLAIMED, STARTED, ESCALATED, f.EscalationResolved(operator="ada", resolution="retry")),
    ],
)
def test_what_waits_again_is_given_out_again(desk: Desk, events: tuple[f.TaskFact, ...]) -> None:
    desk.submitted("a")
    desk.worker()
    desk.granted()
    desk.happens("a", *events)
    assert not desk.book.held
    assert desk.granted() == [("a", "w1")]


@pytest.mark.parametrize("event", [f.TaskPaused(), ESCALATED, f.TaskCancelled()])
def test_what_rests_is_not_given_out(desk: Desk, event: f.TaskFact) -> None:
    desk.submitted("a")
    desk.worker()
    desk.happens("a", event)
    assert desk.granted() == []
    assert desk.book.waiting_count() == 0


def test_late_facts_of_a_replaced_writer_are_ignored(desk: Desk) -> None:
    desk.submitted("a")
    late = desk.fact("a", f.TaskCancelled())
    desk.happens("a", CLAIMED)
    assert not desk.book.take(late)
    assert not desk.book.take(late.model_copy(update={"version": 3}))
    assert desk.book.held == {"w1": 1}


def test_a_finished_task_is_never_revived(desk: Desk) -> None:
    first = desk.fact("a", SUBMITTED)
    desk.submitted("a")
    desk.happens("a", f.TaskCancelled())
    desk.worker()
    assert not desk.book.take(first)
    assert desk.granted() == []


def test_finished_tasks_are_forgotten_in_the_end(desk: Desk) -> None:
    desk.submitted("a")
    desk.happens("a", f.TaskCancelled())
    desk.submitted("b")
    desk.happens("b", f.TaskCancelled(), at=NOW + timedelta(days=8))
    assert list(desk.book.over) == ["b"]


def test_a_fact_of_an_unknown_type_moves_the_chain(desk: Desk) -> None:
    desk.submitted("a")
    desk.happens("a", UnknownFact(type="task.blessed"), CLAIMED)
    assert desk.book.held == {"w1": 1}


def test_a_worker_that_lost_a_lease_gets_nothing_until_it_is_heard_again() -> None:
    desk = Desk()
    desk.worker("w1", 1)
    desk.submitted("t1")
    assert desk.granted() == [("t1", "w1")]
    lost = PLANNED.model_copy(update={"error_type": ErrorType.RUNNER_LOST, "retry_at": NOW})
    desk.happens("t1", CLAIMED.model_copy(update={"worker": "w1"}), lost, at=NOW + 3 * SECOND)

    assert desk.granted(NOW + 4 * SECOND) == []

    desk.worker("w1", 1, at=NOW + 2 * SECOND)  # an older word, read late
    assert desk.granted(NOW + 4 * SECOND) == []

    desk.worker("w1", 1, at=NOW + 4 * SECOND)
    assert desk.granted(NOW + 5 * SECOND) == [("t1", "w1")]


def test_a_saved_book_comes_back_with_all_that_facts_say(desk: Desk) -> None:
    for number in range(4):
        desk.submitted(f"t{number}", NOW + number * SECOND)
    desk.submitted("later", not_before=NOW + 10 * SECOND)
    desk.worker(capacity=2)
    desk.granted()
    desk.happens("t0", CLAIMED)

    desk.book = pickle.loads(pickle.dumps(desk.book))

    assert (desk.book.held, desk.book.grants) == ({"w1": 1}, {})
    assert desk.book.waiting.occupancy.in_queue == {"default": 1}
    desk.happens("t0", STARTED, f.TaskCompleted(lease_epoch=1))
    desk.worker(capacity=9)
    assert desk.order() == ["t1", "t2", "t3"]
    desk.worker(capacity=9, at=NOW + 11 * SECOND)
    assert desk.order(NOW + 11 * SECOND) == ["later"]


def test_a_drained_worker_gets_nothing_and_is_forgotten_once_it_is_long_dead(desk: Desk) -> None:
    desk.submitted("a")
    desk.worker("w1")
    desk.book.obey(Rules(set(), {}, {"w1": NOW}), Ceilings())
    assert desk.granted() == []
    desk.book.plan(NOW + 61 * MINUTE)
    assert not desk.book.drained


def test_a_held_task_counts_under_its_ceilings_until_it_is_given_back(desk: Desk) -> None:
    desk.book.obey(Rules(set(), {}, {}), Ceilings(per_site=1))
    desk.submitted("a")
    desk.submitted("b", NOW + SECOND)
    desk.worker(capacity=5)
    assert desk.granted() == [("a", "w1")]
    desk.happens("a", CLAIMED)
    desk.happens("a", STARTED, DIRECTED)
    assert desk.granted() == []

    desk.happens("a", PLANNED)

    assert desk.granted() == [("b", "w1")]
