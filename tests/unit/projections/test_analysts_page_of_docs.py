"""docs/analysts.md is true: its queries are answered, its Python runs, its script draws, on a week of tasks."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from projections.sql_limits import SqlLimits
from projections.sql_worker import answer
from tests.unit.projections.week import snapshot_of_a_week

DOCS = Path(__file__).resolve().parents[3] / "docs"
PAGE = (DOCS / "analysts.md").read_text()
QUERIES = re.findall(r"```sql\n(.*?)```", PAGE, re.DOTALL)
PROGRAMS = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
PICTURES = {"cache-savings", "cost-by-provider", "latency-by-hour", "recoveries-by-strategy", "tasks-per-day"}
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return snapshot_of_a_week(tmp_path_factory.mktemp("week"))


def test_the_page_has_what_is_tried_here() -> None:
    assert (len(QUERIES), len(PROGRAMS)) == (6, 1)


@pytest.mark.parametrize("sql", QUERIES, ids=lambda sql: " ".join(sql.split())[:40])
def test_a_query_is_answered(snapshot: Path, sql: str) -> None:
    limits = SqlLimits()
    with duckdb.connect(str(snapshot), read_only=True, config=limits.duckdb_config()) as connection:
        reply = answer(connection, sql, limits)
    assert reply.refused is None
    assert reply.result is not None
    assert reply.result.rows


def test_the_python_runs(snapshot: Path, capsys: pytest.CaptureFixture[str]) -> None:
    program = PROGRAMS[0].replace('"snapshots-of-readings"', repr(str(snapshot.parent)))
    exec(compile(program, "docs/analysts.md", "exec"), {})
    said = capsys.readouterr().out
    assert "'click 1', 'click 2'" in said
    assert "'site': 'music.example'" in said


#: Both in one process, as most of the time goes into starting matplotlib.
RUN_TWICE = """
import runpy, sys
script, *pairs = sys.argv[1:]
for pair in (pairs[:2], pairs[2:]):
    sys.argv = [script, *pair]
    runpy.run_path(script, run_name="__main__")
"""


def test_the_script_draws(snapshot: Path, tmp_path: Path) -> None:
    empty = snapshot_of_a_week(tmp_path, tasks=0)
    pairs = [str(snapshot), str(tmp_path / "week"), str(empty), str(tmp_path / "nothing")]
    command = [sys.executable, "-c", RUN_TWICE, str(DOCS / "analysts" / "pictures.py"), *pairs]
    drawn = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert drawn.returncode == 0, drawn.stderr
    assert [Path(line).stem for line in sorted(drawn.stdout.splitlines())] == sorted(PICTURES) * 2
    for name in PICTURES:
        full, bare = ((tmp_path / folder / f"{name}.png").read_bytes() for folder in ("week", "nothing"))
        assert full.startswith(PNG)
        assert bare.startswith(PNG)
        assert full != bare, "with nothing to show it says so"
