"""What runs out when: expiry of what never began, and nothing else of what did."""

from datetime import timedelta

from events import commands as c
from events.facts import TaskFailed, TaskPaused, TaskReleased, TaskResumed
from events.failure import ErrorType
from tests.given import CLAIMED, NOW, PLANNED, SECOND, STARTED, SUBMITTED, given

BY = NOW + timedelta(seconds=30)
BRIEF = SUBMITTED.model_copy(update={"expires_at": BY})
BACK = TaskReleased(lease_epoch=1)


def test_what_was_not_started_in_time_fails_as_expired() -> None:
    given(BRIEF).when(c.CheckDeadlines(), BY - SECOND).then_nothing()
    fact = given(BRIEF).when(c.CheckDeadlines(), BY).then(TaskFailed)
    assert isinstance(fact, TaskFailed)
    assert fact.error_type is ErrorType.EXPIRED


def test_a_claim_that_was_given_back_is_no_start() -> None:
    given(BRIEF, CLAIMED, BACK).when(c.CheckDeadlines(), BY).then(TaskFailed)
    given(BRIEF, CLAIMED, BACK).when(c.ClaimTask(worker="w2"), BY).then_rejected("not_due")


def test_a_claim_whose_runner_died_before_it_began_is_no_start() -> None:
    lost = PLANNED.model_copy(update={"error_type": ErrorType.RUNNER_LOST, "retry_at": NOW})
    given(BRIEF, CLAIMED, lost).when(c.CheckDeadlines(), BY - SECOND).then_nothing()
    given(BRIEF, CLAIMED, lost).when(c.CheckDeadlines(), BY).then(TaskFailed)
    given(BRIEF, CLAIMED, lost).when(c.ClaimTask(worker="w2"), BY).then_rejected("not_due")


def test_what_was_started_once_does_not_expire_any_more() -> None:
    started = (BRIEF, CLAIMED, STARTED)
    for history in ((*started, BACK), (*started, PLANNED), (*started, TaskPaused(), TaskResumed())):
        given(*history).when(c.CheckDeadlines(), BY).then_nothing()
        assert given(*history).when(c.ClaimTask(worker="w2"), BY).fact is not None


def test_a_task_that_rests_expires_once_it_is_resumed() -> None:
    given(BRIEF, TaskPaused()).when(c.CheckDeadlines(), BY).then_nothing()
    given(BRIEF, TaskPaused(), TaskResumed()).when(c.CheckDeadlines(), BY).then(TaskFailed)
