"""A projector as a process of its own, to be killed: prints how many records are visible whenever there are more."""

from __future__ import annotations

import logging
import signal
import sys
import threading
from pathlib import Path

import structlog

from events.topics import Topics
from projections.projector import Projector

_LOOK_SECONDS = 0.05


def main() -> int:
    """Follow the log until told to stop."""
    bootstrap, prefix, partitions, path = sys.argv[1:]
    topics = Topics(prefix, int(partitions))
    places = [(spec.name, partition) for spec in topics.specs() for partition in range(spec.partitions)]
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    projector = Projector({"bootstrap.servers": bootstrap, "log_level": 2}, topics, Path(path))
    projector.start()
    shown = -1
    while projector.is_alive and not stop.wait(_LOOK_SECONDS):
        visible = sum(projector.position(*place) for place in places)
        if visible != shown:
            print(visible, flush=True)
            shown = visible
    failure = projector.failure
    projector.stop()
    if failure is not None:
        sys.stderr.write(f"{failure}\n")
    return int(failure is not None)


if __name__ == "__main__":
    sys.exit(main())
