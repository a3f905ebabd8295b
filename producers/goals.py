"""The Goal Engine's client: submits goals by Kafka, reads results from the HTTP API."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, JsonValue, ValidationError

from events.action import Action, SuccessIndicator
from events.commands import SubmitTask
from events.errors import BrokerUnreachable, CommandRejected, NoSuchTask, NotDecidedYet
from events.goal import GoalStatement
from events.outcome import Outcome
from events.task import FINAL, Status
from events.topics import Topics
from producers.commands import CommandSender, new_command_id
from producers.http import Door
from producers.kafka import KafkaPublisher
from producers.outcomes import OutcomeListener, Outcomes, ask
from producers.publisher import Publisher
from producers.task_ids import body_hash, made_at, new_task_id, task_id_for

_TASKS = "/api/browser-tasks"
_YOUNG = timedelta(seconds=60)  # an id this young may be on the log and not read yet


class CacheMetrics(BaseModel):
    """What a cached path did for the task."""

    model_config = ConfigDict(frozen=True)

    cached_path_used: bool
    time_saved_seconds: float


class TaskResult(BaseModel):
    """A task as the readings tell it."""

    model_config = ConfigDict(frozen=True)

    task_id: str
    status: Status
    final_result: str | None
    result_data: dict[str, JsonValue] | None
    error_type: str | None
    error_message: str | None
    created_at: datetime
    started_at: datetime | None
    completed_at: datetime | None
    total_time_seconds: float | None
    total_steps: int
    total_cost: float  #: USD
    cache: CacheMetrics
    recovery_attempts: int

    @property
    def is_complete(self) -> bool:
        """Whether it is over: completed, failed or cancelled."""
        return self.status in FINAL


class GoalClient:
    """Submits goals and reads what became of them.

    With a Kafka connection a goal goes straight to the log, and its acceptance comes back from there; without one it
    goes through the HTTP API. Readings always come from the API. Safe to use from several threads.

    Example:
        >>> with GoalClient("http://127.0.0.1:8310", "gt_...", connection={"bootstrap.servers": "127.0.0.1:9092"}) as goals:
        ...     task_id = goals.submit_goal("Register Eden for Tuesday swimming", "https://aquatechswim.com")
        ...     result = goals.wait_for_completion(task_id, timeout_seconds=120)
        ...     print(result.status, result.final_result)  # doctest: +SKIP
    """

    def __init__(
        self,
        url: str,
        api_key: str,
        *,
        connection: Mapping[str, Any] | None = None,
        topics: Topics | None = None,
        service: str = "goals",
        answer_seconds: float = 10.0,
    ) -> None:
        """Connect.

        Args:
            url: of the API, such as `http://127.0.0.1:8310`.
            api_key: with the scope `read`, and `write` when goals go through the API.
            connection: librdkafka settings; none to submit through the API.
            topics: names and partitions, if they are not the default ones.
            service: in whose name goals are submitted; idempotency keys belong to it.
            answer_seconds: how long the acceptance of a goal is awaited.

        Raises:
            BrokerUnreachable: a Kafka connection was given and nothing answers there.
        """
        self._topics = topics or Topics()
        self._service = service
        self._answer_seconds = answer_seconds
        self._running = ExitStack()
        self._door = self._running.enter_context(Door(url, api_key))
        self._log: tuple[Publisher, Outcomes] | None = None
        if connection is not None:
            with ExitStack() as unless_connected:
                unless_connected.callback(self.close)
                self._log = self._connect(connection)
                unless_connected.pop_all()

    def submit_goal(
        self,
        goal: str,
        site_url: str,
        priority: int = 5,
        timeout_minutes: float = 30.0,
        *,
        metadata: Mapping[str, JsonValue] | None = None,
        inputs: Mapping[str, str | int | float | bool] | None = None,
        secrets: Mapping[str, str] | None = None,
        success_indicators: Sequence[SuccessIndicator] = (),
        steps: Sequence[Action] = (),
        max_steps: int = 20,
        queue: str = "default",
        idempotency_key: str | None = None,
    ) -> str:
        """Submit a goal; returns its task id once it is accepted.

        When the acceptance takes longer than `answer_seconds`, the id is returned as well: the goal is on the log then.

        Args:
            goal: what to do, in words.
            site_url: where.
            priority: 1 to 10, 10 is the most urgent.
            timeout_minutes: of one attempt.
            metadata: anything of the caller's, kept with the task.
            inputs: values the goal needs; `{{name}}` in goal, steps and indicators takes them.
            secrets: name -> reference such as `env:AQUATECH_PASS`, never a value.
            success_indicators: what proves that the goal is reached.
            steps: a declared plan.
            max_steps: stop after so many.
            queue: which workers take it.
            idempotency_key: the same key gives the same task.

        Raises:
            ValueError: a field is wrong; the text names it.
            CommandRejected: refused, such as an idempotency key used for another goal.
            PublishFailed: the broker did not take it.
            NotDecidedYet: with an idempotency key only: submit again with the same key.

        Example:
            >>> from events.action import TextVisible
            >>> task_id = goals.submit_goal(
            ...     "Register {{child}} for {{day}}", "https://aquatechswim.com", 8,
            ...     inputs={"child": "Eden", "day": "Tuesday"},
            ...     success_indicators=[TextVisible(value="Confirmation")],
            ... )  # doctest: +SKIP
        """
        statement = GoalStatement(
            goal=goal,
            site_url=site_url,
            priority=priority,
            timeout_minutes=timeout_minutes,
            metadata=dict(metadata or {}),
            inputs=dict(inputs or {}),
            secrets=dict(secrets or {}),
            success_indicators=list(success_indicators),
            steps=list(steps),
            max_steps=max_steps,
            queue=queue,
        )
        if self._log is None:
            return self._submit_by_http(statement, idempotency_key)
        return self._submit_by_log(*self._log, statement, key=idempotency_key)

    def get_task_result(self, task_id: str) -> TaskResult:
        """A task as it is now: status, result, timing, cost, cache metrics.

        Raises:
            NoSuchTask: nobody knows it.
            ApiUnreachable: no answer.

        Example:
            >>> goals.get_task_result(task_id).total_cost  # doctest: +SKIP
            0.0
        """
        task = self._door.get(f"{_TASKS}/{task_id}")
        saved = task.get("cache_time_saved_seconds")
        cache = {"cached_path_used": task.get("cached_path_used"), "time_saved_seconds": saved}
        try:
            return TaskResult.model_validate({**task, "task_id": task.get("id"), "cache": cache})
        except ValidationError as error:
            raise self._door.strange(f"a task without what clients need: {error}") from error

    def wait_for_completion(
        self, task_id: str, timeout_seconds: float = 1_800.0, poll_interval_seconds: float = 0.5
    ) -> TaskResult:
        """Wait until the task is over, or the time is up; returns the task as it is then.

        Look at `is_complete`: a task still running or escalated to a human is returned as such when the time is up.

        Raises:
            NoSuchTask: nobody knows it.
            ApiUnreachable: no answer.

        Example:
            >>> goals.wait_for_completion(task_id, timeout_seconds=60).status  # doctest: +SKIP
            <Status.COMPLETED: 'COMPLETED'>
        """
        ends = time.monotonic() + timeout_seconds
        while True:
            result = self._result_if_read(task_id)
            rest = ends - time.monotonic()
            if result is not None and (result.is_complete or rest <= 0):
                return result
            if rest <= 0:
                raise NoSuchTask(f"there is no task {task_id!r}")
            time.sleep(min(poll_interval_seconds, max(0.0, rest)))

    def close(self) -> None:
        """Flush what is under way and disconnect."""
        self._running.close()

    def __enter__(self) -> Self:
        """Connected already."""
        return self

    def __exit__(self, *_: object) -> None:
        """Disconnect."""
        self.close()

    def _connect(self, connection: Mapping[str, Any]) -> tuple[Publisher, Outcomes]:
        publisher = KafkaPublisher(connection)
        self._running.callback(publisher.close)
        listener = OutcomeListener(connection, self._topics)
        listener.start()
        self._running.callback(listener.close)
        if not listener.wait_ready(self._answer_seconds):
            raise BrokerUnreachable(f"{self._topics.outcomes!r} cannot be read: is the broker up, are the topics made?")
        return publisher, listener

    def _submit_by_log(
        self, publisher: Publisher, outcomes: Outcomes, statement: GoalStatement, *, key: str | None
    ) -> str:
        caller = f"service:{self._service}"
        task_id = new_task_id() if key is None else task_id_for(caller, key, self._topics.partitions)
        command = SubmitTask.model_validate(
            {
                **dict(statement),
                "submitted_by": caller,
                "idempotency_key": key,
                "body_hash": None if key is None else body_hash(statement),
            }
        )
        sender = CommandSender(publisher, self._topics, caller)
        outcome = self._decided(sender, outcomes, task_id, command)
        if outcome is not None:
            return outcome.task_id
        if key is None:
            return task_id
        raise NotDecidedYet(f"no answer yet: submit again with the idempotency key {key!r}")

    def _decided(self, sender: CommandSender, outcomes: Outcomes, task_id: str, command: SubmitTask) -> Outcome | None:
        ends = time.monotonic() + self._answer_seconds
        command_id = new_command_id()
        outcome = ask(sender, outcomes, task_id, command, command_id=command_id).wait(self._answer_seconds)
        if outcome is not None and outcome.may_be_asked_again:
            rest = max(0.0, ends - time.monotonic())
            outcome = ask(sender, outcomes, task_id, command, command_id=command_id).wait(rest)
        if outcome is not None and outcome.result == "refused":
            raise CommandRejected(outcome.reason or "refused", code=outcome.code or "illegal_transition")
        return outcome

    def _submit_by_http(self, statement: GoalStatement, key: str | None) -> str:
        headers = {} if key is None else {"Idempotency-Key": key}
        body = statement.model_dump(mode="json", exclude_unset=False)
        return str(self._door.post(_TASKS, body, headers)["task_id"])

    def _result_if_read(self, task_id: str) -> TaskResult | None:
        try:
            return self.get_task_result(task_id)
        except NoSuchTask:
            drawn = made_at(task_id)
            if drawn is not None and abs(datetime.now(UTC) - drawn) < _YOUNG:
                return None
            raise
