"""Files of steps over HTTP and from the command line: what a step names is had, and nothing else."""

from __future__ import annotations

import hashlib
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.app import create_app
from api.parts import NoArtifacts
from producers.artifacts import ArtifactStore
from tests.unit.api.terminal import Terminal
from tests.unit.api.world import OLD_ID, World, a_step, a_task

TASK = f"/api/browser-tasks/{OLD_ID}"


async def kept(world: World, kind: str = "screenshot", media_type: str = "image/jpeg", number: int = 1) -> str:
    """A file that a step of the task names."""
    store = world.parts.artifacts
    assert isinstance(store, ArtifactStore)
    made = await store.put(kind, os.urandom(20), media_type)
    name(world, number, **made.model_dump())
    return made.sha256


def name(world: World, number: int = 1, **artifact: Any) -> None:
    known = {"kind": "screenshot", "sha256": "0" * 64, "media_type": "image/jpeg", "size_bytes": 20}
    world.readings.tasks[OLD_ID] = a_task()
    world.readings.steps.append(a_step(number, artifacts=[{**known, **artifact}]))


async def test_the_files_of_a_task_are_listed_and_had(world: World) -> None:
    sha256 = await kept(world)

    [listed] = (await world.http.get(f"{TASK}/artifacts")).json()["data"]["artifacts"]
    one = await world.http.get(listed["url"])

    assert (listed["step_number"], listed["kind"], listed["size_bytes"]) == (1, "screenshot", 20)
    assert hashlib.sha256(one.content).hexdigest() == sha256 == listed["sha256"]
    assert one.headers["content-type"] == "image/jpeg"
    assert one.headers["content-disposition"] == 'inline; filename="step-1-screenshot.jpg"'
    assert one.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in one.headers["content-security-policy"]


async def test_what_is_unchanged_is_not_sent_again(world: World) -> None:
    sha256 = await kept(world)
    first = await world.http.get(f"{TASK}/artifacts/{sha256}")

    again = await world.http.get(f"{TASK}/artifacts/{sha256}", headers={"If-None-Match": first.headers["etag"]})

    assert (again.status_code, again.content) == (304, b"")


async def test_one_step_is_asked_for_by_its_number(world: World) -> None:
    await kept(world)
    await world.http.get(f"{TASK}/steps/7/artifacts")

    assert world.readings.asked[-1]["step_min"] == world.readings.asked[-1]["step_max"] == 7


@pytest.mark.parametrize("media_type", ["text/html", "image/svg+xml", "x\r\nSet-Cookie: a=b", ""])
async def test_what_a_browser_could_run_is_a_download(world: World, media_type: str) -> None:
    sha256 = await kept(world, kind='../"x', media_type=media_type)

    one = await world.http.get(f"{TASK}/artifacts/{sha256}")

    assert one.status_code == 200
    assert one.headers["content-disposition"] == 'attachment; filename="step-1-x.bin"'
    assert "set-cookie" not in one.headers


async def test_what_no_step_names_is_404_though_it_is_kept(world: World) -> None:
    await kept(world)
    store = world.parts.artifacts
    assert isinstance(store, ArtifactStore)
    session = await store.put("storage_state", b"sealed", "application/octet-stream")

    assert (await world.http.get(f"{TASK}/artifacts/{session.sha256}")).status_code == 404


async def test_what_is_named_and_gone_is_410(world: World) -> None:
    name(world, sha256="f" * 64)

    gone = await world.http.get(f"{TASK}/artifacts/{'f' * 64}")

    assert gone.status_code == 410
    assert "GOALTRAIL_ARTIFACTS" in gone.json()["error"]


@pytest.mark.parametrize("sha256", ["..%2F..%2Fetc%2Fpasswd", "F" * 64, "a" * 63, "a" * 65])
async def test_a_path_is_no_name(world: World, sha256: str) -> None:
    name(world, sha256="../../etc/passwd")

    assert (await world.http.get(f"{TASK}/artifacts/{sha256}")).status_code in {404, 422}
    assert (await world.http.get(f"{TASK}/artifacts")).json()["data"]["artifacts"] == []


async def test_a_store_that_does_not_answer_is_503(world: World) -> None:
    class Broken(NoArtifacts):
        async def get(self, sha256: str) -> bytes:
            raise PermissionError(sha256)

    sha256 = await kept(world)
    app = create_app(replace(world.parts, artifacts=Broken()))
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://api", headers=world.http.headers) as http:
        assert (await http.get(f"{TASK}/artifacts/{sha256}")).status_code == 503


def test_the_command_line_fetches_what_is_there_and_names_what_is_not(goaltrail: Terminal, tmp_path: Path) -> None:
    store = ArtifactStore("memory://")
    content = os.urandom(20)
    sha256 = hashlib.sha256(content).hexdigest()
    store._write(sha256, content)
    name(goaltrail.world, 3, sha256=sha256, kind="../trace", media_type="application/zip")
    name(goaltrail.world, 4, sha256="e" * 64)

    listed, fetched = goaltrail("artifacts", OLD_ID), goaltrail("artifacts", OLD_ID, "--output", str(tmp_path / "got"))

    assert sha256 in listed.stdout
    assert fetched.exit_code == 1
    assert "not kept any more" in fetched.stderr
    [file] = (tmp_path / "got").iterdir()
    assert file.name == f"step-003-trace-{sha256[:8]}.zip"
    assert file.read_bytes() == content
