"""`python -m processors.backtest --policy FILE`: the recorded failures under another recovery policy. Changes nothing."""

from __future__ import annotations

import argparse
import json
import re
import sys
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

from events.codec import decode_fact
from events.errors import GoaltrailError, UndecodableRecord
from events.topics import Topics
from processors.app import policy_of
from processors.backtest.log import recorded_facts
from processors.backtest.replay import Comparison, Replay, compare
from processors.policy import Policy
from processors.recovery_file import read_recovery_tables
from processors.recovery_rules import RecoveryTable
from settings import Settings

_SPAN = re.compile(r"(\d+)([hdw])")
_HOURS = {"h": 1, "d": 24, "w": 168}


def main() -> int:
    """Read the log once and print what would have changed; 0 when that could be done."""
    parser = argparse.ArgumentParser(prog="goaltrail backtest", description=__doc__)
    parser.add_argument("--policy", type=Path, required=True, help="recovery rules to try (TOML, see docs/recovery.md)")
    parser.add_argument("--since", type=_moment, default=None, help="a date, or a span such as 24h, 30d or 4w")
    parser.add_argument("--json", action="store_true", help="print the comparison as JSON")
    wanted = parser.parse_args()
    settings = Settings()
    try:
        present = policy_of(settings)
        other = Policy(
            lease=present.lease,
            max_losses=present.max_losses,
            recovery=read_recovery_tables(wanted.policy, RecoveryTable()),
        )
        since = wanted.since or datetime.min.replace(tzinfo=UTC)
        replay = _replayed(settings, Replay(policy=other, present=present, since=since))
    except GoaltrailError as error:
        sys.stderr.write(f"not done: {error}\n")
        return 1
    found = compare(replay)
    sys.stdout.write(json.dumps(asdict(found)) + "\n" if wanted.json else _page(found))
    return 0


def _replayed(settings: Settings, replay: Replay) -> Replay:
    """All facts of the log as it is now, taken."""
    topics = Topics(settings.kafka.prefix, settings.kafka.partitions)
    for record in recorded_facts(settings.librdkafka(), topics):
        try:
            replay.take(decode_fact(record.value))
        except UndecodableRecord as error:
            sys.stderr.write(f"passed over {topics.task_events}[{record.partition}]@{record.offset}: {error}\n")
    return replay


def _page(found: Comparison) -> str:
    lines = [
        f"{found.failures} failed attempts: {found.changed} decided otherwise, {found.spared} that would not have happened",
        f"waiting: {found.recorded_wait_seconds:.0f} s recorded, {found.other_wait_seconds:.0f} s otherwise",
        f"  {'':<24} {'recorded':>9} {'otherwise':>9}",
    ]
    names = sorted({*found.recorded, *found.other})
    lines += [f"  {name:<24} {found.recorded.get(name, 0):>9} {found.other.get(name, 0):>9}" for name in names]
    lines += [f"  {error}: {before} -> {after}: {count}" for error, before, after, count in found.changes]
    if found.completions_lost:
        lines.append(f"{found.completions_lost} tasks were completed after a failure at which these rules give up")
    return "\n".join(lines) + "\n"


def _moment(text: str) -> datetime:
    span = _SPAN.fullmatch(text)
    if span is not None:
        return datetime.now(UTC) - timedelta(hours=int(span[1]) * _HOURS[span[2]])
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)


if __name__ == "__main__":
    sys.exit(main())
