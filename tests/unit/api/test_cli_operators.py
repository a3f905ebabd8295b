"""What operators type: the calls it leads to, what is shown, and what wrong input is told."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from events.commands import ResolveEscalation, SubmitTask
from events.queues import Ceilings, DrainWorker, PauseQueue, ResumeQueue, ResumeWorker, SetCeilings
from events.task import Status
from tests.unit.api import samples
from tests.unit.api.samples import LETTER
from tests.unit.api.terminal import Terminal
from tests.unit.api.world import OLD_ID


@pytest.fixture
def typed(goaltrail: Terminal) -> Terminal:
    """A terminal on a world in which there is something to look after."""
    readings = goaltrail.world.readings
    readings.heard = [samples.worker()]
    readings.escalated[OLD_ID] = samples.escalation(OLD_ID)
    readings.letters[LETTER] = samples.dead_letter(b'{"type": "?"}', topic="goaltrail.tasks.events")
    goaltrail.world.accepting(None)
    return goaltrail


ORDERS: list[tuple[tuple[str, ...], Any]] = [
    (("queues", "pause", "night", "--reason", "site is down"), PauseQueue(reason="site is down")),
    (("queues", "resume", "night"), ResumeQueue()),
    (
        ("queues", "ceilings", "night", "--running", "5", "--per-account", "1"),
        SetCeilings(ceilings=Ceilings(running=5, per_account=1)),
    ),
    (("queues", "ceilings", "night"), SetCeilings(ceilings=Ceilings())),
    (("workers", "drain", "runner-1", "--reason", "old"), DrainWorker(reason="old")),
    (("workers", "resume", "runner-1"), ResumeWorker()),
]


@pytest.mark.parametrize(("words", "order"), ORDERS)
def test_orders_reach_the_dispatcher(typed: Terminal, words: tuple[str, ...], order: Any) -> None:
    result = typed(*words)

    assert result.exit_code == 0, result.output
    assert result.output.startswith(f"{words[2]}  ")
    assert [sent.command for sent in typed.world.publisher.orders] == [order]


def test_an_order_that_was_given_before_says_so_and_one_not_answered_too(typed: Terminal) -> None:
    typed.world.accepting(None, result="already_true", fact=None)
    already = typed("queues", "pause", "night")
    typed.world.publisher.decide = lambda _: None
    waiting = typed("queues", "pause", "night")

    assert "(already)" in already.output
    assert "dispatcher has not answered" in waiting.output


def test_a_mistyped_worker_is_told_where_to_look(typed: Terminal) -> None:
    result = typed("workers", "drain", "runner-l")

    assert result.exit_code == 1
    assert "goaltrail workers list" in result.output


VIEWS = [
    (("queue",), ("degraded", "10 % of the tasks", "default")),
    (("queues", "list"), ("default", "open")),
    (("workers", "list"), ("runner-1", "50 %", "alive")),
    (("desk", "list"), (OLD_ID, "timeout")),
    (("desk", "show", OLD_ID), ("press Register", "screenshot", "goaltrail desk resolve")),
    (("dead-letters", "list"), (LETTER, "open")),
    (("dead-letters", "show", LETTER), ('{"type": "?"}', "lifecycle")),
    (("metrics", "--since", "2026-11-01", "--by", "week"), ("90.0 %", "claude", "2026-11-01", "unpriced", "77")),
    (
        ("prices",),
        ("$2.4", "since 2026-10-01", "over 200,000", "$0.01 a request", "prices file", "gemini-x", "unpriced"),
    ),
    (("prices", "--all"), ("$3", "until 2026-10-01", "anthropic/claude-sonnet-4-5")),
]


@pytest.mark.parametrize(("words", "shown"), VIEWS)
def test_views_show_what_matters_and_the_same_as_json(
    typed: Terminal, words: tuple[str, ...], shown: tuple[str, ...]
) -> None:
    result = typed(*words)

    assert result.exit_code == 0, result.output
    assert [text for text in shown if text not in result.output] == []
    assert isinstance(json.loads(typed(*words, "--json").output), dict)


def test_empty_lists_are_sentences(goaltrail: Terminal) -> None:
    assert "no task waits for a human" in goaltrail("desk", "list").output
    assert "no dead letters" in goaltrail("dead-letters", "list").output
    assert "goaltrail up" in goaltrail("workers", "list").output


def test_a_critical_queue_is_exit_code_1(goaltrail: Terminal) -> None:
    result = goaltrail("queue")

    assert result.exit_code == 1
    assert "no worker takes any" in result.output


def test_an_escalation_is_claimed_and_resolved(typed: Terminal) -> None:
    typed.world.accepting(Status.ESCALATED)
    claimed = typed("desk", "claim", OLD_ID, "--as", "ann")
    typed.world.accepting(Status.COMPLETED)
    words = ("--complete", "--result", "by phone", "--data", '{"no": 4711}', "--note", "n", "--as", "ann")
    resolved = typed("desk", "resolve", OLD_ID, *words)

    assert "claimed by ann" in claimed.output
    assert "COMPLETED" in resolved.output
    assert typed.world.publisher.commands[1].command == ResolveEscalation(
        operator="ann", resolution="complete", final_result="by phone", result_data={"no": 4711}, note="n"
    )


@pytest.mark.parametrize(
    ("words", "named"),
    [
        ((), "exactly one"),
        (("--retry", "--cancel"), "exactly one"),
        (("--complete", "--data", "[1]"), "JSON object"),
        (("--complete",), "final_result"),
        (("--cancel", "--hints", "x"), "retry"),
    ],
)
def test_a_decision_that_makes_no_sense_is_told_what_to_give(
    typed: Terminal, words: tuple[str, ...], named: str
) -> None:
    result = typed("desk", "resolve", OLD_ID, *words)

    assert result.exit_code != 0
    assert named in " ".join(result.output.split())
    assert typed.world.publisher.commands == []


def test_letters_are_laid_aside_and_what_cannot_be_redriven_says_why(typed: Terminal) -> None:
    refused = typed("dead-letters", "redrive", LETTER)
    discarded = typed("dead-letters", "discard", LETTER, "--note", "a test")

    assert refused.exit_code == 1
    assert "own writer" in " ".join(refused.output.split())
    assert "discarded" in discarded.output


def test_submit_takes_account_queue_times_and_a_callback(typed: Terminal) -> None:
    typed.world.accepting()
    result = typed(
        "submit", "x", "--site", "https://swim.example", "--account", "eden", "--queue", "night", "--not-before", "2h",
        "--expires-in", "10m", "--callback-url", "https://r.example/hook",
    )  # fmt: skip

    assert result.exit_code == 0, result.output
    command = typed.world.publisher.commands[0].command
    assert isinstance(command, SubmitTask)
    assert (command.account, command.queue, command.expires_in_seconds) == ("eden", "night", 600.0)
    assert command.callback_url == "https://r.example/hook"
    assert command.not_before is not None
    assert abs(command.not_before - datetime.now(UTC) - timedelta(hours=2)) < timedelta(minutes=1)


@pytest.mark.parametrize("wrong", [("--expires-in", "soon"), ("--not-before", "tomorrow"), ("--not-before", "-3h")])
def test_times_that_are_none_are_explained(typed: Terminal, wrong: tuple[str, str]) -> None:
    result = typed("submit", "x", "--site", "https://swim.example", f"{wrong[0]}={wrong[1]}")

    assert result.exit_code == 2
    assert "length of time" in " ".join(result.output.replace("│", " ").split())
