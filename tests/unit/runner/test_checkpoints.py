"""Checkpoints at rest: sealed, with a key of the installation's own or with shared ones."""

import stat
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from events.errors import SetupIncomplete
from producers.artifacts import ArtifactStore
from runner.checkpoints import Checkpoint, CheckpointVault, UnusableCheckpoint, checkpoint_keys

PLACE = Checkpoint(
    url="http://x/form",
    position=2,
    planned=["open /login", "click button"],
    storage_state={"cookies": [{"name": "session", "value": "token-of-eden"}], "origins": []},
    data={"read": "A-1"},
)


def test_the_own_key_is_made_once_and_is_for_the_owner_alone(tmp_path: Path) -> None:
    keys = checkpoint_keys(None, tmp_path)
    assert checkpoint_keys(None, tmp_path) == keys
    assert stat.S_IMODE((tmp_path / "checkpoints.key").stat().st_mode) == 0o600
    assert [file.name for file in tmp_path.iterdir()] == ["checkpoints.key"]


def test_what_is_no_key_is_said(tmp_path: Path) -> None:
    with pytest.raises(SetupIncomplete, match="GOALTRAIL_CHECKPOINT_KEYS"):
        checkpoint_keys("hunter2", tmp_path)


async def test_a_checkpoint_comes_back_and_cannot_be_read_without_its_key(tmp_path: Path) -> None:
    store = ArtifactStore(str(tmp_path))
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    artifact = await CheckpointVault(store, [old]).put(PLACE)
    assert artifact is not None
    assert b"token-of-eden" not in await store.get(artifact.sha256)
    assert await CheckpointVault(store, [new, old]).get(artifact.sha256) == PLACE
    with pytest.raises(UnusableCheckpoint, match="another key"):
        await CheckpointVault(store, [new]).get(artifact.sha256)
    with pytest.raises(UnusableCheckpoint, match="does not hold it"):
        await CheckpointVault(store, [old]).get("0" * 64)


async def test_one_that_is_too_large_is_not_kept(tmp_path: Path) -> None:
    vault = CheckpointVault(ArtifactStore(str(tmp_path)), checkpoint_keys(None, tmp_path))
    assert await vault.put(PLACE.model_copy(update={"data": {"read": "x" * 2_000_000}})) is None
