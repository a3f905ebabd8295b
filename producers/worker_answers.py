"""What a worker's client answers: claims, totals, decisions, readings. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, JsonValue

from events.action import Action
from events.failure import ErrorType, Strategy
from events.indicators import SuccessIndicator
from events.paths import UsablePath
from events.task import FINAL, Status

StopRequest = Literal["pause", "cancel"]


class WorkerAnswer(BaseModel):
    """Base of all answers: frozen."""

    model_config = ConfigDict(frozen=True)


class ClaimedTask(WorkerAnswer):
    """A task that is yours until you report its end, or its lease is over."""

    task_id: str
    goal: str
    site_url: str
    priority: int
    timeout_seconds: float  #: of this attempt, from now
    metadata: dict[str, JsonValue]
    cached_path: UsablePath | None = (
        None  #: steps that reached this very goal before, verified; `{{name}}` takes an input
    )
    inputs: dict[str, str | int | float | bool]
    secrets: dict[str, str]  #: name -> reference, never a value
    success_indicators: list[SuccessIndicator]
    steps: list[Action]  #: a declared plan
    max_steps: int
    attempt: int  #: 1-based
    last_step: int  #: step numbers go on after this one
    irreversible: list[str]  #: acts of earlier attempts that had their effect, or may have: verify, never do them again
    strategy: Strategy | None  #: to carry out first, as the last attempt failed
    error_type: ErrorType | None  #: why it failed
    hints: str  #: a human's
    checkpoint: str | None  #: sha256 of the artifact to continue from


class Claim(WorkerAnswer):
    """What a worker was given."""

    tasks: list[ClaimedTask]
    count: int
    worker_id: str
    claimed_at: datetime


class Progress(WorkerAnswer):
    """Totals of a task so far, earlier attempts included; and whether to go on."""

    task_id: str
    total_steps: int
    total_cost: float  #: USD
    total_duration_ms: float
    stop_requested: StopRequest | None  #: stop here and call `yield_task`
    held_for_seconds: float  #: the task is surely yours for so long; do not begin what may take longer


class CompletionReported(WorkerAnswer):
    """The task is completed."""

    task_id: str
    status: Status
    completed_at: datetime
    total_steps: int
    total_cost: float  #: USD


class FailureReported(WorkerAnswer):
    """What was decided after a failure."""

    task_id: str
    strategy: Strategy | None  #: how the task goes on; none when it does not, or rests
    status: Status  #: RECOVERY, ESCALATED or FAILED; PAUSED or CANCELLED when that was asked for
    error_type: ErrorType | None  #: as it was understood
    attempt_number: int | None  #: of the recovery, 1-based
    retry_at: datetime | None  #: it goes on no earlier
    same_session: bool = False  #: you still hold the task: carry the strategy out, then `report_recovered`

    @property
    def is_over(self) -> bool:
        """Whether nothing follows."""
        return self.status in FINAL


class TaskGivenBack(WorkerAnswer):
    """The task is no longer yours, at no cost of an attempt."""

    task_id: str
    status: Status


class WorkerTaskStatus(WorkerAnswer):
    """A task as the readings tell it."""

    task_id: str
    status: Status
    progress: int  #: percent
    steps: int
    cost: float  #: USD
    elapsed_seconds: float  #: since the first start, until the end or now; 0 before the first start
