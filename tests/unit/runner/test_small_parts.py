"""Browser discovery, loops, offset marks, artifacts."""

from concurrent.futures import Future
from pathlib import Path

import pytest

from events.errors import PublishFailed, SetupIncomplete
from events.partitioner import partition_of
from producers.artifacts import ArtifactStore
from producers.publisher import Placement
from producers.step_marks import StepMarks
from runner.chromium import find_chromium
from runner.limits import LoopWatch

BUNDLED = Path("/pw/chrome")
SHELL = Path("/usr/bin/chromium-headless-shell")


def find(configured: Path | None, there: set[Path]) -> Path:
    on_path = {path.name: str(path) for path in there}
    return find_chromium(configured, BUNDLED, exists=there.__contains__, which=on_path.get)


def test_browsers_in_their_order() -> None:
    mine, full = Path("/my/chrome"), Path("/usr/bin/chromium")
    assert find(mine, {mine, BUNDLED, SHELL}) == mine
    assert find(None, {BUNDLED, SHELL}) == BUNDLED
    assert find(None, {full, SHELL}) == SHELL
    assert find(None, {full}) == full


def test_a_missing_browser_says_what_to_type() -> None:
    with pytest.raises(SetupIncomplete, match="apt-get install chromium-headless-shell"):
        find(None, set())
    with pytest.raises(SetupIncomplete, match="/my/chrome"):
        find(Path("/my/chrome"), {SHELL})


def test_a_loop_is_the_same_act_three_times_on_an_unchanged_page() -> None:
    watch = LoopWatch()
    assert [watch.stuck("p", "a"), watch.stuck("p", "a"), watch.stuck("p", "a")] == [False, False, True]
    watch = LoopWatch()
    assert not any([watch.stuck("p", "a"), watch.stuck("q", "a"), watch.stuck("p", "a"), watch.stuck("p", "b")])


def test_marks_rise_with_deliveries_and_never_fall() -> None:
    home = partition_of("task", 3)
    marks = StepMarks({home: 7}, 3)
    assert marks.of_task("task") == 7
    for offset in (9, 3):
        placed: Future[Placement] = Future()
        placed.set_result(Placement("steps", home, offset))
        marks.delivered(placed)
    lost: Future[Placement] = Future()
    lost.set_exception(PublishFailed("no"))
    marks.delivered(lost)
    assert marks.of_task("task") == 10


async def test_artifacts_are_kept_once_and_for_the_owner_only(tmp_path: Path) -> None:
    store = ArtifactStore(str(tmp_path / "artifacts"))
    first, second = await store.put("trace", b"abc", "x/y"), await store.put("trace", b"abc", "x/y")
    assert first == second
    assert (first.kind, first.size_bytes) == ("trace", 3)
    files = [path for path in (tmp_path / "artifacts").rglob("*") if path.is_file()]
    assert [path.name for path in files] == [first.sha256]
    assert files[0].stat().st_mode & 0o077 == 0
    assert await store.get(first.sha256) == b"abc"
    with pytest.raises(FileNotFoundError):
        await store.get("0" * 64)


async def test_artifacts_anywhere_fsspec_reaches() -> None:
    store = ArtifactStore("memory://artifacts")
    kept = await store.put("screenshot", b"abc", "image/jpeg")
    assert await store.get(kept.sha256) == b"abc"
