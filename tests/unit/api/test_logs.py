"""Log lines of several processes, each shown once and whole."""

from pathlib import Path

from api.cli.logs import LogFollower


def test_only_whole_new_lines_are_shown(tmp_path: Path) -> None:
    log = tmp_path / "api.log"
    log.write_text("of the last start\n")
    follower = LogFollower(tmp_path, ["api", "runner-1"])
    with log.open("a") as file:
        file.write("one\ntw")
    assert list(follower.new_lines()) == ["api      | one"]
    with log.open("a") as file:
        file.write("o\n")
    (tmp_path / "runner-1.log").write_text("hello\n")
    assert list(follower.new_lines()) == ["api      | two", "runner-1 | hello"]
    assert list(follower.new_lines()) == []


def test_a_rotated_log_is_read_from_its_start(tmp_path: Path) -> None:
    log = tmp_path / "api.log"
    log.write_text("a long line of before\n")
    follower = LogFollower(tmp_path, ["api"])
    log.write_text("new\n")
    assert list(follower.new_lines()) == ["api | new"]
