"""The client of third-party workers: claims tasks, keeps their leases, reports on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any, NotRequired, Self, TypedDict

from events.topics import Topics
from producers.http import Door
from producers.link import connect
from producers.readings import status_of_task
from producers.worker_answers import Claim, WorkerTaskStatus
from producers.worker_desk import WorkerDesk
from producers.worker_reports import WorkerReports


class WorkerOptions(TypedDict):
    """What a `WorkerClient` is made with besides URL and key."""

    connection: Mapping[str, Any]
    topics: NotRequired[Topics | None]
    queues: NotRequired[Sequence[str]]
    answer_seconds: NotRequired[float]


class WorkerClient(WorkerReports):
    """Takes tasks and reports on them; one client serves any number of worker ids, from any number of threads.

    Claims and reports go by Kafka, readings come from the HTTP API. Leases of claimed tasks are renewed in the
    background until the task's end is reported or the client is closed; what it holds then goes back.

    Example:
        >>> with WorkerClient(url, api_key, connection=connection) as workers:
        ...     claim = workers.claim_task("assigner-1", max_tasks=2)
        ...     for task in claim.tasks:
        ...         progress = workers.update_progress(task.task_id, 1, "open the timetable", duration_ms=120)
        ...         if progress.stop_requested:
        ...             workers.yield_task(task.task_id)
        ...         else:
        ...             print(workers.report_completion(task.task_id, "Registered, confirmation 4711").status)
        COMPLETED
    """

    def __init__(
        self,
        url: str,
        api_key: str,
        *,
        connection: Mapping[str, Any],
        topics: Topics | None = None,
        queues: Sequence[str] = ("default",),
        answer_seconds: float = 15.0,
    ) -> None:
        """Connect.

        Args:
            url: of the API, such as `http://127.0.0.1:8310`.
            api_key: with the scope `read`.
            connection: librdkafka settings.
            topics: names and partitions, if they are not the default ones.
            queues: whose tasks are taken.
            answer_seconds: how long the decision on a report is awaited.

        Raises:
            BrokerUnreachable: nothing answers.
        """
        self._running = ExitStack()
        self._door = self._running.enter_context(Door(url, api_key))
        with ExitStack() as unless_connected:
            unless_connected.callback(self._running.close)
            link = connect(connection, topics or Topics(), self._running, seconds=answer_seconds)
            self._find_path = link.open_paths()
            super().__init__(WorkerDesk(link, tuple(queues), answer_seconds))
            self._running.callback(self._desk.close)
            unless_connected.pop_all()

    def claim_task(self, worker_id: str, max_tasks: int = 1, *, wait_seconds: float = 5.0) -> Claim:
        """Take up to `max_tasks` tasks; they are started and yours when the call returns.

        Waits up to `wait_seconds` for the first one, and a moment longer for more. No task is ever held by two
        workers; what is granted too late goes back at no cost. One worker id makes one claim at a time: another one waits
        for its turn. A task whose goal was reached before comes with the path that led there (`cached_path`): report
        `cache_path_used=True` after taking it.

        Raises:
            BrokerUnreachable: nothing answers.

        Example:
            >>> claim = workers.claim_task("assigner-1", max_tasks=1, wait_seconds=0.1)
            >>> claim.worker_id, claim.count
            ('assigner-1', 0)
        """
        if max_tasks < 1:
            raise ValueError(f"max_tasks is {max_tasks}, at least 1 is wanted")
        tasks = [held.shown(self._find_path) for held in self._desk.claim(worker_id, max_tasks, wait_seconds)]
        return Claim(tasks=tasks, count=len(tasks), worker_id=worker_id, claimed_at=datetime.now(UTC))

    def abandon_claim(self, worker_id: str) -> None:
        """Let a claim that another thread has under way return empty; what it got goes back."""
        self._desk.abandon_claim(worker_id)

    def get_task_status(self, task_id: str) -> WorkerTaskStatus:
        """Status, progress in percent, steps, cost and elapsed time of any task, as the readings tell it.

        Raises:
            NoSuchTask: nobody knows it.
            ApiUnreachable: no answer.

        Example:
            >>> workers.get_task_status(task_id).progress
            100
        """
        return status_of_task(self._door, task_id)

    def close(self) -> None:
        """Give back what is held and disconnect."""
        self._running.close()

    def __enter__(self) -> Self:
        """Connected already."""
        return self

    def __exit__(self, *_: object) -> None:
        """Disconnect."""
        self.close()
