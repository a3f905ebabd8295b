"""How long files are kept: what is old goes, what an unfinished task may need stays, and nothing goes on half knowledge."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from api.parts import NoArtifacts, Parts
from api.retention import prune
from events.errors import ArtifactsUnreachable, NotReadYet
from producers.artifacts import ArtifactStore, KeptFile
from projections.needed_files import NeededFiles
from tests.unit.api.terminal import Terminal
from tests.unit.api.world import OLD_ID, World, a_step, a_task

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
MONTH = timedelta(days=30)


@pytest.fixture
def store(tmp_path: Path) -> ArtifactStore:
    return ArtifactStore(str(tmp_path / "kept"))


@pytest.fixture
def parts(world: World, store: ArtifactStore) -> Parts:
    return replace(world.parts, artifacts=store)


async def put(store: ArtifactStore, folder: Path, days: float) -> str:
    """A file that was put so many days ago."""
    made = await store.put("screenshot", os.urandom(20), "image/jpeg")
    moment = (NOW - timedelta(days=days)).timestamp()
    os.utime(folder / "kept" / made.sha256[:2] / made.sha256, (moment, moment))
    return made.sha256


def names(store: ArtifactStore) -> set[str]:
    return {kept.name for kept in store.files()}


async def test_what_is_old_goes_and_what_is_beside_it_stays(parts: Parts, store: ArtifactStore, tmp_path: Path) -> None:
    old, young = await put(store, tmp_path, 31), await put(store, tmp_path, 29)
    half = tmp_path / "kept" / old[:2] / f"{old}.part"
    half.touch()
    os.utime(half, (0, 0))
    session = tmp_path / "kept" / "accounts" / "a.session"
    session.parent.mkdir()
    session.touch()
    os.utime(session, (0, 0))

    looked = prune(parts, MONTH, dry_run=True, now=NOW)
    assert names(store) == {old, young, half.name}
    done = prune(parts, MONTH, now=NOW)

    assert (done.files, done.size_bytes, done.left, done.left_bytes) == (2, 20, 1, 20) == (
        looked.files, looked.size_bytes, looked.left, looked.left_bytes
    )  # fmt: skip
    assert (done.before, done.held_by) == (NOW - MONTH, None)
    assert names(store) == {young}
    assert session.exists()
    assert prune(parts, MONTH, now=NOW).files == 0


async def test_what_an_unfinished_task_may_need_stays(
    world: World, parts: Parts, store: ArtifactStore, tmp_path: Path
) -> None:
    given, before, its_own = [await put(store, tmp_path, days) for days in (90, 80, 60)]
    world.readings.needed = NeededFiles(NOW - timedelta(days=70), OLD_ID, frozenset({given}))

    done = prune(parts, MONTH, now=NOW)

    assert names(store) == {given, its_own}
    assert (done.files, done.spared, done.held_by) == (1, 1, OLD_ID)
    assert before not in names(store)


async def test_what_is_put_again_is_as_new_as_that(parts: Parts, store: ArtifactStore, tmp_path: Path) -> None:
    content = b"the same picture"
    sha256 = hashlib.sha256(content).hexdigest()
    await store.put("screenshot", content, "image/jpeg")
    os.utime(tmp_path / "kept" / sha256[:2] / sha256, (0, 0))
    [listed] = store.files()
    await store.put("screenshot", content, "image/jpeg")

    assert not store.remove(listed)
    assert prune(parts, MONTH).files == 0
    assert await store.get(sha256) == content


async def test_readings_that_are_behind_delete_nothing(parts: Parts, store: ArtifactStore, tmp_path: Path) -> None:
    old = await put(store, tmp_path, 400)
    behind = replace(parts, probes=replace(parts.probes, readings_complete=lambda: False))

    with pytest.raises(NotReadYet, match="nothing is deleted"):
        prune(behind, MONTH, now=NOW)
    assert names(store) == {old}


def test_a_store_that_does_not_answer_is_told(world: World) -> None:
    class Broken(NoArtifacts):
        def files(self) -> Iterator[KeptFile]:
            raise PermissionError("nobody is let in")

    with pytest.raises(ArtifactsUnreachable, match="nobody is let in"):
        prune(replace(world.parts, artifacts=Broken()), MONTH)


async def test_any_store_can_be_pruned(world: World) -> None:
    store = ArtifactStore("memory://pruned")
    made = await store.put("screenshot", os.urandom(20), "image/jpeg")
    parts = replace(world.parts, artifacts=store)

    assert prune(parts, MONTH).left == 1
    assert prune(parts, timedelta(0), now=datetime.now(UTC) + timedelta(days=1)).files == 1
    with pytest.raises(FileNotFoundError):
        await store.get(made.sha256)


def test_the_command_line_tells_what_went(goaltrail: Terminal) -> None:
    refused = goaltrail("prune", "--older-than", "soon")
    done = goaltrail("prune", "--older-than", "90d", "--dry-run")

    assert refused.exit_code == 2
    assert "such as 90d" in refused.stderr
    assert done.exit_code == 0, done.stderr
    assert "would go" in done.stdout


def test_a_filmstrip_shows_every_step_and_runs_nothing(goaltrail: Terminal, tmp_path: Path) -> None:
    picture = os.urandom(20)
    sha256 = hashlib.sha256(picture).hexdigest()
    ArtifactStore("memory://")._write(sha256, picture)
    shot = {"kind": "screenshot", "media_type": "image/jpeg", "size_bytes": 20}
    world = goaltrail.world
    world.readings.tasks[OLD_ID] = a_task(goal="Say <script>alert(1)</script>")
    world.readings.steps = [
        a_step(1, artifacts=[{**shot, "sha256": sha256}], action='press "<b>"', level_reason="the only button"),
        a_step(2, artifacts=[{**shot, "sha256": "e" * 64}], result="error", error_details="no such field"),
        a_step(3, irreversible=True),
    ]
    target = tmp_path / "why.html"

    done = goaltrail("filmstrip", OLD_ID, "-o", str(target))

    assert done.exit_code == 0, done.stderr
    assert "3 steps, 1 pictures, 1 not kept any more" in done.stdout
    page = target.read_text()
    assert page.count("<img") == 1
    assert "data:image/jpeg;base64," in page
    assert "<script" not in page
    for words in (
        "press &quot;&lt;b&gt;&quot;",
        "the only button",
        "no such field",
        "cannot be taken back",
        "no picture",
    ):
        assert words in page
