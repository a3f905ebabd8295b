"""`python -m local`: brings Java, Maven, a Chromium and the Kafka jars to this machine; what is there is reused."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable
from pathlib import Path

from events.errors import SetupIncomplete
from local import chromium, debian, java, kafka_jars

_SLOW_S = 0.5  #: below this nobody wants to read how long it took


def main() -> int:
    """Bring every part, and say what is missing; 0 when all are there."""
    try:
        _part("Java", java.find, lambda: debian.install("openjdk-17-jre-headless"))
        _part("Chromium", chromium.find, lambda: debian.install("chromium-headless-shell"))
        _part(f"Kafka {kafka_jars.KAFKA_VERSION}", kafka_jars.find, _fetch_jars)
    except SetupIncomplete as part:
        print(f"setup: {part}", file=sys.stderr)
        return 1
    return 0


def _part(name: str, find: Callable[[], Path], bring: Callable[[], object]) -> None:
    started = time.monotonic()
    try:
        found = find()
    except SetupIncomplete:
        print(f"  {name}: fetching ...", flush=True)
        bring()
        found = find()
    took = time.monotonic() - started
    print(f"  {name}: {found}" + (f"  ({took:.1f} s)" if took > _SLOW_S else ""), flush=True)


def _fetch_jars() -> None:
    if shutil.which("mvn") is None:
        _part("Maven", _maven, lambda: debian.install("maven"))
    kafka_jars.fetch()


def _maven() -> Path:
    found = shutil.which("mvn")
    if found is None:
        raise SetupIncomplete("no Maven found; type: apt-get install maven")
    return Path(found)


if __name__ == "__main__":
    sys.exit(main())
