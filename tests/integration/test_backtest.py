"""`goaltrail backtest` on a real log: reads the facts, decides them again, prints the comparison."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from local.kafka_server import Broker
from tests.integration.processing import Watched, Worker

pytestmark = pytest.mark.kafka


def backtest(log: Watched, policy: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "processors.backtest", "--policy", str(policy), *options]
    return subprocess.run(
        command, env={**os.environ, **log.environment}, capture_output=True, text=True, timeout=60, check=False
    )


def test_the_failures_of_a_log_are_decided_again(broker: Broker, tmp_path: Path) -> None:
    with Watched(broker.bootstrap, tmp_path) as log:
        log.processor()
        worker = Worker(log, capacity=2)
        for task in (log.submit(), log.submit()):
            epoch = worker.assignment(task).lease_epoch
            worker.start(task, epoch)
            log.send(task, worker.failure(epoch, "timeout: no answer"))
            log.await_fact(task, "task.recovery_planned")
        worker.die()
        policy = tmp_path / "recovery.toml"
        policy.write_text('[errors.timeout]\nthen = "stop"\n')

        done = backtest(log, policy, "--json")

        assert done.returncode == 0, done.stderr
        found = json.loads(done.stdout)
        assert found["failures"] == found["changed"] == 2
        assert found["changes"] == [["timeout", "wait_and_retry", "stop", 2]]
        assert "2 failed attempts" in backtest(log, policy).stdout
        assert json.loads(backtest(log, policy, "--json", "--since", "2999-01-01").stdout)["failures"] == 0

        policy.write_text('[errors.timeout]\nthen = "pray"\n')
        refused = backtest(log, policy)
        assert refused.returncode == 1
        assert "errors.timeout.then" in refused.stderr
