"""Nothing acknowledged is lost and nothing happens twice, whatever dies: the nemesis in its short form."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(240)]

ROOT = Path(__file__).parents[2]


def test_kills_stops_and_injected_exits_lose_nothing_and_repeat_nothing(kafka_parts: object) -> None:  # noqa: ARG001 - skips
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.nemesis", "--seconds", "24"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=220,
        check=False,
    )
    found = json.loads(done.stdout.splitlines()[-1]) if done.stdout else {}
    wrong = {key: found.get(key) for key in ("lost", "gaps", "illegal", "unfinished", "run_twice", "disagree")}

    assert done.returncode == 0, done.stdout[-4_000:] + done.stderr[-2_000:]
    assert set(wrong.values()) == {0}, found
    assert found["missing_effects"] == 0, found
    assert found["kills"] >= 10, found
    assert found["stops"] >= 2, found
    # A run in which nothing got done would hold all of this as well.
    assert found["completed"] >= 100, found
    assert found["taken_over"] >= 1, found
