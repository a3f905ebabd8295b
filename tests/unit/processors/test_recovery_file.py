"""The recovery tables users write: laid over the defaults, per site, and refused with the place that is wrong."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from events import commands as c
from events import facts as f
from events.errors import SetupIncomplete
from events.failure import ErrorType, Strategy
from processors.recovery_file import read_recovery_tables
from processors.recovery_rules import RecoveryTable, RecoveryTables
from tests.given import NOW, POLICY, RUNNING, given

WRITTEN = """
max_recoveries = 2

[errors.rate_limited]
then = "back_off_and_retry"
backoff_seconds = 30

[sites."pool.example.org".errors.timeout]
then = "stop"

[sites."*.example.org"]
max_recoveries = 0
"""


def read(tmp_path: Path, text: str) -> RecoveryTables:
    path = tmp_path / "recovery.toml"
    path.write_text(text)
    return read_recovery_tables(path, RecoveryTable())


def test_what_is_left_out_stays_as_it_is(tmp_path: Path) -> None:
    assert read(tmp_path, "") == RecoveryTables(RecoveryTable())
    general = read(tmp_path, WRITTEN).general
    assert general.max_recoveries == 2
    assert general.backoff_of(ErrorType.RATE_LIMITED) == timedelta(seconds=30)
    assert general.backoff_of(ErrorType.TIMEOUT) == timedelta(seconds=2)
    assert general.rule(ErrorType.AUTH).then is Strategy.RE_AUTHENTICATE


@pytest.mark.parametrize(
    ("url", "recoveries", "timeout"),
    [
        ("https://pool.example.org/classes", 2, "stop"),
        ("https://POOL.example.org", 2, "stop"),
        ("https://a.b.example.org", 0, Strategy.WAIT_AND_RETRY),
        ("https://example.org", 2, Strategy.WAIT_AND_RETRY),
        ("http://127.0.0.1:8000", 2, Strategy.WAIT_AND_RETRY),
    ],
)
def test_the_nearest_table_holds_for_a_site(tmp_path: Path, url: str, recoveries: int, timeout: str) -> None:
    table = read(tmp_path, WRITTEN).for_site(url)
    assert table.max_recoveries == recoveries
    assert table.rule(ErrorType.TIMEOUT).then == timeout


def test_the_decider_goes_by_the_table_of_the_tasks_site(tmp_path: Path) -> None:
    policy = replace(POLICY, recovery=read(tmp_path, WRITTEN))
    report = c.FailAttempt(worker="w1", lease_epoch=1, error_type=ErrorType.TIMEOUT, error_message="no answer")
    given(*RUNNING).when(report, NOW).then(f.RecoveryPlanned)
    given(*RUNNING).when(report, NOW, policy=policy).then(f.TaskFailed)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("max_recoveries = -1", "max_recoveries"),
        ("[errors.no_such_thing]\nthen = 'stop'", "errors.no_such_thing"),
        ("[errors.timeout]\nthen = 'pray'", "errors.timeout.then"),
        ("[errors.unconfirmed]\nthen = 'back_off_and_retry'", "never repeated blindly"),
        ("recoveries = 3", "recoveries"),
        ("[sites.'https://x.org']\nmax_recoveries = 1", "sites"),
        ("= 3", "no TOML"),
    ],
)
def test_what_nobody_understands_is_refused_with_its_place(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(SetupIncomplete, match=said):
        read(tmp_path, text)


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(SetupIncomplete, match="cannot be read"):
        read_recovery_tables(tmp_path / "none.toml", RecoveryTable())
