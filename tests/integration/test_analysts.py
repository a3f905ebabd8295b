"""Analysts at a running installation: snapshots by HTTP, queries within limits, and the command line's own readings."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic
from uuid import uuid4

import duckdb
import httpx
import pytest

from events.codec import encode
from events.dead_letter import bury
from events.topics import Topics
from local.kafka_server import Broker
from producers.kafka import KafkaPublisher
from tests.integration.processes import Process, settings_of
from tests.wait import until

pytestmark = pytest.mark.kafka

TASKS = "/api/browser-tasks"
ENDLESS = "SELECT count(*) FROM range(1000000) a, range(1000000) b"


class Desk:
    """An API process with a snapshot, and its data folder."""

    def __init__(self, bootstrap: str, folder: Path) -> None:
        self.folder = folder
        self.environment, self.url = settings_of(bootstrap, f"sql-{uuid4().hex[:8]}.", folder)
        self.environment |= {"GOALTRAIL_ANALYSTS__QUERY_SECONDS": "2", "GOALTRAIL_ANALYSTS__QUERY_ROWS": "500"}
        self.process = Process("api", folder, self.environment).start()
        key = (folder / "operator.key").read_text().strip()
        self.http = httpx.Client(base_url=self.url, headers={"X-API-Key": key}, timeout=30)

    def bury(self, reason: str) -> None:
        """Have one dead letter on the log and in the readings."""
        letter = bury("t", 0, 0, b"k", b"{", error=ValueError(reason), reader="test", at=datetime.now(UTC))
        publisher = KafkaPublisher({"bootstrap.servers": self.environment["KAFKA_BOOTSTRAP_SERVERS"]})
        publisher.send(Topics(self.environment["GOALTRAIL_KAFKA__PREFIX"]).dead_letters, "k", encode(letter)).result(10)
        publisher.close()
        until(lambda: self.http.get(f"{TASKS}/dead-letters").json()["data"]["total"] == 1)

    def ask(self, sql: str) -> tuple[int, dict[str, object]]:
        answer = self.http.post(f"{TASKS}/sql", json={"sql": sql})
        return answer.status_code, answer.json()

    def cli(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", "from api.cli.main import main; main()", *arguments]
        environment = {**os.environ, **self.environment, "GOALTRAIL_URL": self.url}
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture(scope="module")
def desk(broker: Broker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    made = Desk(broker.bootstrap, tmp_path_factory.mktemp("desk"))
    status, answer = made.ask("SELECT 1")
    assert status == 503, answer
    assert made.http.post(f"{TASKS}/snapshots").status_code == 201
    yield made
    made.http.close()
    made.process.stop()


def test_a_query_is_answered_from_the_snapshot(desk: Desk) -> None:
    status, answer = desk.ask("SELECT count(*) AS tasks FROM v_tasks")
    assert (status, answer["success"]) == (200, True)
    data = answer["data"]
    assert isinstance(data, dict)
    assert (data["columns"], data["rows"]) == ([{"name": "tasks", "type": "BIGINT"}], [[0]])


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        ("SELECT * FROM read_csv('/etc/passwd')", "out of reach"),
        ("COPY tasks TO '/tmp/tasks.csv'", "no COPY"),
        ("SELECT 1; SELECT 2", "one statement"),
        ("FROM range(501)", "more than 500 rows"),
        (ENDLESS, "ended after 2 s"),
    ],
)
def test_what_reaches_out_or_goes_on_for_ever_is_refused(desk: Desk, sql: str, said: str) -> None:
    status, answer = desk.ask(sql)
    assert status == 422
    assert said in str(answer["error"])


def test_a_key_needs_the_scope(desk: Desk) -> None:
    made = desk.http.post("/api/keys", json={"name": "reader", "scopes": ["read"]}).json()["data"]
    answer = desk.http.post(f"{TASKS}/sql", json={"sql": "SELECT 1"}, headers={"X-API-Key": made["key"]})
    assert answer.status_code == 403


def test_the_api_answers_while_queries_run_to_their_limits(desk: Desk) -> None:
    running = [threading.Thread(target=desk.ask, args=(ENDLESS,)) for _ in range(2)]
    for thread in running:
        thread.start()
    slowest = 0.0
    while any(thread.is_alive() for thread in running):
        began = monotonic()
        assert desk.http.get(TASKS).status_code == 200
        slowest = max(slowest, monotonic() - began)
    for thread in running:
        thread.join()
    assert slowest < 1.9, "queries of two seconds have processes of their own"


def test_a_query_ends_when_its_asker_hangs_up(desk: Desk) -> None:
    def waited() -> float:
        for _ in range(4):
            with pytest.raises(httpx.ReadTimeout):
                desk.http.post(f"{TASKS}/sql", json={"sql": ENDLESS}, timeout=0.5)
        began = monotonic()
        assert desk.ask("SELECT 1")[0] == 200
        return monotonic() - began

    # Left alone they would hold both workers for two seconds more, every time; a busy machine is slow only once.
    assert any(waited() < 1.9 for _ in range(3)), "four queries of two seconds went on behind our back"


def test_the_command_line_reads_the_same_snapshot(desk: Desk, tmp_path: Path) -> None:
    drawn = desk.cli("query", "SELECT 42 AS answer, 'x' AS letter")
    assert drawn.returncode == 0, drawn.stderr
    assert "answer" in drawn.stdout
    assert "42" in drawn.stdout
    as_json = desk.cli("query", "SELECT 42 AS answer", "-f", "json")
    assert json.loads(as_json.stdout) == [{"answer": 42}]
    as_csv = desk.cli("query", "SELECT 42 AS answer, 'a,b' AS text", "-f", "csv")
    assert list(csv.reader(io.StringIO(as_csv.stdout))) == [["answer", "text"], ["42", "a,b"]]
    target = tmp_path / "answer.parquet"
    assert desk.cli("query", "SELECT 42 AS answer", "-f", "parquet", "--to", str(target)).returncode == 0
    with duckdb.connect() as reading:
        assert reading.execute(f"SELECT answer FROM '{target}'").fetchall() == [(42,)]
    refused = desk.cli("query", "DELETE FROM tasks")
    assert refused.returncode == 1
    assert "no DELETE" in refused.stderr


def test_snapshot_and_export_from_the_command_line(desk: Desk, tmp_path: Path) -> None:
    made = desk.cli("snapshot", "--json")
    assert json.loads(made.stdout)["snapshot"].endswith(".duckdb")
    exported = desk.cli("export", str(tmp_path / "out"))
    assert exported.returncode == 0, exported.stderr
    assert "execution_log" in exported.stdout


def test_the_readings_are_verified_against_the_log(desk: Desk, tmp_path: Path) -> None:
    desk.bury("not JSON")
    good = desk.cli("verify")
    assert good.returncode == 0, good.stdout + good.stderr
    assert "1 records" in good.stdout
    assert "no difference" in good.stdout
    name = json.loads(desk.cli("snapshot", "--json").stdout)["snapshot"]
    copy = tmp_path / "copy.duckdb"
    copy.write_bytes((desk.folder / "snapshots-of-readings" / name).read_bytes())
    with duckdb.connect(str(copy)) as falsified:
        falsified.execute("UPDATE dead_letters SET reason = 'none'")
    bad = desk.cli("verify", "--snapshot", str(copy))
    assert bad.returncode == 2, bad.stdout + bad.stderr
    assert ".reason: the log says 'not JSON', the table 'none'" in bad.stdout
