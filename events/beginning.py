"""Where a partition begins since its older records went to the archive, and what a reader without a snapshot must know. Pure.

A fold at that place holds no task: records leave the log only for tasks that are over, longer ago than the lifecycle agent
remembers. What remains of it is how far commands are decided, so that none is decided again for a task that is gone.
"""

from __future__ import annotations

from pydantic import AwareDatetime, BaseModel, ConfigDict


class LogBeginning(BaseModel):
    """One record of `log.beginnings`, keyed `topic:partition`; the newest one counts."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    topic: str
    topic_id: str  #: a topic made anew under the same name has another one
    partition: int
    beginning: int  #: offset of the first record that stays
    decided_to: int = -1  #: highest command offset of the partition that was decided by then
    recorded_at: AwareDatetime

    @property
    def key(self) -> str:
        """What the topic is compacted by."""
        return f"{self.topic}:{self.partition}"
