"""`python -m projections rebuild`: makes the readings anew from the log."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from time import monotonic

from events.errors import GoaltrailError
from events.topics import Topics
from projections.archive.reading import archive_at
from projections.bulk.run import Progress
from projections.rebuild import rebuild
from projections.store import FILE
from settings import Settings

_REPORT_SECONDS = 1.0


def main() -> int:
    """Rebuild the store of this installation; 0 when it is done."""
    parser = argparse.ArgumentParser(prog="python -m projections", description=__doc__)
    parser.add_argument("command", choices=["rebuild"])
    parser.add_argument("--path", type=Path, help="of the store; below the data folder when not given")
    arguments = parser.parse_args()
    settings = Settings()
    topics = Topics(settings.kafka.prefix, settings.kafka.partitions)
    try:
        path, archive = arguments.path or settings.home / FILE, archive_at(settings.archive_url)
        done = rebuild(settings.librdkafka(), topics, path, _Progress(), archive=archive)
    except GoaltrailError as error:
        sys.stderr.write(f"not rebuilt: {error}\n")
        return 1
    sys.stdout.write(f"{done.path}: {done.records} records in {done.seconds:.1f} s\n")
    if done.kept is not None:
        sys.stdout.write(f"the one before is kept as {done.kept}\n")
    return 0


class _Progress:
    """A line a second: how far, how fast, how long it will take."""

    def __init__(self) -> None:
        self._started = self._said = monotonic()

    def __call__(self, progress: Progress) -> None:
        now = monotonic()
        if now - self._said < _REPORT_SECONDS:
            return
        self._said = now
        rate, left = progress.records / (now - self._started), progress.seconds_left(now - self._started)
        rest = "waiting for the log" if left is None else f"{left:.0f} s left"
        sys.stdout.write(f"{progress.records} records, {progress.ahead} ahead, {rate:.0f}/s, {rest}\n")


if __name__ == "__main__":
    sys.exit(main())
