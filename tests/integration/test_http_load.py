"""Many callers at once, the short form of benchmarks/http_load.py: the status promised, and every 201 on the log."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import pytest

from benchmarks.http_load import load, missing
from events.topics import Topics
from local.kafka_server import Broker
from tests.integration.processes import Process, settings_of
from tests.wait import until

pytestmark = pytest.mark.kafka


def test_all_are_answered_as_promised_and_every_201_is_a_task_in_the_log(broker: Broker, tmp_path: Path) -> None:
    prefix = f"load-{uuid4().hex[:8]}."
    settings, url = settings_of(broker.bootstrap, prefix, tmp_path)
    api, processor = Process("api", tmp_path, settings).launch(), Process("processors", tmp_path, settings).launch()
    api.await_ready()
    processor.await_ready()
    key = (tmp_path / "operator.key").read_text().strip()
    until(lambda: load(url, key, clients=1, requests=1)[0].accepted, 30)

    tally, _ = load(url, key, clients=30, requests=10)

    connection, topics = {"bootstrap.servers": broker.bootstrap, "log_level": 2}, Topics(prefix, 3)
    assert sum(len(taken) for taken in tally.taken_ms.values()) == 300
    assert dict(tally.wrong) == {}
    assert len(set(tally.accepted)) == 150
    assert missing(connection, topics, tally.accepted) == []
    assert missing(connection, topics, ["018f0000-0000-7000-8000-000000000001"], seconds=1) != []
    api.stop()
    processor.stop()
