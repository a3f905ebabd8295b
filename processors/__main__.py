"""`python -m processors`: one worker that decides and, if its turn comes, dispatches."""

from __future__ import annotations

import gc
import logging
import sys

import faust

from events.errors import SetupIncomplete
from events.topics import Topics
from processors.app import build, quiet_clients
from processors.reader import await_topics
from settings import Settings

_SWITCH_SECONDS = 0.001  # the dispatcher's thread and the agent's loop take turns; 5 ms would be felt as latency


def main() -> int:
    """Run until SIGTERM or SIGINT."""
    settings = Settings()
    logging.basicConfig(level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    quiet_clients()
    settings.home.mkdir(parents=True, exist_ok=True)
    sys.setswitchinterval(_SWITCH_SECONDS)
    gc.set_threshold(50_000, 20, 100)
    try:
        app = build(settings)
    except SetupIncomplete as error:
        logging.getLogger("processors").error("cannot start: %s", error)  # noqa: TRY400 - the sentence says it all
        return 1
    await_topics(settings.librdkafka(), Topics(settings.kafka.prefix, settings.kafka.partitions))
    worker = faust.Worker(app, loglevel=settings.log_level, quiet=True, redirect_stdouts=False)
    worker.execute_from_commandline()
    return 0


if __name__ == "__main__":
    sys.exit(main())
