"""A batch of commands: what is decided, what is only answered again, and what ends as a dead letter."""

from __future__ import annotations

import base64
import json
from dataclasses import replace

import pytest

from events import codec
from events import commands as c
from events.codec import decode_fact
from events.task import Status, status_of
from events.worker import Assignment, LeaseEnded, StartConfirmed
from processors.batch import Batch, Deciding
from processors.decider import decide
from processors.due import AGAIN
from processors.fold import PartitionFold
from processors.policy import Policy
from tests.given import NOW, POLICY, SECOND
from tests.unit.processors.commands import PARTITION, SUBMIT, TOPICS, A, B, C, deciding, home, raw

FACT = f"{TOPICS.task_events}:{PARTITION}"


def said(batch: Batch) -> list[tuple[str, str | None, str | None]]:
    return [(outcome.result, outcome.code, outcome.fact) for outcome in batch.outcomes]


def refold(*batches: Batch) -> PartitionFold:
    """What a restart reads from the facts that were written."""
    fold = PartitionFold(PARTITION)
    for offset, (_, body) in enumerate(fact for batch in batches for fact in batch.facts):
        fold.apply(decode_fact(body), offset)
    return fold


def test_commands_become_chained_facts_and_answers() -> None:
    batch = deciding().decide_all([raw(0, A, SUBMIT), raw(1, A, c.PauseTask()), raw(2, B, SUBMIT)])

    facts = [decode_fact(body) for _, body in batch.facts]
    assert [(fact.task_id, fact.version, fact.follows, fact.event.type) for fact in facts] == [
        (A, 1, None, "task.submitted"),
        (A, 2, "e1", "task.paused"),
        (B, 1, None, "task.submitted"),
    ]
    assert [fact.command_offset for fact in facts] == [0, 1, 2]
    assert facts[0].recorded_at == NOW
    assert (facts[0].causation_id, facts[0].caused_by) == ("command-0", "test")
    assert said(batch) == [("accepted", None, f"{FACT}:{offset}") for offset in range(3)]
    assert [outcome.status for outcome in batch.outcomes] == ["PENDING", "PAUSED", "PENDING"]


def test_refusals_and_what_is_already_true_are_answered_and_write_nothing() -> None:
    batch = deciding().decide_all([raw(0, A, SUBMIT), raw(1, A, c.ResumeTask()), raw(2, B, c.PauseTask())])

    assert len(batch.facts) == 1
    assert said(batch)[1:] == [("already_true", None, None), ("refused", "unknown_task", None)]
    assert batch.outcomes[2].status is None


def test_nobody_is_answered_who_did_not_ask() -> None:
    silent = raw(0, A, SUBMIT)
    assert silent.value is not None
    batch = deciding().decide_all([replace(silent, value=silent.value.replace(b'"reply":true', b'"reply":false'))])

    assert len(batch.facts) == 1
    assert not batch.outcomes


def test_a_command_delivered_again_is_not_decided_again_but_answered() -> None:
    first = deciding().decide_all([raw(0, A, SUBMIT), raw(1, A, c.PauseTask())])

    again = deciding(refold(first)).decide_all([raw(0, A, SUBMIT), raw(1, A, c.PauseTask())])

    assert not again.facts
    assert said(again) == said(first)


def test_what_led_to_no_fact_is_answered_from_the_state_as_it_is() -> None:
    log = [raw(0, A, SUBMIT), raw(1, A, c.ResumeTask()), raw(2, B, c.PauseTask()), raw(3, A, c.PauseTask())]
    first = deciding().decide_all(log)

    again = deciding(refold(first)).decide_all(log)

    assert not again.facts
    assert said(again)[1:3] == [("refused", "try_again", None), ("refused", "unknown_task", None)]


def test_a_clients_repeat_is_answered_with_the_first_fact() -> None:
    decider = deciding()
    decider.decide_all([raw(0, A, SUBMIT), raw(1, A, c.PauseTask(), "pause-it")])
    decider.decide_all([raw(2, A, c.ResumeTask())])

    repeat = decider.decide_all([raw(3, A, c.PauseTask(), "pause-it")])

    assert not repeat.facts
    assert said(repeat) == [("accepted", None, f"{FACT}:1")]
    assert status_of(decider.fold.entry(A).stream.task) is Status.PENDING


def keyed(body: str, by: str = "ada") -> c.SubmitTask:
    return SUBMIT.model_copy(update={"idempotency_key": "k1", "body_hash": body, "submitted_by": by})


def test_an_idempotency_key_used_again_means_the_first_task() -> None:
    decider = deciding()
    decider.decide_all([raw(0, A, keyed("hash"))])

    repeat = decider.decide_all([raw(1, B, keyed("hash"))])

    assert not repeat.facts
    assert said(repeat) == [("accepted", None, f"{FACT}:0")]
    assert repeat.outcomes[0].task_id == A


def test_an_idempotency_key_with_another_body_is_a_conflict_and_anothers_key_is_not() -> None:
    decider = deciding()
    decider.decide_all([raw(0, A, keyed("hash"))])

    batch = decider.decide_all([raw(1, B, keyed("other")), raw(2, C, keyed("other", by="bob"))])

    assert said(batch) == [("refused", "conflict", f"{FACT}:0"), ("accepted", None, f"{FACT}:1")]


def test_an_idempotency_key_is_kept_over_a_restart_and_forgotten_with_its_task() -> None:
    first = deciding().decide_all([raw(0, A, keyed("hash")), raw(1, A, c.CancelTask())])
    fold = refold(first)
    assert not deciding(fold).decide_all([raw(2, B, keyed("hash"))]).facts

    fold.forget(NOW + POLICY.remember + SECOND, POLICY.remember)

    assert not fold.keys
    assert A not in fold.entries


@pytest.mark.parametrize(
    ("task_id", "at"),
    [
        ("no-uuid", NOW),
        (A.upper(), NOW),
        ("0193a1b2-0000-4000-8000-000000000000", NOW),
        (A, NOW + POLICY.remember + SECOND),
        (A, NOW - POLICY.id_lead - SECOND),
    ],
)
def test_ids_that_might_be_forgotten_are_not_taken(task_id: str, at: object) -> None:
    decider = Deciding(PartitionFold(home(task_id)), Policy(), TOPICS)
    batch = decider.decide_all([raw(0, task_id, SUBMIT, at=at)])  # type: ignore[arg-type] # parametrised

    assert said(batch) == [("refused", "invalid_id", None)]


def elsewhere() -> str:
    return next(key for key in map(str, range(100)) if home(key) != PARTITION)


GOOD = raw(1, A, SUBMIT)
assert GOOD.value is not None
POISON = {
    "broken bytes": replace(GOOD, value=b"\xff{"),
    "nothing": replace(GOOD, value=None),
    "an unknown command": replace(GOOD, value=GOOD.value.replace(b"submit_task", b"teleport_it")),
    "no key": replace(GOOD, key=None),
    "another task's key": replace(GOOD, key=B.encode()),
    "a key that is no text": replace(GOOD, key=b"\xff"),
    "another partition": raw(1, elsewhere(), SUBMIT),
}


@pytest.mark.parametrize("kind", POISON)
def test_a_poisonous_command_becomes_one_dead_letter_and_the_others_go_on(kind: str) -> None:
    batch = deciding().decide_all([raw(0, B, SUBMIT), POISON[kind], raw(2, C, SUBMIT)])

    assert [task_id for task_id, _ in batch.facts] == [B, C]
    ((key, letter),) = batch.dead
    assert key == POISON[kind].key
    assert (letter.topic, letter.partition, letter.offset) == (TOPICS.task_commands, PARTITION, 1)
    assert letter.error == "UndecodableRecord"
    kept = letter.value_base64
    assert (None if kept is None else base64.b64decode(kept)) == (POISON[kind].value)


def test_a_fact_too_large_is_a_dead_letter_and_leaves_the_state_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    commands = [raw(0, A, SUBMIT), raw(1, B, SUBMIT.model_copy(update={"goal": "x" * 5_000})), raw(2, A, c.PauseTask())]
    monkeypatch.setattr(codec, "MAX_BODY_BYTES", 4_000)
    decider = deciding()

    batch = decider.decide_all(commands)

    assert [decode_fact(body).version for _, body in batch.facts] == [1, 2]
    assert [letter.error for _, letter in batch.dead] == ["BodyTooLarge"]
    assert said(batch)[1] == ("refused", "undeliverable", None)
    assert B not in decider.fold.entries


def test_a_fault_of_ours_is_a_dead_letter_and_the_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def faulty(*given: object) -> object:
        if isinstance(given[1], c.PauseTask):
            raise ZeroDivisionError
        return decide(*given)  # type: ignore[arg-type] # handed on as they came

    monkeypatch.setattr("processors.batch.decide", faulty)
    batch = deciding().decide_all([raw(0, A, SUBMIT), raw(1, A, c.PauseTask()), raw(2, A, c.CancelTask())])

    assert [decode_fact(body).event.type for _, body in batch.facts] == ["task.submitted", "task.cancelled"]
    assert [letter.error for _, letter in batch.dead] == ["ZeroDivisionError"]
    assert "could not be processed" in (batch.outcomes[1].reason or "")


def test_the_worker_hears_what_was_decided_again_after_a_restart() -> None:
    held = {"worker": "w1", "lease_epoch": 1}
    log = [raw(0, A, SUBMIT), raw(1, A, c.ClaimTask(worker="w1")), raw(2, A, c.StartTask(**held))]
    first = deciding().decide_all(log)
    assert [type(message.message) for message in first.inbox] == [Assignment, StartConfirmed]

    again = deciding(refold(first)).decide_all(log)

    assert again.inbox[-1] == first.inbox[-1]
    stale = deciding(refold(first)).decide_all([raw(3, A, c.RenewLease(worker="w0", lease_epoch=1))])
    assert isinstance(stale.inbox[0].message, LeaseEnded)
    assert stale.inbox[0].worker == "w0"


def test_a_task_is_due_until_a_fact_moves_its_deadline() -> None:
    decider = deciding()
    decider.decide_all([raw(0, A, SUBMIT), raw(1, A, c.ClaimTask(worker="w1"))])
    late = NOW + POLICY.lease
    assert decider.fold.due(late - SECOND, 10) == []
    assert decider.fold.due(late, 10) == [A]
    assert decider.fold.due(late, 10) == [], "its check is under way"
    assert decider.fold.due(late + AGAIN, 10) == [A]

    decider.decide_all([raw(2, A, c.CheckDeadlines(), at=late)])

    assert decider.fold.due(late + 2 * AGAIN, 10) == []


def test_a_late_writer_leaves_undecided_only_what_the_log_does_not_hold() -> None:
    """W1 decided 44, 45 of A and 46 of B, but W2 wrote its own fact of 44 first."""
    before = deciding().decide_all([raw(42, A, SUBMIT), raw(43, B, SUBMIT)])
    log = [raw(44, A, c.PauseTask()), raw(45, A, c.CancelTask()), raw(46, B, c.PauseTask())]
    late = deciding(refold(before), "w1-").decide_all(log)
    winner = deciding(refold(before), "w2-").decide_all(log[:1])
    fold = refold(before, winner, late)

    assert fold.strays == 2
    assert [fold.is_decided(offset) for offset in (44, 45, 46, 47)] == [True, False, True, False]

    redelivered = deciding(fold, "w3-").decide_all(log)

    assert [json.loads(body)["command_offset"] for _, body in redelivered.facts] == [45]
    assert said(redelivered)[1][0] == "accepted"
    assert status_of(fold.entry(A).stream.task) is Status.CANCELLED
    assert fold.is_decided(45)
