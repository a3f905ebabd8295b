"""What waiting tasks cost those that need not wait: `python -m benchmarks.dispatch`.

Three questions, on a real broker with one processor:

- `p99_ms_at_N`: from the call that sends a submission to its `task.claimed` fact as a reader sees it, one goal at a time,
  with N other tasks waiting: half in a queue no worker serves, half in a served queue that is held by a ceiling.
- `ratio_to_bare_loop`: decisions per second (submitted, claimed, started, completed: four a task) against a bare consume
  loop that calls the same `decide` (`benchmarks.bare_loop`), nothing else running.
- `restart_s_with_N_waiting`: N submissions written straight into an empty log; from the start of the processor to the
  first claim of a waiting task by a live worker. `rss_mb_with_N_waiting` is the processor's memory then.

Each part can be left out, and each size made smaller; the full run takes about ten minutes. The last line is JSON.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace

from benchmarks.dispatch_latency import measure_latency
from benchmarks.dispatch_rate import measure_rates
from benchmarks.dispatch_restart import measure_restart
from benchmarks.machine import Machine, running
from events.topics import Topics
from producers.admin import ensure_topics


def fresh_log(machine: Machine, name: str) -> Machine:
    """The same broker with a log and a data folder of their own."""
    home = machine.home / name
    home.mkdir()
    fresh = replace(machine, topics=Topics(f"{name}."), home=home)
    ensure_topics(fresh.connection, fresh.topics)
    return fresh


def main() -> None:
    """Measure what is asked for and print; the last line is JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--waiting", type=int, nargs="*", default=[0, 1_000, 100_000], help="sizes for the latency")
    parser.add_argument("--probes", type=int, default=300, help="goals measured per size")
    parser.add_argument("--rate-tasks", type=int, default=6_000, help="tasks per round of the ratio; 0 leaves it out")
    parser.add_argument("--rounds", type=int, default=2, help="rounds of the ratio, of each side in turn")
    parser.add_argument("--restart", type=int, default=1_000_000, help="waiting tasks of the restart; 0 leaves it out")
    options = parser.parse_args()
    figures: dict[str, float] = {}
    with running(processors=0) as machine:
        for waiting in options.waiting:
            figures |= measure_latency(fresh_log(machine, f"wait{waiting}"), waiting, options.probes)
            print(figures, flush=True)
        if options.rate_tasks:
            logs = [fresh_log(machine, f"rate{number}") for number in range(2 * options.rounds)]
            figures |= measure_rates(logs, options.rate_tasks)
            print(figures, flush=True)
        if options.restart:
            figures |= measure_restart(fresh_log(machine, "restart"), options.restart)
    print(json.dumps(figures))


if __name__ == "__main__":
    main()
