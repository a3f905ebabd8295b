"""The readings at a million tasks and five million steps: `python -m benchmarks.projections`.

The first run makes that many tasks and folds them into a file, which is kept under `~/.cache/goaltrail/benchmarks` until
schema or generator change; every run works on a copy. Three parts, each of which can be left out:

- answers: a projector reads a private broker that gets 1,000 facts a second from another process, while two threads ask
  for answers in turn with 40 ms between: one task, lists (a site's completed tasks of a week: first page, a page 2,000
  deep by offset, pages by cursor), execution log, metrics of 30 days, queue status, open escalations. `visible_p99_ms` runs
  from the call that sends a submission to the answer that shows the task.
- fold: the projector's own step over batches of 1,000, as fast as it goes, Kafka's client left out.
- rebuild: a log written to the broker, rebuilt at each of several sizes; `rebuild_facts_per_s` is the slowest of them.

Figures are medians over rounds; `met` says which goals were reached. A machine that was busy before is named, with its load:
on two cores a second process doubles most figures. Takes about six minutes, and three more to make the data set. The last
line is JSON.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable
from dataclasses import replace

from benchmarks.machine import Machine, running
from benchmarks.projections_fold import measure_fold, measure_rebuild
from benchmarks.projections_history import History
from benchmarks.projections_queries import measure_answers
from benchmarks.projections_store import copied, stored
from events.topics import Topics
from producers.admin import ensure_topics

AT_MOST = {
    "get_p99_ms": 10,
    "list_p99_ms": 50,
    "execution_log_p99_ms": 20,
    "metrics_p99_ms": 50,
    "queue_p99_ms": 50,
    "escalations_p99_ms": 50,
    "visible_p99_ms": 500,
}
AT_LEAST = {"fold_facts_per_s": 15_000, "rebuild_facts_per_s": 200_000}
_BUSY_LOAD = 0.5  # of the last minute; a quiet machine is far below


def met(figures: dict[str, float]) -> dict[str, bool]:
    """For each goal that was measured, whether it was reached."""
    reached = {name: figures[name] <= goal for name, goal in AT_MOST.items() if name in figures}
    return reached | {name: figures[name] >= goal for name, goal in AT_LEAST.items() if name in figures}


def main() -> None:
    """Measure what is asked for and print; the last line is JSON."""
    options = _options()
    history = History(options.tasks, live=min(2_000, options.tasks // 10))
    load = os.getloadavg()[0]
    if load > _BUSY_LOAD:
        print(f"the machine is busy (load {load:.1f}): figures are worse than it could do", flush=True)
    figures: dict[str, float] = {"tasks": options.tasks, "load_before": round(load, 2)}
    parts: dict[str, Callable[[Machine], dict[str, float]]] = {
        "answers": lambda machine: measure_answers(
            machine, history, copied(history, machine.home), options.rounds, options.seconds
        ),
        "fold": lambda machine: measure_fold(machine, history, copied(history, machine.home), options.rounds),
        "rebuild": lambda machine: measure_rebuild(machine, history, options.rebuild),
    }
    if {"answers", "fold"} & set(options.parts):
        stored(history)
    with running(processors=0) as machine:
        for name in options.parts:
            found = parts[name](_own_log(machine, name))
            print(found, flush=True)
            figures |= found
    print(json.dumps({**figures, "goals": AT_MOST | AT_LEAST, "met": met(figures)}))


def _own_log(machine: Machine, name: str) -> Machine:
    """The same broker with a log and a data folder of their own."""
    home = machine.home / name
    home.mkdir()
    own = replace(machine, topics=Topics(f"{name}."), home=home)
    ensure_topics(own.connection, own.topics)
    return own


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tasks", type=int, default=1_000_000, help="of the data set; five steps each")
    names = ["answers", "fold", "rebuild"]
    parser.add_argument("--parts", nargs="*", choices=names, default=names, help="what to measure")
    parser.add_argument("--rounds", type=int, default=3, help="whose median is taken")
    parser.add_argument("--seconds", type=float, default=30.0, help="of one round of answers")
    parser.add_argument(
        "--rebuild", type=int, nargs="*", default=[1_000_000, 5_000_000], help="sizes of the log, ascending"
    )
    return parser.parse_args()


if __name__ == "__main__":
    main()
