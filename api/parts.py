"""What the door is made of: handed in by the composition root, fakes in tests."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Protocol, Unpack

from fastapi import Request

from api.access import KeyRing
from events.errors import NoSnapshot
from events.topics import Topics
from producers.artifacts import KeptFile
from producers.outcomes import Outcomes
from producers.publisher import Publisher
from projections.answers import ExecutionLog, PartitionLag, RecoveryAnswer, TaskAnswer, TaskPage
from projections.desk_answers import (
    DeadLetterAnswer,
    DeadLetterPage,
    EscalationAnswer,
    EscalationPage,
    LetterState,
    WebhookAnswer,
)
from projections.needed_files import NeededFiles
from projections.path_queries import EditionAnswer, PathAnswer, PathPage, PathState
from projections.price_queries import PriceAnswer
from projections.queue_answers import GroupBy, Metrics, QueueStatus, WorkerAnswer
from projections.sql_limits import SqlResult
from projections.task_filter import TaskFilter
from projections.timeline_queries import FactAnswer


class Readable(Protocol):
    """The readings the endpoints ask; `projections.queries.Readings` is the real one. Any thread may call."""

    def get_task(self, task_id: str) -> TaskAnswer | None:
        """One task."""
        ...

    def list_tasks(  # noqa: D102 - as in Readings
        self,
        *,
        limit: int = 100,
        offset: int = 0,
        cursor: str | None = None,
        total: bool = True,
        **wanted: Unpack[TaskFilter],
    ) -> TaskPage: ...

    def execution_log(  # noqa: D102 - as in Readings
        self,
        task_id: str,
        *,
        step_min: int | None = None,
        step_max: int | None = None,
        ai_level: int | None = None,
        ai_used: str | None = None,
        limit: int = 1_000,
    ) -> ExecutionLog: ...

    def recoveries(self, task_id: str) -> list[RecoveryAnswer]:
        """Every attempt to recover the task, oldest first."""
        ...

    def webhooks(self, task_id: str) -> list[WebhookAnswer]:
        """Every message to its `callback_url`, oldest first."""
        ...

    def timeline(self, task_id: str, *, after_version: int = 0, limit: int = 1_000) -> list[FactAnswer]:
        """Its facts behind a version, oldest first."""
        ...

    def was_decided(self, task_id: str, command_id: str) -> bool:
        """Whether a fact that this command led to is read."""
        ...

    def task_as_of(
        self, task_id: str, *, moment: datetime | None = None, version: int | None = None
    ) -> TaskAnswer | None:
        """The task as it was."""
        ...

    def facts_read(self) -> list[int]:
        """By partition, the offset behind the newest fact."""
        ...

    def facts_behind(self, reached: Sequence[int], *, limit: int = 500) -> list[tuple[str, FactAnswer]]:
        """Facts at or behind these offsets, with their tasks."""
        ...

    def queue_status(self, now: datetime) -> QueueStatus:
        """All queues as of now."""
        ...

    def metrics(self, date_from: date, date_to: date, group_by: GroupBy) -> Metrics:
        """How the tasks went that ended on these days, both included."""
        ...

    def prices(self) -> list[PriceAnswer]:
        """Every price of every model that occurred."""
        ...

    def workers(self, now: datetime, *, include_gone: bool = False) -> list[WorkerAnswer]:
        """Who is there."""
        ...

    def escalations(  # noqa: D102 - as in Readings
        self, *, operator: str | None = None, unclaimed: bool = False, limit: int = 100, offset: int = 0
    ) -> EscalationPage: ...

    def escalation(self, task_id: str) -> EscalationAnswer | None:
        """The task's newest one."""
        ...

    def dead_letters(  # noqa: D102 - as in Readings
        self,
        *,
        state: LetterState | None = None,
        topic: str | None = None,
        reader: str | None = None,
        limit: int = 100,
        offset: int = 0,
    ) -> DeadLetterPage: ...

    def dead_letter(self, letter: str) -> DeadLetterAnswer | None:
        """One of them."""
        ...

    def paths(  # noqa: D102 - as in Readings
        self,
        *,
        site: str | None = None,
        goal: str | None = None,
        state: PathState | None = None,
        limit: int = 100,
        offset: int = 0,
    ) -> PathPage: ...

    def paths_named(self, prefix: str) -> list[PathAnswer]:
        """Those whose key begins so."""
        ...

    def path_editions(self, path_key: str) -> list[EditionAnswer]:
        """Of one of them, oldest first."""
        ...

    def needed_files(self) -> NeededFiles:
        """What tasks that are not over may need."""
        ...


class Analysts(Protocol):
    """Whoever answers analysts' queries and publishes the snapshots they read."""

    async def run(self, sql: str) -> SqlResult:
        """The result of one query; cancelling ends it."""
        ...

    def publish(self) -> Path:
        """A new snapshot; blocks."""
        ...


class NoAnalysts:
    """In place of one where nothing is published."""

    async def run(self, sql: str) -> SqlResult:
        """Refuse; there is nothing to read."""
        raise NoSnapshot(f"nothing is published here to answer {sql[:40]!r} from")

    def publish(self) -> Path:
        """Refuse."""
        raise NoSnapshot("nothing is published here")


class Artifacts(Protocol):
    """Where files lie that facts name; `producers.artifacts.ArtifactStore` is the real one."""

    async def get(self, sha256: str) -> bytes:
        """The content; raises FileNotFoundError, or OSError when the store does not answer."""
        ...

    def files(self) -> Iterator[KeptFile]:
        """All that it holds."""
        ...

    def remove(self, kept: KeptFile) -> bool:
        """Delete a file; false when it was put again meanwhile."""
        ...


class NoArtifacts:
    """A store that holds nothing."""

    async def get(self, sha256: str) -> bytes:
        """See `Artifacts.get`."""
        raise FileNotFoundError(sha256)

    def files(self) -> Iterator[KeptFile]:
        """See `Artifacts.files`."""
        return iter(())

    def remove(self, kept: KeptFile) -> bool:
        """See `Artifacts.remove`."""
        raise FileNotFoundError(kept.name)


@dataclass(frozen=True, slots=True)
class Probes:
    """Looks at what the door leans on; each is quick, and none raises."""

    broker_reachable: Callable[[], bool]
    processors: Callable[[], int | None]  #: that hold partitions; none when the broker does not say
    outcomes_ready: Callable[[], bool]
    projector_running: Callable[[], bool]
    projector_lag: Callable[[], list[PartitionLag] | None]  #: none when the broker does not say
    readings_complete: Callable[[], bool] = lambda: True  #: whether they hold all that was on the log at the start


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything the endpoints use."""

    topics: Topics
    publisher: Publisher
    outcomes: Outcomes
    keys: KeyRing
    readings: Readable
    wait_until: Callable[[str, float], bool]  #: fact (`topic:partition:offset`), seconds: whether it is read by then
    probes: Probes
    outcome_wait_seconds: float = 5.0
    analysts: Analysts = field(default_factory=NoAnalysts)
    artifacts: Artifacts = field(default_factory=NoArtifacts)


def parts_of(request: Request) -> Parts:
    """The parts of the app that serves this request."""
    parts: Parts = request.app.state.parts
    return parts
