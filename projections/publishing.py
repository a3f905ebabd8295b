"""Publishes snapshots of the readings for analysts, on request and regularly; the projector hardly notices."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path
from time import monotonic

import structlog

from events.errors import NoSnapshot
from projections.projector import Projector
from projections.store import Store

_log = structlog.get_logger(__name__)

_HOLD_SECONDS = 30.0  # readers finish within this, and then the file can be held
_COPY_SECONDS = 600.0
_AGAIN_SECONDS = 0.2
_FIRST_SECONDS = 60.0


class SnapshotPublisher:
    """Writes snapshots of one projector's store into a folder, one at a time."""

    def __init__(self, projector: Projector, source: Path, folder: Path) -> None:
        self._projector, self._source, self._folder = projector, source, folder
        self._one = threading.Lock()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self, every_seconds: float) -> None:
        """Publish regularly, in a thread; for the first time soon, but not in the bustle of a start."""
        self._thread = threading.Thread(target=self._run, args=(every_seconds,), name="snapshots", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread; a snapshot under way is given up."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(timeout=5.0)

    def publish(self) -> Path:
        """Publish what is visible now; blocks, seconds for millions of rows.

        Raises:
            NoSnapshot: the copy could not be made; the text says why.
        """
        with self._one:
            self._hold()
            try:
                return self._copied()
            finally:
                self._projector.between_batches(Store.release)

    def _hold(self) -> None:
        """Keep the file from changing; the log of changes goes on."""
        ends = monotonic() + _HOLD_SECONDS
        while monotonic() < ends and not self._stopping.is_set():
            if not self._projector.is_alive:
                raise NoSnapshot("the projector does not run: see the API's log")
            try:
                if self._projector.between_batches(Store.hold).result(_HOLD_SECONDS):
                    return
            except TimeoutError:
                continue
            self._stopping.wait(_AGAIN_SECONDS)
        raise NoSnapshot(f"the readings could not be held still for {_HOLD_SECONDS:g} s: ask again")

    def _copied(self) -> Path:
        command = [sys.executable, "-m", "projections.snapshot_writer", str(self._source), str(self._folder)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
            if child.stdout is None or child.stderr is None:
                raise RuntimeError("a child without pipes")
            copied = child.stdout.readline().strip() == "copied"
            if copied:
                self._projector.between_batches(Store.release)
            try:
                published, said = child.communicate(timeout=_COPY_SECONDS)
            except subprocess.TimeoutExpired:
                child.kill()
                published, said = child.communicate()
        if child.returncode != 0:
            raise NoSnapshot(f"the snapshot could not be written: {said.strip().splitlines()[-1:] or child.returncode}")
        path = Path(published.strip())
        _log.info("snapshot published", action="snapshot", path=str(path))
        return path

    def _run(self, every_seconds: float) -> None:
        wait = min(every_seconds, _FIRST_SECONDS)
        while not self._stopping.wait(wait):
            wait = every_seconds
            try:
                self.publish()
            except NoSnapshot as error:
                _log.warning("no snapshot this time", action="snapshot", error=str(error))
