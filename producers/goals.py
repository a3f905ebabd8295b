"""The Goal Engine's client: submits goals by Kafka, reads results and figures from the HTTP API."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Any, Self, TypedDict

from pydantic import JsonValue

from events.action import Action
from events.errors import BodyTooLarge, CommandRejected, PublishFailed
from events.goal import GoalStatement
from events.indicators import SuccessIndicator
from events.steps import CostReported
from events.topics import Topics
from producers.callback_store import CallbackStore
from producers.callbacks import Callbacks, Handler
from producers.goal_answers import CacheMetrics, MetricsSummary, TaskResult
from producers.goal_readings import GoalReadings
from producers.goal_submission import Submission
from producers.http import Door
from producers.link import connect
from producers.readings import TASKS

__all__ = ["CacheMetrics", "GoalClient", "MetricsSummary", "TaskResult"]


class GoalOptions(TypedDict, total=False):
    """What a `GoalClient` is made with besides URL and key."""

    connection: Mapping[str, Any] | None
    topics: Topics | None
    service: str
    answer_seconds: float
    callbacks_file: str | Path | None


class GoalClient(GoalReadings):
    """Submits goals and reads what became of them.

    With a Kafka connection a goal goes straight to the log, and its acceptance comes back from there; without one it
    goes through the HTTP API. Readings always come from the API. Safe to use from several threads.

    Example:
        >>> with GoalClient(url, api_key, connection=connection) as goals:
        ...     task_id = goals.submit_goal("Register Eden for Tuesday swimming", "https://aquatechswim.com")
        ...     result = goals.wait_for_completion(task_id, timeout_seconds=60, poll_interval_seconds=0.05)
        ...     print(result.status, result.final_result)
        COMPLETED Registered, confirmation 4711
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
        callbacks_file: str | Path | None = None,
    ) -> None:
        """Connect.

        Args:
            url: of the API, such as `http://127.0.0.1:8310`.
            api_key: with the scope `read`, and `write` when goals go through the API.
            connection: librdkafka settings; none to submit through the API.
            topics: names and partitions, if they are not the default ones.
            service: in whose name goals are submitted; idempotency keys belong to it.
            answer_seconds: how long the acceptance of a goal is awaited.
            callbacks_file: where callbacks by name are kept; share it with the background worker that makes them.

        Raises:
            BrokerUnreachable: a Kafka connection was given and nothing answers there.
        """
        self._running = ExitStack()
        self._submission: Submission | None = None
        with ExitStack() as unless_connected:
            unless_connected.callback(self._running.close)
            super().__init__(self._running.enter_context(Door(url, api_key)))
            names, lookup = topics or Topics(), None
            if connection is not None:
                link = connect(connection, names, self._running, seconds=answer_seconds)
                self._submission, lookup = Submission(link, service, answer_seconds), link.lookup
            self._passing = Callbacks(CallbackStore(None), self._read, names, lookup, once=True)
            self._running.callback(self._passing.close)
            self._lasting: Callbacks | None = None
            if callbacks_file is not None:
                self._lasting = Callbacks(CallbackStore(Path(callbacks_file)), self._read, names, lookup)
                self._running.callback(self._lasting.close)
            unless_connected.pop_all()

    def submit_goal(
        self,
        goal: str,
        site_url: str,
        priority: int = 5,
        timeout_minutes: float = 30.0,
        *,
        metadata: Mapping[str, JsonValue] | None = None,
        on_complete: Handler | str | None = None,
        inputs: Mapping[str, str | int | float | bool] | None = None,
        secrets: Mapping[str, str] | None = None,
        success_indicators: Sequence[SuccessIndicator] = (),
        steps: Sequence[Action] = (),
        max_steps: int = 20,
        queue: str = "default",
        not_before: datetime | None = None,
        expires_in_seconds: float | None = None,
        callback_url: str | None = None,
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
            on_complete: see `register_complete_callback`.
            inputs: values the goal needs; `{{name}}` in goal, steps and indicators takes them.
            secrets: name -> reference such as `env:AQUATECH_PASS`, never a value.
            success_indicators: what proves that the goal is reached.
            steps: a declared plan.
            max_steps: stop after so many.
            queue: which workers take it.
            not_before: start no earlier.
            expires_in_seconds: give up if it is not started by then.
            callback_url: told by a signed POST when the task has ended or needs a human.
            idempotency_key: the same key gives the same task.

        Raises:
            ValueError: a field is wrong; the text names it.
            CommandRejected: refused, such as an idempotency key used for another goal.
            PublishFailed: the broker did not take it.
            NotDecidedYet: with an idempotency key only: submit again with the same key.

        Example:
            >>> from events.indicators import TextVisible
            >>> task_id = goals.submit_goal(
            ...     "Register {{child}} for {{day}}", "https://aquatechswim.com", 8,
            ...     inputs={"child": "Eden", "day": "Tuesday"},
            ...     success_indicators=[TextVisible(value="Confirmation")],
            ... )
            >>> goals.get_task_result(task_id).is_complete
            False
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
            not_before=not_before,
            expires_in_seconds=expires_in_seconds,
            callback_url=callback_url,
        )
        callback = None if on_complete is None else self._callback(on_complete)
        if self._submission is not None:
            return _submit_by_log(self._submission, statement, idempotency_key, callback)
        headers = {} if idempotency_key is None else {"Idempotency-Key": idempotency_key}
        task_id = str(
            self._door.post(TASKS, statement.model_dump(mode="json", exclude_unset=False), headers)["task_id"]
        )
        if callback is not None:
            callback[0].owe(task_id, callback[1])
        return task_id

    def register_handler(self, name: str, handler: Handler) -> None:
        """From now on callbacks of this name are made by `handler`, in every process that registers it.

        Raises:
            ValueError: this client keeps no callbacks; give it a `callbacks_file`.
        """
        self._kept().know(name, handler)

    def handler(self, name: str) -> Callable[[Handler], Handler]:
        """The same as a decorator.

        Example:
            >>> @goals.handler("tell the parents")
            ... def tell_the_parents(result):
            ...     print(result.status, result.final_result)
            >>> goals.register_complete_callback(finished_id, "tell the parents")
            >>> goals.check_and_call_callbacks()
            COMPLETED Registered, confirmation 4711
            1
        """

        def registered(handler: Handler) -> Handler:
            self.register_handler(name, handler)
            return handler

        return registered

    def register_complete_callback(self, task_id: str, callback: Handler | str) -> None:
        """Have a callback made with the task's result once the task is over.

        The name of a handler is kept in `callbacks_file` and survives every process; a function is known to this
        client only. Either is made by `check_and_call_callbacks`, at least once: a process killed within the callback
        makes it again.

        Raises:
            ValueError: a name, and this client keeps no callbacks.

        Example:
            >>> goals.register_complete_callback(finished_id, lambda result: print(result.status))
            >>> goals.check_and_call_callbacks()
            COMPLETED
            1
        """
        kept, name = self._callback(callback)
        kept.owe(task_id, name)

    def check_and_call_callbacks(self) -> int:
        """Make the callbacks of tasks that are over; returns how many were made. For a loop in a background worker.

        Whoever is killed anywhere in here loses none: the next one goes on where this one stopped. A callback that
        raises is logged and made again next time. A task that was redone by a human's word counts when it is over.
        """
        return self._passing.check() + (0 if self._lasting is None else self._lasting.check())

    def report_task_cost(
        self,
        task_id: str,
        cost: float,
        ai_provider: str,
        *,
        model: str | None = None,
        input_tokens: int = 0,
        output_tokens: int = 0,
    ) -> None:
        """Record a cost of the task in USD that no step carries; also after the task ended.

        Raises:
            ValueError: the cost is negative.
            PublishFailed: the broker did not take it; report it again.

        Example:
            >>> goals.report_task_cost(finished_id, 0.0125, "claude")
        """
        reported = CostReported(
            cost=cost, ai_provider=ai_provider, model=model, input_tokens=input_tokens, output_tokens=output_tokens
        )
        if self._submission is not None:
            self._submission.report_cost(task_id, reported)
        else:
            self._door.post(f"{TASKS}/{task_id}/costs", reported.model_dump(mode="json", exclude={"type"}))

    def close(self) -> None:
        """Flush what is under way and disconnect."""
        self._running.close()

    def __enter__(self) -> Self:
        """Connected already."""
        return self

    def __exit__(self, *_: object) -> None:
        """Disconnect."""
        self.close()

    def _kept(self) -> Callbacks:
        if self._lasting is None:
            raise ValueError("a callback by name needs a client with a `callbacks_file`")
        return self._lasting

    def _callback(self, callback: Handler | str) -> tuple[Callbacks, str]:
        """Who keeps the callback, and its name there."""
        if isinstance(callback, str):
            return self._kept(), callback
        name = uuid.uuid4().hex
        self._passing.know(name, callback)
        return self._passing, name


def _submit_by_log(
    submission: Submission, statement: GoalStatement, key: str | None, callback: tuple[Callbacks, str] | None
) -> str:
    """Owe the callback before the goal can possibly be reached; take it back when the goal is not taken on."""
    task_id = submission.new_id(key)
    if callback is None:
        return submission.submit(task_id, statement, key=key)
    kept, name = callback
    kept.owe(task_id, name)
    try:
        accepted = submission.submit(task_id, statement, key=key)
    except (BodyTooLarge, CommandRejected, PublishFailed):
        kept.owe_not(task_id, name)
        raise
    if accepted != task_id:
        kept.owe(accepted, name)
        kept.owe_not(task_id, name)
    return accepted
