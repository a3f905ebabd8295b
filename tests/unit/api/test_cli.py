"""The command line against the real app over HTTP, with fakes behind it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from events.commands import SubmitTask
from events.task import Status
from tests.unit.api.terminal import Terminal
from tests.unit.api.world import OLD_ID, a_step, a_task


def test_submit_says_the_id_and_how_to_go_on(goaltrail: Terminal, tmp_path: Path) -> None:
    goaltrail.world.accepting()
    plan = tmp_path / "plan.json"
    plan.write_text('[{"op": "navigate", "url": "/login"}]')

    result = goaltrail(
        "submit", "Register {{child}}", "--site", "https://swim.example", "--priority", "high", "--input", "child=Eden",
        "--metadata", '{"user_id": 7}', "--secret", "password=env:SWIM_PASS", "--success-text", "Confirmation",
        "--success-url", "/done", "--steps", str(plan), "--timeout-minutes", "2",
    )  # fmt: skip

    [sent] = goaltrail.world.publisher.commands
    assert result.exit_code == 0, result.output
    assert f"goaltrail watch {sent.task_id}" in result.stdout
    command = sent.command
    assert isinstance(command, SubmitTask)
    assert (command.priority, command.inputs, command.metadata) == (8, {"child": "Eden"}, {"user_id": 7})
    assert command.secrets == {"password": "env:SWIM_PASS"}
    assert [indicator.kind for indicator in command.success_indicators] == ["text_visible", "url_contains"]
    assert [step.op for step in command.steps] == ["navigate"]


@pytest.mark.parametrize(
    ("status", "code"), [(Status.COMPLETED, 0), (Status.FAILED, 1), (Status.CANCELLED, 1), (Status.ESCALATED, 3)]
)
def test_submit_wait_ends_with_the_task_and_its_code(goaltrail: Terminal, status: Status, code: int) -> None:
    goaltrail.world.accepting(task_id=OLD_ID)
    goaltrail.world.readings.tasks[OLD_ID] = a_task(status=status, error_message="no such class")
    goaltrail.world.readings.steps = [a_step(action="open /login")]

    result = goaltrail("submit", "x", "--site", "https://swim.example", "--wait")

    assert result.exit_code == code
    assert status in result.stdout
    assert "open /login" in result.stdout
    assert "no such class" in result.stdout


def test_json_is_json_and_nothing_else(goaltrail: Terminal) -> None:
    goaltrail.world.accepting()
    goaltrail.world.readings.tasks[OLD_ID] = a_task(status=Status.COMPLETED)

    assert (
        json.loads(goaltrail("submit", "x", "--site", "https://swim.example", "--json").stdout)["status"] == "PENDING"
    )
    assert json.loads(goaltrail("list", "--json").stdout)["total"] == 1
    assert json.loads(goaltrail("show", OLD_ID, "--json").stdout)["execution_log"] == []
    assert json.loads(goaltrail("watch", OLD_ID, "--json").stdout)["status"] == "COMPLETED"
    assert json.loads(goaltrail("watch", "--json").stdout)["total"] == 1
    assert json.loads(goaltrail("pause", OLD_ID, "--json").stdout)["task_id"] == OLD_ID
    assert len(json.loads(goaltrail("keys", "list", "--json").stdout)["keys"]) == 1


def test_list_and_show_draw_what_the_api_says(goaltrail: Terminal) -> None:
    goaltrail.world.readings.tasks[OLD_ID] = a_task(status=Status.FAILED, error_message="the class [full] is gone")
    goaltrail.world.readings.steps = [a_step(result="error", error_details="no [button] there")]

    listed, shown = (
        goaltrail("list", "--status", "failed", "--metadata", "a=b", "--limit", "5"),
        goaltrail("show", OLD_ID),
    )

    assert OLD_ID in listed.stdout
    assert "1 of 1 tasks" in listed.stdout
    assert goaltrail.world.readings.asked[0]["status"] == [Status.FAILED]
    assert goaltrail.world.readings.asked[0]["metadata"] == {"a": "b"}
    assert "the class [full] is gone" in shown.stdout
    assert "no [button] there" in shown.stdout


@pytest.mark.parametrize("verb", ["pause", "resume", "cancel"])
def test_a_refused_command_says_why_and_fails(goaltrail: Terminal, verb: str) -> None:
    goaltrail.world.accepting(result="refused", code="illegal_transition", reason="the task is COMPLETED [final]")

    result = goaltrail(verb, OLD_ID)

    assert result.exit_code == 1
    assert "the task is COMPLETED [final]" in result.stderr


def test_keys_are_made_shown_once_and_revoked(goaltrail: Terminal) -> None:
    made = goaltrail("keys", "create", "--name", "booking", "--scope", "read", "--scope", "write")
    key = made.stdout.strip()
    key_id = goaltrail.world.ring.all()[-1].key_id

    assert key.startswith("gt_")
    assert goaltrail("list", key=key).exit_code == 0
    assert "booking" in goaltrail("keys", "list").stdout
    assert goaltrail("keys", "revoke", key_id).exit_code == 0
    assert goaltrail("list", key=key).exit_code == 1


MISTAKES = [
    (["--priority", "soon"], "--priority"),
    (["--metadata", "{nope"], "--metadata"),
    (["--metadata", "[1]"], "--metadata"),
    (["--input", "child"], "--input"),
    (["--steps", "/nowhere.json"], "--steps"),
    (["--priority", "11"], "priority"),
    (["--secret", "password=hunter2"], "secrets.password"),
]


@pytest.mark.parametrize(("words", "named"), MISTAKES)
def test_a_mistake_names_the_option(goaltrail: Terminal, words: list[str], named: str) -> None:
    result = goaltrail("submit", "x", "--site", "https://swim.example", *words)

    assert result.exit_code != 0
    assert named in result.stderr
    assert goaltrail.world.publisher.commands == []


def test_an_api_that_is_not_there_says_how_to_start_it(goaltrail: Terminal) -> None:
    goaltrail.url = "http://127.0.0.1:1"

    result = goaltrail("list")

    assert result.exit_code == 1
    assert "goaltrail up" in result.stderr


def test_something_else_on_the_port_is_said(goaltrail: Terminal) -> None:
    goaltrail.url += "/docs"

    assert "not as the Goaltrail API" in goaltrail("list").stderr or "Not Found" in goaltrail("list").stderr


def test_a_wrong_key_says_where_keys_come_from(goaltrail: Terminal) -> None:
    assert "GOALTRAIL_API_KEY" in goaltrail("list", key="gt_wrong").stderr


@pytest.mark.parametrize("command", ["submit", "list", "show", "watch", "pause", "resume", "cancel"])
def test_help_teaches(goaltrail: Terminal, command: str) -> None:
    assert "--json" in goaltrail(command, "--help").stdout
