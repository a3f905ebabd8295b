"""What the groups of `benchmarks.autonomy` make of what they see."""

from __future__ import annotations

import base64
import itertools
from datetime import UTC, datetime
from typing import Any, Literal

import pytest

from benchmarks.autonomy_faults import Tally
from benchmarks.autonomy_school import Run, figures, judged, wishes
from benchmarks.autonomy_secrets import CANARIES, leaks_in
from demo.site import Entry


def entry(kind: Literal["registered", "cancelled"], child: str, class_id: str, day: str) -> Entry:
    now = datetime(2026, 11, 1, tzinfo=UTC)
    fields: dict[str, Any] = {"age": 7, "email": "a@b.c", "username": "parent", "received_at": now, "request": 1}
    return Entry(kind=kind, number="AQ-0001", child=child, class_id=class_id, day=day, **fields)


def test_the_school_wants_the_contrary_now_and_then_and_of_the_same_child() -> None:
    wanted = wishes(54)
    cancelled = [(before, wish) for before, wish in itertools.pairwise(wanted) if wish.kind == "cancelled"]
    assert len(cancelled) == 10
    assert all(before.inputs["child"] == wish.inputs["child"] for before, wish in cancelled)
    registered = [wish.inputs["child"] for wish in wanted if wish.kind == "registered"]
    assert len(set(registered)) == len(registered)


def test_the_book_must_have_grown_by_what_was_wanted_and_nothing_else() -> None:
    wish = wishes(1)[0]
    right = entry("registered", wish.inputs["child"], wish.class_id, wish.day)
    assert judged(wish, [], [right])
    assert not judged(wish, [], [])
    assert not judged(wish, [], [right, right])
    assert not judged(wish, [right], [right])
    assert not judged(wish, [], [right.model_copy(update={"kind": "cancelled"})])
    assert not judged(wish, [], [right.model_copy(update={"day": "Sunday"})])


def test_a_hit_that_did_something_else_is_wrong() -> None:
    runs = [Run(True, False, True, 2.0, 0.0), Run(True, True, True, 1.0, 0.0), Run(True, True, False, 1.0, 0.0)]
    found = figures(runs, 1, 0.5, 0.4)
    assert (found["wrong_hits"], found["hit_rate_percent"], found["time_saved_percent"]) == (1, 100.0, 50.0)
    assert found["replay_ratio"] == 1.25


def test_only_one_registration_of_a_completed_task_is_a_recovery() -> None:
    tally, one = Tally(), entry("registered", "Eden", "dolphins", "Tuesday")
    held = {"recovery_strategy": "refresh_and_retry", "was_successful": True}
    tally.take("stale", {"status": "COMPLETED"}, [held], [one])
    tally.take("stale", {"status": "COMPLETED"}, [{**held, "was_successful": False}], [one, one])
    tally.take("stale", {"status": "FAILED", "error_message": "no"}, [], [])
    tally.take("stale", {"status": "COMPLETED"}, [], [])
    found = tally.figures()
    assert (found["double_registrations"], found["missing_registrations"]) == (1, 1)
    assert found["recovered_percent"] == {"stale": 25.0}
    assert found["recovered_percent_by_strategy"] == {"refresh_and_retry": 50.0}


def test_a_canary_is_found_as_it_is() -> None:
    pin = CANARIES["CANARY_PIN"]
    assert leaks_in(iter([("here", f"x {pin} y".encode())])) == ["CANARY_PIN in here"]


@pytest.mark.parametrize(
    "shape",
    [
        "pin%2281%3Ckanarie%3E",
        "pin&quot;81&lt;kanarie&gt;",
        'pin\\"81<kanarie>',
        base64.b64encode(CANARIES["CANARY_PIN"].encode()).decode(),
    ],
)
def test_a_canary_is_found_in_disguise(shape: str) -> None:
    assert leaks_in(iter([("here", f"a {shape} b".encode())])) == ["CANARY_PIN in here"]
    assert leaks_in(iter([("here", b"nothing of the kind")])) == []
