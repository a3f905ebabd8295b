"""What a runner says of paths: learned after a verified run, replayed, healed or failed; and which one a goal has."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol, TypeVar

import structlog
from pydantic import BaseModel

from events.errors import BodyTooLarge
from events.goal_patterns import FindPath, filled, origin_of
from events.paths import PathFact, PathFailed, PathHealed, PathReplayed, UsablePath
from runner.outcome import StepTrouble
from runner.performer import Job
from runner.replay.learning import Taken, Unlearnable, learn
from runner.replay.replayer import Replayer, healed_steps

_TEXT_LIMIT = 1_000  # characters of an error that a path is told of

F = TypeVar("F", bound=BaseModel)

log = structlog.get_logger("runner")


class PathLog(Protocol):
    """Where facts about paths are appended."""

    def append(self, site: str, goal_pattern: str, event: PathFact, *, task_id: str | None = None) -> object:
        """Send one; its delivery is not awaited.

        Raises:
            BodyTooLarge: a path this long is not kept.
        """
        ...


@dataclass(frozen=True, slots=True)
class PathKeeper:
    """Reads and writes of one runner; losing one costs another run by other means, so nothing here stops a task."""

    find: FindPath
    paths: PathLog
    lifetime: timedelta = timedelta(days=30)

    def path_for(self, job: Job) -> UsablePath | None:
        """The path that reaches the job's goal; none for one whose steps are declared, or that a human gave hints on."""
        goal = job.assignment.goal
        if goal.steps or job.assignment.hints:
            return None
        return self.find(goal.goal, goal.site_url, goal.inputs)

    def learned(self, job: Job, steps: list[Taken], *, seconds: float) -> None:
        """A run without a path reached its goal, and that was verified."""
        goal = job.assignment.goal
        try:
            pattern, fact = learn(
                filled(goal.goal, goal.inputs),
                goal.inputs,
                steps,
                goal.success_indicators,
                seconds=seconds,
                cost=0.0,
                expires_at=self._expiry(),
            )
        except Unlearnable as error:
            log.info("not learned", action="path.learn", task_id=job.task_id, reason=str(error))
            return
        self._say(job, origin_of(goal.site_url), pattern, fact)

    def replayed(self, job: Job, replay: Replayer, *, seconds: float, verified: bool) -> float:
        """A replay reached its goal; returns the seconds saved."""
        path = replay.path
        saved = max(0.0, path.seconds - seconds)
        expiry = self._expiry()
        fact = PathReplayed(path=path.path, seconds=seconds, time_saved_seconds=saved, expires_at=expiry)
        self._say(job, path.site, path.goal_pattern, fact)
        if replay.healed and verified:
            steps, changed = healed_steps(replay, job.assignment.goal.inputs)
            if changed:
                healed = PathHealed(path=path.path, steps=steps, changed=changed, expires_at=expiry)
                self._say(job, path.site, path.goal_pattern, healed)
        return saved

    def failed(self, job: Job, path: UsablePath, trouble: StepTrouble, step: int | None, *, seconds: float) -> None:
        """A replay did not reach its goal, since the path does not fit the site any more."""
        fact = PathFailed(
            path=path.path,
            step=step,
            error_type=trouble.error_type,
            error_message=trouble.message[:_TEXT_LIMIT],
            seconds=seconds,
        )
        self._say(job, path.site, path.goal_pattern, fact)

    def _expiry(self) -> datetime:
        return datetime.now(UTC) + self.lifetime

    def _say(self, job: Job, site: str, pattern: str, fact: PathFact) -> None:
        clean = cleaned(fact, job)
        try:
            self.paths.append(site, job.secrets.redact(pattern), clean, task_id=job.task_id)
        except BodyTooLarge as error:
            log.warning("a path was not recorded", action="path.send", task_id=job.task_id, error=str(error))


def cleaned(fact: F, job: Job) -> F:
    """The fact without any value of a secret."""
    return type(fact).model_validate(job.secrets.redact_json(fact.model_dump(mode="json")))
