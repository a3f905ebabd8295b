"""Operators' orders: each produces its fact, stays quiet when true already, and is recorded once."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from events import queues as q
from processors.queues import NOTHING, Orders, Subject, Verdict, decide_order

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
LIMIT = q.Ceilings(running=3)


@pytest.mark.parametrize(
    ("state", "command", "fact"),
    [
        (NOTHING, q.PauseQueue(reason="night"), q.QueuePaused(reason="night")),
        (Subject(paused=True), q.ResumeQueue(), q.QueueResumed()),
        (NOTHING, q.SetCeilings(ceilings=LIMIT), q.CeilingsSet(ceilings=LIMIT)),
        (NOTHING, q.DrainWorker(), q.WorkerDrained()),
        (Subject(drained_at=NOW), q.ResumeWorker(), q.WorkerResumed()),
        (Subject(paused=True), q.PauseQueue(), None),
        (NOTHING, q.ResumeQueue(), None),
        (Subject(ceilings=LIMIT), q.SetCeilings(ceilings=LIMIT), None),
        (Subject(drained_at=NOW), q.DrainWorker(), None),
        (NOTHING, q.ResumeWorker(), None),
    ],
)
def test_an_order_leads_to_its_fact_or_is_already_true(
    state: Subject, command: q.DispatchCommand, fact: q.DispatchFact | None
) -> None:
    assert decide_order(state, command) == fact


def ordered(
    command: q.DispatchCommand, command_id: str = "command-1", subject: str = "default"
) -> q.DispatchCommandEnvelope:
    return q.DispatchCommandEnvelope(command_id=command_id, subject=subject, issued_at=NOW, command=command)


def recorded(orders: Orders, order: q.DispatchCommandEnvelope, offset: int, event_id: str = "") -> q.DispatchEnvelope:
    """The fact of an order as the dispatcher links it, not taken yet."""
    event = orders.decide(order)
    assert not isinstance(event, Verdict)
    return orders.link(order, event, event_id=event_id or f"e{offset}", command_offset=offset, at=NOW)


def test_facts_of_a_subject_are_a_chain_and_hold_their_commands_offset() -> None:
    orders = Orders()
    first = recorded(orders, ordered(q.PauseQueue()), 4)
    assert orders.take(first, 0)
    second = recorded(orders, ordered(q.ResumeQueue(), "command-2"), 7)
    assert orders.take(second, 1)

    assert (first.version, first.follows, second.version, second.follows) == (1, None, 2, "e4")
    assert (orders.decided_to, orders.next_offset, orders.rules().paused) == (7, 2, set())


def test_a_replaced_dispatchers_late_fact_falls_off() -> None:
    orders = Orders()
    late = recorded(orders, ordered(q.PauseQueue(reason="late")), 4, "late")
    assert orders.take(recorded(orders, ordered(q.PauseQueue(reason="first")), 4, "first"), 0)

    assert not orders.take(late, 1)

    assert (orders.strays, orders.next_offset, orders.subjects["default"].last_event) == (1, 2, "first")


def test_the_same_command_again_is_answered_with_its_fact_even_when_undone_since() -> None:
    orders = Orders()
    pause = ordered(q.PauseQueue())
    orders.take(recorded(orders, pause, 4), 10)
    orders.take(recorded(orders, ordered(q.ResumeQueue(), "command-2"), 5), 11)

    assert orders.decide(pause) == Verdict("accepted", 10)
    assert orders.decide(ordered(q.ResumeQueue(), "command-3")) == Verdict("already_true", None)


def test_rules_hold_what_is_in_force() -> None:
    orders = Orders()
    given: list[tuple[str, q.DispatchCommand]] = [
        ("slow", q.PauseQueue()),
        ("fast", q.SetCeilings(ceilings=LIMIT)),
        ("w1", q.DrainWorker()),
    ]
    for offset, (subject, command) in enumerate(given):
        orders.take(recorded(orders, ordered(command, f"command-{offset}", subject), offset), offset)

    rules = orders.rules()

    assert (rules.paused, rules.ceilings, rules.drained) == ({"slow"}, {"fast": LIMIT}, {"w1": NOW})
