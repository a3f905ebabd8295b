"""What a runner that takes over makes of the steps before it."""

from datetime import UTC, datetime

from events.envelope import StepEnvelope
from events.failure import ErrorType
from events.steps import Artifact, CheckpointSaved, CostReported, StepExecuted, StepFact, StepIntended
from runner.history import Earlier, permitted_again, read_history


def fact(event: StepFact, epoch: int = 1) -> StepEnvelope:
    return StepEnvelope(
        event_id="e", task_id="t", worker="w", lease_epoch=epoch, recorded_at=datetime.now(UTC), event=event
    )


def executed(number: int, **fields: object) -> StepExecuted:
    return StepExecuted.model_validate(
        {"step_number": number, "action": f"act {number}", "result": "success", **fields}
    )


def test_nothing_was_done() -> None:
    assert read_history([]) == Earlier()


def test_reversible_steps_only_move_the_number_on() -> None:
    earlier = read_history(
        [fact(executed(1)), fact(executed(2, result="error")), fact(CostReported(cost=1, ai_provider="x"))]
    )
    assert earlier == Earlier(last_step=2)
    assert not earlier.must_verify


def test_an_intent_without_its_step_may_have_happened() -> None:
    earlier = read_history([fact(executed(1)), fact(StepIntended(step_number=2, action="click Pay"))])
    assert earlier == Earlier(last_step=2, irreversible="click Pay", certain=False)
    assert earlier.must_verify


def test_a_step_of_another_epoch_does_not_settle_an_intent() -> None:
    facts = [fact(StepIntended(step_number=2, action="click Pay"), 1), fact(executed(2), 2)]
    assert read_history(facts).irreversible == "click Pay"


def test_an_irreversible_step_that_succeeded_is_certain() -> None:
    facts = [fact(StepIntended(step_number=1, action="click Pay")), fact(executed(1, irreversible=True))]
    assert read_history(facts) == Earlier(last_step=1, irreversible="act 1", certain=True, acts=1)


def test_an_irreversible_step_that_failed_is_not() -> None:
    facts = [fact(executed(1, irreversible=True)), fact(executed(2, irreversible=True, result="error"))]
    assert read_history(facts) == Earlier(last_step=2, irreversible="act 2", certain=False, acts=2)


def test_an_intent_that_was_surely_not_carried_out_forbids_nothing() -> None:
    facts = [fact(StepIntended(step_number=1, action="click Pay")), fact(executed(1, result="error"))]
    assert not read_history(facts).must_verify


def test_a_human_who_said_retry_permits_the_act_again() -> None:
    earlier = Earlier(4, "click Pay")
    assert permitted_again(earlier, ErrorType.UNCONFIRMED) == Earlier(4)
    assert permitted_again(earlier, ErrorType.RUNNER_LOST) == earlier
    assert permitted_again(earlier, None) == earlier


def saved(number: int, *, acts: int = 0) -> CheckpointSaved:
    artifact = Artifact(kind="storage_state", sha256=f"{number:064}", media_type="x", size_bytes=1)
    return CheckpointSaved(step_number=number, url="http://x/", artifact=artifact, acts=acts)


def test_the_newest_checkpoint_is_where_to_go_on() -> None:
    earlier = read_history([fact(saved(1)), fact(executed(2)), fact(saved(2)), fact(executed(3, result="error"))])
    assert earlier == Earlier(last_step=3, checkpoint=f"{2:064}", failed_since=True)
    assert not earlier.must_verify


def test_a_checkpoint_behind_a_certain_act_covers_it() -> None:
    act = [fact(StepIntended(step_number=1, action="click Pay")), fact(executed(1, irreversible=True))]
    assert read_history([*act, fact(saved(1, acts=1))]).covered
    assert not read_history([fact(saved(0)), *act]).covered
    assert not read_history([*act, fact(saved(1, acts=1)), fact(StepIntended(step_number=2, action="again"))]).covered
    failed = fact(executed(1, irreversible=True, result="error"))
    assert not read_history([failed, fact(saved(1, acts=1))]).covered


def test_a_late_checkpoint_of_a_replaced_runner_covers_nothing_it_did_not_know_of() -> None:
    act = fact(executed(5, irreversible=True), 2)
    assert not read_history([act, fact(saved(4), 1)]).covered
    assert not read_history([fact(executed(4, irreversible=True), 1), act, fact(saved(5, acts=1), 2)]).covered


def test_the_word_of_a_human_does_not_outlive_the_attempt_it_was_said_for() -> None:
    gone_on = Earlier(6, "click Pay", certain=True, checkpoint="c", covered=True, acts=1)
    assert permitted_again(gone_on, ErrorType.UNCONFIRMED) == gone_on
    failed = Earlier(7, "click Pay", certain=True, checkpoint="c", covered=True, failed_since=True, acts=1)
    assert permitted_again(failed, ErrorType.UNCONFIRMED) == Earlier(7, acts=1)
