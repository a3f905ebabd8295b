"""Many tasks at once with the browser as shipped: all finish, and nothing of the runner is left afterwards."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.autonomy_stage import Stage, staged
from local.process_tree import alive, descendants_of

GOAL = "Register {{child}} for {{class}} on {{day}}"
_PATIENCE_SECONDS = 600.0
_PAGE_KB = 4  # of what /proc/PID/statm counts


def measure(seeds: Sequence[int], say: Callable[[str], None]) -> dict[str, Any]:
    """Ten tasks at once, then a hundred; more seeds repeat the hundred."""
    found: dict[str, Any] = {}
    with staged() as stage:
        with stage.runner() as runner:
            for name, count in [("ten", 10), *((f"hundred_{n}" if n else "hundred", 100) for n in range(len(seeds)))]:
                told, peak = _at_once(stage, runner.pid, name, count)
                found[name] = {**told, "peak_rss_mb": peak}
                say(f"load: {name}: {found[name]}")
            tree = descendants_of(runner.pid)
        found["orphans"] = sum(alive(pid) for pid in tree)
    return found


def _at_once(stage: Stage, runner: int, name: str, count: int) -> tuple[dict[str, Any], int]:
    before = len(stage.site.record())
    begun, peak = time.monotonic(), 0
    tasks = [_submit(stage, f"{name} {number}", number) for number in range(count)]
    while time.monotonic() - begun < _PATIENCE_SECONDS:
        peak = max(peak, sum(_rss_kb(pid) for pid in (runner, *descendants_of(runner))) // 1_024)
        if all(task["status"] == "COMPLETED" for task in stage.ended(tasks[-1:], 1.0)):
            break
    over = stage.ended(tasks, _PATIENCE_SECONDS - (time.monotonic() - begun))
    seconds = time.monotonic() - begun
    took = [float(task.get("total_time_seconds") or 0) for task in over]
    return {
        "tasks": count,
        "completed": sum(task["status"] == "COMPLETED" for task in over),
        "registrations": len(stage.site.record()) - before,
        "seconds": round(seconds, 1),
        "tasks_per_minute": round(60 * count / seconds, 1),
        "task_p50_s": round(statistics.median(took), 2),
        "task_max_s": round(max(took), 2),
    }, peak


def _submit(stage: Stage, child: str, number: int) -> str:
    given = {"child": child, "class": "Dolphins", "day": ("Tuesday", "Thursday", "Saturday")[number % 3], "age": 7}
    return stage.submit(
        GOAL,
        inputs={**given, "email": "parent@example.org", "username": "parent"},
        success_indicators=[
            {"kind": "text_visible", "value": "{{child}}: {{class}} on {{day}}", "at": "/registrations"}
        ],
    )


def _rss_kb(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE_KB
    except (OSError, IndexError):
        return 0
