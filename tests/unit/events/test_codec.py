"""Bytes to records and back, and what is said of bytes that are none."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from events import codec, facts, steps, upcast
from events.chain import EMPTY, follows, take
from events.codec import STEP_FACT_TYPES, TASK_FACT_TYPES, decode, decode_command, decode_fact, decode_step, encode
from events.commands import CancelTask, CommandEnvelope, ResumeTask
from events.envelope import SCHEMA_VERSION, Envelope, StepEnvelope, UnknownEnvelope, UnknownStepEnvelope
from events.errors import BodyTooLarge, NewerSchema, UndecodableRecord
from events.outcome import Outcome
from events.partitioner import murmur2, partition_of
from events.task import Status, status_of
from tests.given import CLAIMED, ESCALATED, NOW, PLANNED, STARTED, SUBMITTED


def envelope(event: facts.TaskFact, version: int = 1, follows: str | None = None) -> Envelope:
    return Envelope(
        event_id=f"e{version}",
        follows=follows,
        task_id="t1",
        version=version,
        command_offset=version,
        recorded_at=NOW,
        causation_id="command-1",
        event=event,
    )


def altered(record: Envelope | StepEnvelope, **changes: object) -> bytes:
    return json.dumps({**json.loads(encode(record)), **changes}).encode()


STEP = StepEnvelope(
    event_id="s1",
    task_id="t1",
    worker="w1",
    lease_epoch=1,
    recorded_at=NOW,
    event=steps.CostReported(cost=0.001, ai_provider="ollama"),
)


@pytest.mark.parametrize("event", [SUBMITTED, CLAIMED, STARTED, PLANNED, ESCALATED, facts.TaskCancelled()])
def test_a_fact_comes_back_as_it_was(event: facts.TaskFact) -> None:
    assert decode_fact(encode(envelope(event))) == envelope(event)


def test_steps_commands_and_outcomes_come_back_as_they_were() -> None:
    command = CommandEnvelope(command_id="command-1", task_id="t1", issued_at=NOW, command=CancelTask(reason="no"))
    outcome = Outcome(command_id="command-1", task_id="t1", result="accepted", status=Status.PENDING, decided_at=NOW)

    assert decode_step(encode(STEP)) == STEP
    assert decode_command(encode(command)) == command
    assert decode(Outcome, encode(outcome)) == outcome


def test_moments_keep_their_instant_in_whatever_zone_they_were_written() -> None:
    raw = altered(envelope(facts.TaskResumed()), recorded_at="2026-11-23T14:00:00+02:00")
    assert decode_fact(raw).recorded_at == datetime(2026, 11, 23, 12, tzinfo=UTC)


def test_a_field_that_a_newer_version_added_is_let_pass() -> None:
    raw = altered(envelope(facts.TaskResumed()), mood="good", event={"type": "task.resumed", "by": "ada"})
    assert decode_fact(raw) == envelope(facts.TaskResumed())


def test_a_fact_of_an_unknown_type_moves_the_chain_and_changes_nothing() -> None:
    stream = take(EMPTY, envelope(SUBMITTED))
    raw = altered(envelope(facts.TaskResumed(), 2, "e1"), event={"type": "task.teleported", "to": "Mars"})

    strange = decode_fact(raw)

    assert isinstance(strange, UnknownEnvelope)
    assert strange.event.type == "task.teleported"
    assert follows(stream, strange)
    after = take(stream, strange)
    assert (after.version, after.last_event, after.task) == (2, "e2", stream.task)
    assert status_of(take(after, envelope(CLAIMED, 3, "e2")).task) is Status.CLAIMED


def test_a_step_of_an_unknown_type_is_known_to_be_one() -> None:
    assert isinstance(decode_step(altered(STEP, event={"type": "step.dreamt"})), UnknownStepEnvelope)


def test_a_newer_schema_says_to_update() -> None:
    with pytest.raises(NewerSchema, match="update"):
        decode_fact(altered(envelope(SUBMITTED), schema_version=SCHEMA_VERSION + 1))
    with pytest.raises(NewerSchema, match="update"):
        decode_step(altered(STEP, schema_version=SCHEMA_VERSION + 1))


@pytest.mark.parametrize(
    "raw",
    [
        None,
        b"",
        b"\xff\xfe",
        b"{",
        b"[]",
        b"3",
        b"{}",
        altered(envelope(SUBMITTED), schema_version=0),
        altered(envelope(SUBMITTED), schema_version="one"),
        altered(envelope(SUBMITTED), version=0),
        altered(envelope(SUBMITTED), event=None),
        altered(envelope(SUBMITTED), event={"type": 7}),
        altered(envelope(SUBMITTED), event={"type": "task.claimed", "worker": "w1"}),
        altered(envelope(SUBMITTED), recorded_at="2026-11-23T12:00:00"),
    ],
)
def test_bytes_that_are_no_record_are_named(raw: bytes | None) -> None:
    with pytest.raises(UndecodableRecord):
        decode_fact(raw)


def test_commands_are_strict() -> None:
    good = {
        "command_id": "command-1",
        "task_id": "t1",
        "issued_at": NOW.isoformat(),
        "command": {"type": "resume_task"},
    }
    assert decode_command(json.dumps(good).encode()).command == ResumeTask()
    for wrong in ({"type": "fly"}, {"type": "resume_task", "twice": True}, {}, {"type": "start_task", "worker": "w1"}):
        with pytest.raises(UndecodableRecord):
            decode_command(json.dumps({**good, "command": wrong}).encode())
    with pytest.raises(UndecodableRecord):
        decode_command(None)


def test_a_body_too_large_is_not_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(codec, "MAX_BODY_BYTES", len(encode(envelope(SUBMITTED))))
    encode(envelope(SUBMITTED))
    with pytest.raises(BodyTooLarge):
        encode(envelope(SUBMITTED.model_copy(update={"goal": SUBMITTED.goal + "!"})))


def test_there_is_a_step_up_from_every_version_there_was() -> None:
    assert sorted(upcast.STEPS) == list(range(1, SCHEMA_VERSION))


def test_old_records_are_lifted_step_by_step(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upcast, "STEPS", {1: lambda r: {**r, "b": 1}, 2: lambda r: {**r, "c": r["b"] + 1}})
    assert upcast.upcast({"a": 0}, 3) == {"a": 0, "b": 1, "c": 2, "schema_version": 3}
    assert upcast.upcast({"b": 5, "schema_version": 2}, 3) == {"b": 5, "c": 6, "schema_version": 3}
    assert upcast.upcast({"schema_version": 3}, 3) == {"schema_version": 3}


def test_every_fact_has_a_type_of_its_own() -> None:
    assert len(TASK_FACT_TYPES) == 17
    assert len(STEP_FACT_TYPES) == 4
    assert not TASK_FACT_TYPES & STEP_FACT_TYPES


@pytest.mark.parametrize(
    ("data", "signed"),
    [
        (b"21", -973932308),
        (b"foobar", -790332482),
        (b"a-little-bit-long-string", -985981536),
        (b"a-little-bit-longer-string", -1486304829),
        (b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971),
        (b"abc", 479470107),
    ],
)
def test_keys_hash_as_in_kafkas_own_tests(data: bytes, signed: int) -> None:
    assert murmur2(data) == signed & 0xFFFFFFFF
    assert partition_of(data.decode(), 12) == (signed & 0x7FFFFFFF) % 12
