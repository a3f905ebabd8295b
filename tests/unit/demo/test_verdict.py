"""The demo's verdict finds a goal in the wrong state, a registration too many or too few, and a number that differs."""

from datetime import UTC, datetime
from typing import Any

from demo.goals import CONFIRMATION, demo_goals
from demo.site import Entry
from demo.verdict import Performed, complaints, confirmation_of
from events.task import Status

EDEN, NOA, POLO = demo_goals("http://127.0.0.1:1")
ENTRY = Entry(
    kind="registered",
    number="AQ-0001",
    child="Eden",
    age=7,
    email="parent@example.org",
    class_id="dolphins",
    day="Tuesday",
    username="parent",
    received_at=datetime.now(UTC),
    request=1,
)
NOAS = ENTRY.model_copy(update={"number": "AQ-0002", "child": "Noa", "class_id": "sharks", "day": "Friday"})


def performed(**changes: Any) -> list[Performed]:
    """All three as they should be, but for what is changed of the first."""
    good: dict[str, Any] = {"status": "COMPLETED", "error_message": None, "result_data": {CONFIRMATION: "AQ-0001"}}
    failed = {"status": "FAILED", "error_message": "no such class", "result_data": None}
    return [
        Performed(EDEN, "1", {**good, **changes}),
        Performed(NOA, "2", {**good, "result_data": {}}),
        Performed(POLO, "3", failed),
    ]


def test_nothing_to_complain_about() -> None:
    assert complaints(performed(), [NOAS, ENTRY]) == []


def test_a_wrong_state() -> None:
    said = complaints(performed(status="ESCALATED", error_message="stuck"), [ENTRY, NOAS])
    assert said == ["Register Eden for Tuesday: ESCALATED, should be COMPLETED: stuck"]


def test_a_failure_without_a_reason() -> None:
    good = performed()
    unexplained = Performed(POLO, "3", {**good[2].task, "error_message": None})
    assert complaints([*good[:2], unexplained], [ENTRY, NOAS]) == [
        "Register Eden in water polo: FAILED, should be FAILED: no reason given"
    ]


def test_a_double_a_missing_and_a_foreign_registration() -> None:
    stray = ENTRY.model_copy(update={"child": "Ada"})
    said = complaints(performed(result_data={}), [ENTRY, ENTRY.model_copy(update={"number": "AQ-0003"}), stray])
    assert [line.split(" times")[0] for line in said] == [
        "Eden, dolphins, Tuesday: 2",
        "Noa, sharks, Friday: 0",
        "Ada, dolphins, Tuesday: 1",
    ]


def test_another_number_than_the_school_noted() -> None:
    said = complaints(performed(result_data={CONFIRMATION: "AQ-0009"}), [ENTRY, NOAS])
    assert said == ["Register Eden for Tuesday: the task read number AQ-0009, the school noted AQ-0001"]


def test_states_in_which_nothing_more_happens() -> None:
    over = {status for status in Status if Performed(EDEN, "1", {"status": status}).is_over}
    assert over == {Status.COMPLETED, Status.FAILED, Status.CANCELLED, Status.ESCALATED}


def test_every_number_of_a_double_is_shown() -> None:
    double = ENTRY.model_copy(update={"number": "AQ-0003"})
    assert confirmation_of(EDEN.registers, [ENTRY, NOAS, double]) == "AQ-0001, AQ-0003"
    assert confirmation_of(None, [ENTRY]) == ""
