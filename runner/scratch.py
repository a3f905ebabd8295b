"""One folder for all that a runner and its browser write for the moment: profiles, downloads, traces.

It goes when the runner ends. A runner that is killed cannot clear up: the next one on the machine does, told by a lock,
which the kernel takes from the dead.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_PREFIX = "goaltrail-runner-"
_LOCK = "lock"
_INSIDE = "tmp"  # cleared before the lock goes, so that what could not be cleared is found again
_VARIABLE = "TMPDIR"  # children ask for it
_TRIES, _PAUSE_SECONDS = 10, 0.1  # a browser that was just killed may still write


@contextmanager
def scratch() -> Iterator[Path]:
    """Inside the block, temporary files of this process and of those it starts lie in a folder of its own."""
    place = Path(tempfile.gettempdir())
    sweep(place)
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=place))
    inside = folder / _INSIDE
    inside.mkdir()
    unnamed = folder / "new"
    before = os.environ.get(_VARIABLE), tempfile.tempdir
    with unnamed.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        unnamed.rename(folder / _LOCK)  # nobody finds it unlocked
        os.environ[_VARIABLE] = tempfile.tempdir = str(inside)
        try:
            yield inside
        finally:
            named, tempfile.tempdir = before
            os.environ.pop(_VARIABLE)
            if named is not None:
                os.environ[_VARIABLE] = named
            _clear(folder)


def sweep(place: Path) -> None:
    """Clear what runners left that were killed."""
    for folder in place.glob(f"{_PREFIX}*"):
        with suppress(OSError):  # in use, another user's, or gone meanwhile
            if folder.stat().st_uid != os.getuid():
                continue
            with (folder / _LOCK).open("r+") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                _clear(folder)


def _clear(folder: Path) -> None:
    for _ in range(_TRIES):
        shutil.rmtree(folder / _INSIDE, ignore_errors=True)
        if not (folder / _INSIDE).exists():
            shutil.rmtree(folder, ignore_errors=True)
            return
        time.sleep(_PAUSE_SECONDS)
