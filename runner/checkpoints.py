"""Checkpoints: where a task can be continued and who is logged in there, kept encrypted outside the log."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from pydantic import BaseModel, ConfigDict, Field, JsonValue, ValidationError

from events.errors import SetupIncomplete
from events.steps import Artifact
from producers.artifacts import ArtifactStore

_KIND = "storage_state"
_MOST_BYTES = 2_000_000  # a site that stores more in the browser is continued from an earlier place, or from the start


class Checkpoint(BaseModel):
    """A page boundary: the address of a page, and everything needed to open it as it was opened before."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    version: int = 1
    url: str
    position: int  #: steps of the plan that lie before this page; the next one is taken on it
    planned: list[str]  #: those steps in words: another plan cannot be continued from here
    storage_state: dict[str, Any]
    data: dict[str, JsonValue] = Field(default_factory=dict)  #: read from pages so far


class UnusableCheckpoint(Exception):
    """Raised when a checkpoint is gone, was sealed with another key, or is not one of ours."""


class CheckpointVault:
    """Seals checkpoints into the artifact store; the first key seals, every key opens."""

    def __init__(self, store: ArtifactStore, keys: Sequence[str]) -> None:
        self._store = store
        self._seal = MultiFernet([Fernet(key) for key in keys])

    async def put(self, checkpoint: Checkpoint) -> Artifact | None:
        """Keep one; none when it is too large."""
        content = checkpoint.model_dump_json().encode()
        if len(content) > _MOST_BYTES:
            return None
        return await self._store.put(_KIND, self._seal.encrypt(content), "application/octet-stream")

    async def get(self, sha256: str) -> Checkpoint:
        """The checkpoint of this name.

        Raises:
            UnusableCheckpoint: it cannot be had; the sentence says why.
        """
        try:
            sealed = await self._store.get(sha256)
            return Checkpoint.model_validate_json(self._seal.decrypt(sealed))
        except OSError as error:
            raise UnusableCheckpoint("this machine's artifact store does not hold it") from error
        except InvalidToken as error:
            raise UnusableCheckpoint("it was sealed with another key") from error
        except ValidationError as error:
            raise UnusableCheckpoint("it is not written in a form this version reads") from error


def checkpoint_keys(given: str | None, folder: Path) -> list[str]:
    """The keys that checkpoints are sealed with: those given, else this installation's own, made on first use.

    Args:
        given: one Fernet key or several with commas between, for runners on several machines.
        folder: the installation's data folder.

    Raises:
        SetupIncomplete: a key is not one.
    """
    keys = [key.strip() for key in (given or _own_key(folder / "checkpoints.key")).split(",") if key.strip()]
    try:
        MultiFernet([Fernet(key) for key in keys])
    except ValueError as error:
        raise SetupIncomplete(
            "GOALTRAIL_CHECKPOINT_KEYS holds no Fernet key: make one with"
            ' `python -c "from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())"`'
        ) from error
    return keys


def _own_key(place: Path) -> str:
    """The key in the file; runners that start together agree on one, since a link never replaces what is there."""
    if not place.exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        half = place.with_name(f"{place.name}.{os.getpid()}")
        half.touch(mode=0o600)
        half.write_bytes(Fernet.generate_key())
        with suppress(FileExistsError):
            place.hardlink_to(half)
        half.unlink()
    return place.read_text(encoding="ascii")
