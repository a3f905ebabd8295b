"""The nemesis' judge can condemn: every kind of wrong that it reports as zero is seen when it is there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from benchmarks.nemesis_check import Verdict, judge_deeds
from benchmarks.nemesis_journal import Act
from events.envelope import Envelope

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)

SUBMITTED = {"type": "task.submitted", "goal": "register", "site_url": "http://127.0.0.1/"}
RELEASED = {"type": "task.released", "lease_epoch": 1}


def claimed(epoch: int) -> dict[str, Any]:
    return {"type": "task.claimed", "worker": "w", "attempt": epoch, "lease_epoch": epoch, "lease_until": LATER}


def started(epoch: int) -> dict[str, Any]:
    return {
        "type": "task.started",
        "lease_epoch": epoch,
        "lease_until": LATER,
        "deadline": LATER,
        "steps_offset": 0,
    }


def completed(epoch: int) -> dict[str, Any]:
    return {"type": "task.completed", "lease_epoch": epoch}


def link(number: int, event: dict[str, Any], **changed: Any) -> Envelope:
    fields: dict[str, Any] = {
        "event_id": f"e{number}",
        "follows": f"e{number - 1}" if number > 1 else None,
        "task_id": "task",
        "version": number,
        "command_offset": number,
        "recorded_at": NOON + timedelta(seconds=number),
        "causation_id": f"c{number}",
        "event": event,
    }
    return Envelope.model_validate({**fields, **changed})


def judged(*facts: Envelope) -> Verdict:
    verdict = Verdict()
    for fact in facts:
        verdict.take(fact)
    return verdict


ROAD = (link(1, SUBMITTED), link(2, claimed(1)), link(3, started(1)), link(4, completed(1)))


def act(epoch: int, kind: str, second: float) -> Act:
    return Act("task", epoch, "w", kind, (NOON + timedelta(seconds=second)).timestamp())  # type: ignore[arg-type]


def test_a_faultless_road_is_acquitted() -> None:
    verdict = judged(*ROAD)
    deeds = judge_deeds([act(1, "step", 3.2), act(1, "effect", 3.5)], verdict.chains)

    assert verdict.over() == 1
    assert not (verdict.gaps | verdict.illegal | verdict.fenced_off)
    assert verdict.strays == 0
    assert not (deeds.run_twice | deeds.repeated | deeds.late | deeds.missing)


def test_a_fact_that_does_not_follow_is_a_stray_and_changes_nothing() -> None:
    late = link(9, started(1), follows="e1", version=2)

    verdict = judged(*ROAD, late)

    assert verdict.strays == 1
    assert verdict.chains["task"].status == "COMPLETED"


def test_a_missing_version_is_a_gap() -> None:
    assert judged(ROAD[0], link(2, claimed(1), version=3)).gaps == {"task"}


def test_a_transition_outside_the_table_is_illegal() -> None:
    assert judged(ROAD[0], link(2, completed(1))).illegal == {"task"}


def test_a_fact_of_an_epoch_that_is_over_is_seen() -> None:
    facts = (*ROAD[:2], link(3, RELEASED), link(4, claimed(2)), link(5, started(1)))

    assert judged(*facts).fenced_off == {"task"}


def test_a_task_that_never_ended_is_not_over() -> None:
    assert judged(*ROAD[:3]).over() == 0


def test_acts_of_two_epochs_in_turn_are_run_twice() -> None:
    chains = judged(*ROAD).chains

    assert judge_deeds([act(2, "step", 3), act(1, "step", 3.1)], chains).run_twice == {"task"}


def test_an_effect_had_twice_an_effect_missing_and_an_act_too_late_are_seen() -> None:
    chains = judged(*ROAD).chains

    assert judge_deeds([act(1, "effect", 3), act(1, "effect", 3.1)], chains).repeated == {"task"}
    assert judge_deeds([], chains).missing == {"task"}
    assert judge_deeds([act(1, "effect", 4.5)], chains).late == {"task"}
