"""Is the file what the log says, however often its projector was killed? `python -m benchmarks.verify`.

A private broker; a generated history of so many tasks, decided by the real decider, with repeats, facts of replaced
writers and broken records in it, written straight into the log, topics and partitions in shuffled interleavings. Meanwhile
and afterwards a projector folds it and is killed with `kill -9` at random moments. After each kill the file is opened, and
offsets and rows must agree: each table that only grows has exactly the rows that the records below the offsets add to it
(known from the history, not from the folds); nothing is there twice; every task stands where its newest fact does; sums
are those of their rows; the counts of each partition add up to its offset.

In the end the file is held against the recount that `goaltrail verify` makes, and then again with cells falsified at
random: every one must be named. The last line is JSON; `disagreements` and `differences` must be 0, `named` must be
`falsified`. It ends with 1 when they are not.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import threading
import time
from contextlib import ExitStack
from typing import Any

from benchmarks.machine import Machine, running
from benchmarks.verify_falsified import falsify, named
from benchmarks.verify_kills import Killer
from benchmarks.verify_log import LogWriter
from benchmarks.verify_recount import recounted
from projections.store import FILE

_RECORDS_PER_TASK = 9  # about; it only spreads the kills
_SHOWN = 20


def say(text: str) -> None:
    """One line, with the time since the start."""
    print(f"{time.monotonic() - _BEGUN:7.1f} s  {text}", flush=True)


_BEGUN = time.monotonic()


def fold(machine: Machine, options: argparse.Namespace) -> tuple[LogWriter, Killer, dict[str, float]]:
    """The log written, and folded by a projector that was killed again and again; how long both took."""
    writer = LogWriter(machine.connection, machine.topics, options.seed)
    killer = Killer(machine.bootstrap, machine.topics, machine.home / FILE, options.seed + 2)
    estimate = _RECORDS_PER_TASK * options.tasks
    begun = time.monotonic()
    written: list[float] = []

    def write() -> None:
        def report(records: int) -> None:
            rate = records / (time.monotonic() - begun)
            left = max(0, estimate - records) / rate
            say(f"{records:,} records written, {rate:,.0f}/s, about {left:.0f} s left; {killer.visible:,} visible")

        writer.run(options.tasks, report)
        written.append(time.monotonic() - begun)

    thread = threading.Thread(target=write, daemon=True)
    thread.start()
    killer.run(options.kills, estimate, writer, say)
    killer.finish(writer, say)
    return writer, killer, {"generate_s": round(written[0], 1), "fold_s": round(time.monotonic() - begun, 1)}


def measured(options: argparse.Namespace) -> dict[str, Any]:
    """The figures of one run."""
    with ExitStack() as stack:
        machine = stack.enter_context(running(processors=0))
        writer, killer, took = fold(machine, options)
        for found in killer.found:
            say(f"disagreement: {found}")
        path, topics = machine.home / FILE, machine.topics
        good = recounted(machine.connection, topics, path, say)
        for difference in good.found[:_SHOWN]:
            say(f"difference: {difference}")
        cells = falsify(path, options.falsify, random.Random(options.seed + 3))
        bad = recounted(machine.connection, topics, path, say)
        missed = [cell for cell in cells if not named(cell, bad.found)]
        for cell in missed[:_SHOWN]:
            say(f"falsified, and not named: {cell}")
        return {
            "tasks": options.tasks,
            "facts": writer.kinds[topics.task_events],
            "steps": writer.kinds[topics.step_events],
            "records": writer.records,
            "kills": killer.kills,
            "disagreements": killer.found.total(),
            "differences": len(good.found),
            **took,
            "verify_s": round(good.seconds, 1),
            "verify_peak_mb": good.peak_mb,
            "rows": good.rows,
            "falsified": len(cells),
            "named": len(cells) - len(missed),
            "seed": options.seed,
        }


def main() -> int:
    """Run it and print; the last line is JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tasks", type=int, default=200_000)
    parser.add_argument("--kills", type=int, default=50, help="of the projector (default 50)")
    parser.add_argument("--falsify", type=int, default=1_000, help="cells, at least one of every column (default 1000)")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6), help="of the log, the kills and the cells")
    options = parser.parse_args()
    say(f"{options.tasks:,} tasks, {options.kills} kills, --seed {options.seed}")
    figures = measured(options)
    print(json.dumps(figures))
    good = not figures["disagreements"] and not figures["differences"] and figures["named"] == figures["falsified"]
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
