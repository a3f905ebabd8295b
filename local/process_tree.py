"""Which processes a process has started, read from /proc."""

from __future__ import annotations

from pathlib import Path


def descendants_of(root: int) -> set[int]:
    """All living processes that descend from a process, itself left out."""
    parents: dict[int, int] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue  # it ended while we looked
        if fields[0] != "Z":
            parents[int(folder.name)] = int(fields[1])

    def descends(pid: int) -> bool:
        while (parent := parents.get(pid)) is not None:
            if parent == root:
                return True
            pid = parent
        return False

    return {pid for pid in parents if descends(pid)}


def browsers_of(root: int) -> set[int]:
    """Chromium processes that descend from a process."""
    return {pid for pid in descendants_of(root) if b"chrom" in _command(pid)}


def alive(pid: int) -> bool:
    """Whether a process exists and has not ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""
