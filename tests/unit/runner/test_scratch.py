"""Where a runner's temporary files lie: apart, and cleared by whoever comes next when nobody holds them."""

import os
import tempfile
from pathlib import Path

import pytest

from runner.scratch import scratch


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    return tmp_path


def test_temporary_files_of_this_process_and_its_children_go_with_the_block(place: Path) -> None:
    with scratch() as folder:
        assert tempfile.gettempdir() == os.environ["TMPDIR"] == str(folder)
        assert place in folder.parents
        (folder / "profile").mkdir()
        (folder / "profile" / "cookies").write_text("x")
    assert tempfile.gettempdir() == os.environ["TMPDIR"] == str(place)
    assert list(place.iterdir()) == []


def test_without_a_variable_there_is_none_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TMPDIR")
    with scratch():
        pass
    assert "TMPDIR" not in os.environ


def test_what_another_runner_holds_is_left_alone_and_what_nobody_holds_is_cleared(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dead = place / "goaltrail-runner-dead"
    (dead / "tmp" / "profile").mkdir(parents=True)
    (dead / "lock").touch()
    being_made = place / "goaltrail-runner-new"
    being_made.mkdir()
    with scratch() as held:
        monkeypatch.setattr(tempfile, "tempdir", str(place))  # as in another process
        with scratch():
            assert held.exists()
        assert not dead.exists()
        assert being_made.exists()


def test_what_is_somebody_elses_is_left_alone(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = place / "goaltrail-runner-theirs"
    theirs.mkdir()
    (theirs / "lock").touch()
    monkeypatch.setattr(os, "getuid", lambda: theirs.stat().st_uid + 1)
    with scratch():
        assert theirs.exists()
