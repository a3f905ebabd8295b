"""How long files are kept: pictures, traces and checkpoints go after a time; what a task that is not over may need stays."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog

from api.parts import Parts
from events.errors import ArtifactsUnreachable, GoaltrailError, NotReadYet

log = structlog.get_logger(__name__)

_FIRST_SECONDS = 300.0  # not in the bustle of a start
_EVERY_SECONDS = 6 * 3_600.0
_SKEW = timedelta(hours=1)  # that the clocks of brokers, runners and stores may differ by


@dataclass(frozen=True, slots=True)
class Pruned:
    """What went, or would go."""

    before: datetime  #: files went that were last put before this moment
    held_by: str | None  #: the task that is not over and made this moment an earlier one than was asked for
    files: int
    size_bytes: int
    spared: int  #: files that are old enough, but that a task which is not over was given, or a learned path gives
    left: int  #: files that stay
    left_bytes: int


def prune(parts: Parts, older_than: timedelta, *, dry_run: bool = False, now: datetime | None = None) -> Pruned:
    """Delete files that were put longer ago than this; blocks.

    Facts go on naming them, and the API answers 410 for them. No name tells whose checkpoint a file is, so everything stays
    that was put since the oldest task began that is not over.

    Raises:
        NotReadYet: the readings are behind the log, so nobody knows which tasks are not over.
        ArtifactsUnreachable: the store does not answer.
    """
    if not parts.probes.readings_complete():
        raise NotReadYet("nothing is deleted: the readings have not taken all that was on the log; try again")
    wanted, needed = (now or datetime.now(UTC)) - older_than, parts.readings.needed_files()
    before = wanted if needed.since is None else min(wanted, needed.since - _SKEW)
    gone = gone_bytes = spared = left = left_bytes = 0
    try:
        for kept in parts.artifacts.files():
            old, named = kept.kept_at < before, kept.name in needed.named
            if old and not named and (dry_run or parts.artifacts.remove(kept)):
                gone, gone_bytes = gone + 1, gone_bytes + kept.size_bytes
                continue
            spared += old and named
            left, left_bytes = left + 1, left_bytes + kept.size_bytes
    except OSError as error:
        raise ArtifactsUnreachable(f"the store of artifacts does not answer: {error}") from error
    held_by = needed.task_id if before < wanted else None
    return Pruned(before, held_by, gone, gone_bytes, spared, left, left_bytes)


class RegularPruning:
    """Prunes every few hours, in a thread."""

    def __init__(self, parts: Parts, older_than: timedelta) -> None:
        self._parts, self._older_than = parts, older_than
        self._stopping = threading.Event()

    def start(self) -> None:
        """Begin; the first round comes some minutes later."""
        threading.Thread(target=self._run, name="retention", daemon=True).start()

    def stop(self) -> None:
        """Begin no other round."""
        self._stopping.set()

    def _run(self) -> None:
        wait = _FIRST_SECONDS
        while not self._stopping.wait(wait):
            wait = _EVERY_SECONDS
            try:
                pruned = prune(self._parts, self._older_than)
            except GoaltrailError as error:
                log.warning("no files were deleted", action="prune", error=str(error))
                continue
            told = {"files": pruned.files, "size_bytes": pruned.size_bytes, "left": pruned.left}
            log.info("old files are deleted", action="prune", **told, held_by=pruned.held_by)
