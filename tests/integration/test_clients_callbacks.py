"""Callbacks of the goal client against a real log: kills of the background worker lose none."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from events.commands import CancelTask
from local.children import bound_to_us
from producers.commands import CommandSender
from producers.goal_answers import TaskResult
from producers.goals import GoalClient
from producers.kafka import KafkaPublisher
from tests.integration.installation import Installation
from tests.integration.processes import ROOT
from tests.wait import until

pytestmark = pytest.mark.kafka

SITE = "https://swim.example"


@pytest.fixture(scope="module")
def operator(client_home: Installation) -> Iterator[CommandSender]:
    publisher = KafkaPublisher(client_home.connection)
    yield CommandSender(publisher, client_home.topics, "test")
    publisher.close()


def client(client_home: Installation, store: Path | None = None) -> GoalClient:
    return GoalClient(
        client_home.url,
        client_home.key,
        connection=client_home.connection,
        topics=client_home.topics,
        callbacks_file=store,
    )


def background(client_home: Installation, folder: Path, *die: str) -> subprocess.Popen[bytes]:
    script = str(Path(__file__).with_name("callback_worker.py"))
    names = [client_home.url, client_home.key, client_home.bootstrap, str(folder / "owed.db"), str(folder / "journal")]
    return subprocess.Popen(
        bound_to_us([sys.executable, script, *names, *die]), cwd=ROOT, env={"PYTHONPATH": str(ROOT)}
    )


def journal(folder: Path) -> list[str]:
    there = folder / "journal"
    return there.read_text().splitlines() if there.exists() else []


def test_a_worker_killed_between_two_callbacks_loses_none(
    client_home: Installation, operator: CommandSender, tmp_path: Path
) -> None:
    with client(client_home, tmp_path / "owed.db") as goals:
        ids = [goals.submit_goal(f"goal {number}", SITE, on_complete="tell", queue="nobody") for number in range(4)]
        first = background(client_home, tmp_path, "die")
        for task_id in ids[:3]:
            operator.send(task_id, CancelTask())
        assert first.wait(30) == -9
        assert len(journal(tmp_path)) == 1

        second = background(client_home, tmp_path)
        until(lambda: len(journal(tmp_path)) >= 3, 30)
        operator.send(ids[3], CancelTask())
        until(lambda: len(journal(tmp_path)) >= 4, 30)
        second.kill()
        second.wait()

        assert Counter(journal(tmp_path)) == Counter(f"{task_id} CANCELLED" for task_id in ids)


def test_a_task_that_ended_before_it_was_registered_is_called_back(
    client_home: Installation, operator: CommandSender, tmp_path: Path
) -> None:
    heard: list[TaskResult] = []
    with client(client_home, tmp_path / "owed.db") as goals:
        goals.register_handler("hear", heard.append)
        ended, open_one = (goals.submit_goal("x", SITE, queue="nobody") for _ in range(2))
        operator.send(ended, CancelTask()).result(10)
        goals.register_complete_callback(open_one, "hear")
        assert goals.check_and_call_callbacks() == 0
        goals.register_complete_callback(ended, "hear")

        until(goals.check_and_call_callbacks)
        assert [result.task_id for result in heard] == [ended]
        operator.send(open_one, CancelTask()).result(10)
        until(goals.check_and_call_callbacks)

    assert [(result.task_id, result.status) for result in heard] == [(ended, "CANCELLED"), (open_one, "CANCELLED")]


def test_a_handler_that_raises_is_called_again_and_a_function_needs_no_file(
    client_home: Installation, operator: CommandSender
) -> None:
    tries: list[TaskResult] = []

    def moody(result: TaskResult) -> None:
        tries.append(result)
        if len(tries) == 1:
            raise OSError("the mail server is away")

    with client(client_home) as goals:
        task_id = goals.submit_goal("x", SITE, on_complete=moody, idempotency_key="moody", queue="nobody")
        assert goals.submit_goal("x", SITE, idempotency_key="moody", queue="nobody") == task_id
        operator.send(task_id, CancelTask()).result(10)
        until(lambda: goals.check_and_call_callbacks() or tries)
        made = until(goals.check_and_call_callbacks)

        assert (made, len(tries)) == (1, 2)
        assert goals.check_and_call_callbacks() == 0
        with pytest.raises(ValueError, match="callbacks_file"):
            goals.submit_goal("x", SITE, on_complete="by name", queue="nobody")
