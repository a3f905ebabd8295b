"""Bytes to records and back: JSON, upcast on read, errors named. Pure.

Source: docs/decisions/0003-json-on-the-wire.md
"""

from __future__ import annotations

from typing import Any, TypeVar, get_args

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import from_json, to_json

from events.commands import CommandEnvelope
from events.dead_letter import DeadLetter, DeadLetterAct, DeadLetterDiscarded, DeadLetterRedriven
from events.envelope import SCHEMA_VERSION, Envelope, StepEnvelope, UnknownEnvelope, UnknownStepEnvelope
from events.errors import BodyTooLarge, NewerSchema, UndecodableRecord
from events.facts import TaskFact
from events.steps import StepFact
from events.topics import MAX_BODY_BYTES
from events.upcast import upcast

M = TypeVar("M", bound=BaseModel)
N = TypeVar("N", bound=BaseModel)

TASK_FACT_TYPES = frozenset(fact.model_fields["type"].default for fact in get_args(TaskFact))
STEP_FACT_TYPES = frozenset(fact.model_fields["type"].default for fact in get_args(StepFact))
_ACTS: TypeAdapter[DeadLetterRedriven | DeadLetterDiscarded] = TypeAdapter(DeadLetterAct)
_NEWEST = b'"schema_version":%d,' % SCHEMA_VERSION


def encode(record: BaseModel) -> bytes:
    """One record as UTF-8 JSON.

    Raises:
        BodyTooLarge: over 256 KiB.
    """
    body = record.__pydantic_serializer__.to_json(record)
    if len(body) > MAX_BODY_BYTES:
        raise BodyTooLarge(f"{type(record).__name__} is {len(body)} bytes, at most {MAX_BODY_BYTES} are taken")
    return body


def decode(model: type[M], value: bytes | None) -> M:
    """One record that has no versions of its own (commands, outcomes, inbox, access).

    Raises:
        UndecodableRecord: not JSON, an unknown type, or a field that is missing or wrong.
    """
    if value is None:
        raise UndecodableRecord(f"no {model.__name__}: the record is empty")
    try:
        return model.model_validate_json(value)
    except ValidationError as error:
        raise UndecodableRecord(f"no {model.__name__}: {_first(error)}") from error


def decode_command(value: bytes | None) -> CommandEnvelope:
    """One record of `tasks.commands`; raises UndecodableRecord."""
    return decode(CommandEnvelope, value)


def decode_fact(value: bytes | None) -> Envelope | UnknownEnvelope:
    """One record of `tasks.events`, upcast.

    Raises:
        NewerSchema: written by a newer version.
        UndecodableRecord: bytes that are no fact of ours.
    """
    known = _decode_newest(Envelope, value)
    return known or _decode_slowly(Envelope, UnknownEnvelope, TASK_FACT_TYPES, value)


def decode_step(value: bytes | None) -> StepEnvelope | UnknownStepEnvelope:
    """One record of `steps.events`, upcast; raises as `decode_fact`."""
    known = _decode_newest(StepEnvelope, value)
    return known or _decode_slowly(StepEnvelope, UnknownStepEnvelope, STEP_FACT_TYPES, value)


def decode_dead_letter(value: bytes | None) -> DeadLetter | DeadLetterRedriven | DeadLetterDiscarded:
    """One record of `dead-letters`: a letter, or what an operator did about one; raises UndecodableRecord."""
    record = _as_dict(value)
    if "type" not in record:
        return decode(DeadLetter, value)
    try:
        return _ACTS.validate_json(value or b"")
    except ValidationError as error:
        raise UndecodableRecord(f"no act on a dead letter: {_first(error)}") from error


def _decode_newest(model: type[M], value: bytes | None) -> M | None:
    """The record, if it is of the newest version and all is well; whatever is not, the slow road explains."""
    if value is None or _NEWEST not in value:
        return None
    try:
        return model.model_validate_json(value)
    except ValidationError:
        return None


def _decode_slowly(known: type[M], unknown: type[N], types: frozenset[str], value: bytes | None) -> M | N:
    record = _as_dict(value)
    version = record.get("schema_version", 1)
    if not isinstance(version, int) or version < 1:
        raise UndecodableRecord(f"schema_version is {version!r}")
    if version > SCHEMA_VERSION:
        raise NewerSchema(f"schema version {version}, this installation reads up to {SCHEMA_VERSION}: update it")
    record = upcast(record, SCHEMA_VERSION)
    event = record.get("event")
    strange = isinstance(event, dict) and isinstance(event.get("type"), str) and event["type"] not in types
    model: type[M | N] = unknown if strange else known
    try:
        return model.model_validate_json(to_json(record))
    except ValidationError as error:
        raise UndecodableRecord(f"no {known.__name__}: {_first(error)}") from error


def _as_dict(value: bytes | None) -> dict[str, Any]:
    try:
        record = from_json(value or b"")
    except ValueError as error:
        raise UndecodableRecord(f"not JSON: {error}") from error
    if not isinstance(record, dict):
        raise UndecodableRecord(f"a JSON {type(record).__name__} where an object belongs")
    return record


def _first(error: ValidationError) -> str:
    """The first thing that is wrong, with the field's name."""
    problem = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(str(part) for part in problem['loc']) or 'record'}: {problem['msg']}"
