"""A projector as a process of its own, to be killed: a line per batch says how many records are visible."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

from events.topics import Topics
from projections.follower import Follower


def main() -> None:
    bootstrap, prefix, partitions, path = sys.argv[1:]
    follower = Follower({"bootstrap.servers": bootstrap}, Topics(prefix, int(partitions)), Path(path))
    never = threading.Event()
    while True:
        if follower.step(never):
            print(sum(tally.next_offset for tally in follower.tallies.values()), flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
