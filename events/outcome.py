"""Answers to commands whose sender asked for one. Pure."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict

from events.task import Status


class Outcome(BaseModel):
    """What became of a command; one record of `commands.outcomes`, keyed by task id."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    command_id: str
    task_id: str  #: for a repeated idempotency key: the task that exists already; for an operator's order: its subject
    result: Literal["accepted", "already_true", "refused"]
    code: str | None = None  #: of a refusal, see `CommandRejected`
    reason: str | None = None
    status: Status | None = None  #: of the task after the command; none when there is no such task
    fact: str | None = None  #: `topic:partition:offset` of the fact it led to, to wait for a reading
    decided_at: AwareDatetime

    @property
    def may_be_asked_again(self) -> bool:
        """Refused only because the answer was lost in a restart: the same command id again is decided once."""
        return self.result == "refused" and self.code == "try_again"
