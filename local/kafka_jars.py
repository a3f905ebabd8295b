"""The broker's jars: fetched once by Maven into a cache outside the tree, checked on every reuse."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from events.errors import SetupIncomplete

KAFKA_VERSION = "4.4.0"  #: as in pom.xml; an architecture test compares them

POM = Path(__file__).with_name("pom.xml")
_LIST = "SHA256SUMS"
_FETCH_TIMEOUT_S = 900
_LAST_LINES = 15  #: of Maven's output that are shown when it fails


def cache() -> Path:
    """Where the jars are kept, for every clone of this user."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "goaltrail" / f"kafka-{KAFKA_VERSION}"


def is_complete(folder: Path) -> bool:
    """Whether every jar of the list is there and unchanged."""
    listed = folder / _LIST
    if not listed.is_file():
        return False
    lines = [line.split("  ", 1) for line in listed.read_text().splitlines()]
    return bool(lines) and all((folder / name).is_file() and _sha256(folder / name) == digest for digest, name in lines)


def find() -> Path:
    """The folder with the jars.

    Raises:
        SetupIncomplete: they were never fetched, or a file has changed.
    """
    folder = cache()
    if not is_complete(folder):
        raise SetupIncomplete(f"the Kafka {KAFKA_VERSION} jars in {folder} are missing or damaged; type: make setup")
    return folder


def fetch() -> Path:
    """Fetch the jars with Maven, list their checksums, and put the folder in place in one move.

    Raises:
        SetupIncomplete: Maven is missing or failed; the text holds what it said.
    """
    maven = shutil.which("mvn")
    if maven is None:
        raise SetupIncomplete("no Maven found; type: apt-get install maven")
    folder = cache()
    folder.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=f"{folder.name}.", dir=folder.parent))
    try:
        _copy_dependencies(maven, fresh)
        sums = [f"{_sha256(jar)}  {jar.name}" for jar in sorted(fresh.glob("*.jar"))]
        (fresh / _LIST).write_text("\n".join(sums) + "\n")
        shutil.rmtree(folder, ignore_errors=True)
        fresh.rename(folder)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return folder


def _copy_dependencies(maven: str, target: Path) -> None:
    goal = ["dependency:copy-dependencies", f"-DoutputDirectory={target}", "-DincludeScope=runtime"]
    done = subprocess.run(
        [maven, "-q", "-B", "-f", str(POM), *goal],
        capture_output=True,
        text=True,
        check=False,
        timeout=_FETCH_TIMEOUT_S,
        cwd=target,
    )
    if done.returncode or not any(target.glob("kafka_*.jar")):
        said = "\n".join((done.stdout + done.stderr).splitlines()[-_LAST_LINES:])
        raise SetupIncomplete(f"Maven could not fetch the Kafka jars:\n{said}")


def _sha256(file: Path) -> str:
    with file.open("rb") as data:
        return hashlib.file_digest(data, "sha256").hexdigest()
