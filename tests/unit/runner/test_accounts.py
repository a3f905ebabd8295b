"""Sessions of accounts: kept sealed, found again, never mixed up, held by one task at a time."""

from __future__ import annotations

import asyncio
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.fernet import Fernet

from runner.accounts import AccountSessions

KEY = Fernet.generate_key().decode()
SITE = "https://school.example/classes"
STATE = {"cookies": [{"name": "session", "value": "a-canary"}], "origins": []}


def _only_file(folder: Path) -> Path:
    (file,) = (path for path in folder.rglob("*") if path.is_file())
    return file


async def test_a_session_is_found_from_every_page_of_the_site_by_every_runner(tmp_path: Path) -> None:
    assert await AccountSessions(str(tmp_path), [KEY]).keep(SITE, "eden", STATE)
    found = AccountSessions(str(tmp_path), [Fernet.generate_key().decode(), KEY])
    assert await found.get("https://SCHOOL.example:443/other", "eden") == STATE
    assert await found.get(SITE, "noa") is None
    assert await found.get("https://other.example", "eden") is None
    assert await found.get("http://school.example", "eden") is None


async def test_it_lies_sealed_for_its_owner_only_and_is_replaced(tmp_path: Path) -> None:
    sessions = AccountSessions(str(tmp_path), [KEY])
    await sessions.keep(SITE, "eden", {"cookies": []})
    await sessions.keep(SITE, "eden", STATE)
    file = _only_file(tmp_path)
    assert b"a-canary" not in file.read_bytes()
    assert "eden" not in str(file)
    assert file.stat().st_mode & 0o077 == 0
    assert await sessions.get(SITE, "eden") == STATE


async def test_one_that_was_dropped_is_old_broken_or_anothers_is_not_used(tmp_path: Path) -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    clock = [now]
    sessions = AccountSessions(str(tmp_path), [KEY], lasts=timedelta(days=1), now=lambda: clock[0])
    await sessions.keep(SITE, "eden", STATE)
    clock[0] = now + timedelta(days=1)
    assert await sessions.get(SITE, "eden") is None
    clock[0] = now
    mine = _only_file(tmp_path)
    await sessions.keep(SITE, "noa", STATE)
    shutil.copy(mine, next(path for path in mine.parent.iterdir() if path != mine))
    assert await sessions.get(SITE, "noa") is None
    assert await AccountSessions(str(tmp_path), [Fernet.generate_key().decode()]).get(SITE, "eden") is None
    mine.write_bytes(b"nonsense")
    assert await sessions.get(SITE, "eden") is None
    await sessions.drop(SITE, "eden")
    await sessions.drop(SITE, "eden")
    assert not mine.exists()
    assert not await sessions.keep(SITE, "eden", {"cookies": ["x" * 3_000_000]})


async def test_one_task_at_a_time_holds_an_account(tmp_path: Path) -> None:
    sessions, held = AccountSessions(str(tmp_path), [KEY]), []

    async def task(account: str) -> None:
        async with sessions.lock(SITE, account):
            held.append(account)
            await gate.wait()
            held.remove(account)

    gate = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        for account in ("eden", "eden", "noa"):
            tasks.create_task(task(account))
        for _ in range(5):
            await asyncio.sleep(0)
        assert sorted(held) == ["eden", "noa"]
        gate.set()
    assert held == []
