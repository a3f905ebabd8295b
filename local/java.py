"""Finds a Java that can run the broker."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

from events.errors import SetupIncomplete

OLDEST = 17  #: brokers of Kafka 4 need it

_VERSION = re.compile(r'version "(?:1\.)?(\d+)')


def find() -> Path:
    """The Java to use: that of JAVA_HOME, else the one on PATH.

    Raises:
        SetupIncomplete: there is none, or it is too old; the text holds the line to type.
    """
    home = os.environ.get("JAVA_HOME")
    found = shutil.which("java", path=str(Path(home) / "bin")) if home else None
    found = found or shutil.which("java")
    if found is None:
        raise SetupIncomplete("no Java found; type: apt-get install openjdk-17-jre-headless")
    version = major(found)
    if version < OLDEST:
        raise SetupIncomplete(
            f"{found} is Java {version}, the broker needs {OLDEST}; type: apt-get install openjdk-17-jre-headless"
        )
    return Path(found)


def major(java: str) -> int:
    """The major version of the Java at this path; 0 if it does not say."""
    told = subprocess.run([java, "-version"], capture_output=True, text=True, check=False, timeout=60)
    match = _VERSION.search(told.stderr + told.stdout)
    return int(match[1]) if match else 0
