"""Artifacts of steps as they are listed. Pure."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from api.schemas.base import Given, Moment, Taken


class StepArtifact(Given):
    """A file that belongs to a step."""

    step_number: int
    kind: str = Field(description="`screenshot`, `trace`, ...")
    sha256: str = Field(description="of the content; names it")
    media_type: str
    size_bytes: int
    url: str = Field(description="path of the content at this API")


class ArtifactList(Given):
    """The files of a task, or of one of its steps, in the order of the steps."""

    task_id: str
    artifacts: list[StepArtifact]


class Prune(Taken):
    """Which files may go."""

    older_than_days: Annotated[float, Field(ge=0, le=36_500, description="since they were last put")]
    dry_run: bool = Field(default=False, description="only tell what would go")


class Pruned(Given):
    """What went, or would go."""

    dry_run: bool
    before: Moment = Field(description="files went that were last put before this moment")
    held_by: str | None = Field(description="the task that is not over and kept younger files than were asked for")
    files: int
    size_bytes: int
    spared: int = Field(description="old enough, but an unfinished task was given them, or a learned path gives them")
    left: int = Field(description="files that stay")
    left_bytes: int
