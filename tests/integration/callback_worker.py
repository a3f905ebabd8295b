"""A background worker in a process of its own: `python callback_worker.py url key bootstrap store journal [die]`.

Writes each callback into the journal. With `die`, it is killed after the first callback and within the second one.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

from producers.goal_answers import TaskResult
from producers.goals import GoalClient


def main(url: str, key: str, bootstrap: str, store: str, *journal_and_die: str) -> None:
    """Make callbacks until killed."""
    journal, *die = journal_and_die
    made = []

    def tell(result: TaskResult) -> None:
        made.append(result.task_id)
        if die and len(made) > 1:
            os.kill(os.getpid(), signal.SIGKILL)
        with Path(journal).open("a") as written:
            written.write(f"{result.task_id} {result.status}\n")

    connection = {"bootstrap.servers": bootstrap}
    with GoalClient(url, key, connection=connection, callbacks_file=store) as goals:
        goals.register_handler("tell", tell)
        while True:
            goals.check_and_call_callbacks()
            time.sleep(0.1)


if __name__ == "__main__":
    main(*sys.argv[1:])
