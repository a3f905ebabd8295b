"""Artifacts of steps as they are listed. Pure."""

from __future__ import annotations

from pydantic import Field

from api.schemas.base import Given


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
