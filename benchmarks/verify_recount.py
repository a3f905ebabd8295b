"""The recount that `goaltrail verify` makes, in a process of its own, so that its memory can be told."""

from __future__ import annotations

import multiprocessing
import resource
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from events.topics import Topics
from projections.recount.compare import Difference
from projections.recount.verify import verify

_MOST = 100_000
_REPORT_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Recounted:
    """What was found, and what it took."""

    found: list[Difference]
    rows: int
    seconds: float
    peak_mb: int


def recounted(connection: Mapping[str, Any], topics: Topics, path: Path, report: Callable[[str], None]) -> Recounted:
    """Hold the file at `path` against the log."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as one:
        done = one.submit(_verify, dict(connection), topics, path).result()
    shown = f"{done.rows:,} rows recounted in {done.seconds:.1f} s, {done.peak_mb:,} MB at most"
    report(f"{shown}: {len(done.found)} differences")
    return done


def _verify(connection: dict[str, Any], topics: Topics, path: Path) -> Recounted:
    begun = said = time.monotonic()

    def report(records: int, ahead: int) -> None:
        nonlocal said
        now = time.monotonic()
        if now - said >= _REPORT_SECONDS:
            said, rate = now, records / (now - begun)
            left = (ahead - records) / rate
            print(f"  {records:,} of {ahead:,} records recounted, {rate:,.0f}/s, {left:.0f} s left", flush=True)

    done = verify(connection, topics, path, report, most=_MOST)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1_024
    return Recounted(done.found, done.rows, time.monotonic() - begun, peak)
