"""The broker keeps its log over stops, kills and other ports."""

import subprocess
import sys
import uuid
from pathlib import Path

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic

from local import ports
from local.kafka_server import Broker, wait_until_it_answers
from tests.wait import until

pytestmark = pytest.mark.kafka
QUIET = {"log_level": 0}
ROOT = Path(__file__).resolve().parents[2]


def create(bootstrap: str, topic: str) -> None:
    admin = AdminClient({"bootstrap.servers": bootstrap, **QUIET})  # the answer is lost with the client
    admin.create_topics([NewTopic(topic, 1, 1)])[topic].result(timeout=20)


def append(bootstrap: str, topic: str, value: bytes) -> None:
    producer = Producer({"bootstrap.servers": bootstrap, "enable.idempotence": True, **QUIET})
    producer.produce(topic, value)
    assert producer.flush(30) == 0


def read(bootstrap: str, topic: str, count: int) -> list[bytes]:
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": uuid.uuid4().hex, **QUIET})
    consumer.assign([TopicPartition(topic, 0, 0)])
    try:
        records = consumer.consume(count, timeout=30)
        return [bytes(record.value() or b"") for record in records if record.error() is None]
    finally:
        consumer.close()


def test_the_log_survives_stop_kill_and_other_ports(own_broker: Broker) -> None:
    create(own_broker.bootstrap, "kept")
    append(own_broker.bootstrap, "kept", b"before the stop")
    own_broker.restart()
    append(own_broker.bootstrap, "kept", b"before the kill")
    own_broker.kill()
    own_broker.start()
    append(own_broker.bootstrap, "kept", b"before the move")
    own_broker.stop()
    moved = Broker(own_broker.node.folder)
    assert moved.bootstrap != own_broker.bootstrap
    try:
        moved.start()
        append(moved.bootstrap, "kept", b"after")
        assert read(moved.bootstrap, "kept", 4) == [
            b"before the stop",
            b"before the kill",
            b"before the move",
            b"after",
        ]
    finally:
        moved.stop()


def test_a_stop_leaves_no_process_and_no_port(own_broker: Broker) -> None:
    pid, port = own_broker.pid, own_broker.node.port
    assert pid is not None
    own_broker.stop()
    assert not Path(f"/proc/{pid}").exists()
    assert ports.is_free(port)
    assert own_broker.pid is None


def test_a_stopped_clock_is_felt_and_undone(own_broker: Broker) -> None:
    create(own_broker.bootstrap, "clock")
    own_broker.pause()
    producer = Producer({"bootstrap.servers": own_broker.bootstrap, **QUIET})
    producer.produce("clock", b"late")
    assert producer.flush(1) == 1
    own_broker.resume()
    assert producer.flush(30) == 0


def test_a_misspelt_topic_is_not_created(broker: Broker) -> None:
    admin = AdminClient({"bootstrap.servers": broker.bootstrap, **QUIET})
    name = f"no-such-{uuid.uuid4().hex}"
    admin.list_topics(name, timeout=10)
    assert name not in admin.list_topics(timeout=10).topics


def test_it_answers_on_localhost_alone(broker: Broker) -> None:
    wait_until_it_answers(broker.bootstrap, timeout=5)
    listening = Path("/proc/net/tcp").read_text() + Path("/proc/net/tcp6").read_text()
    of_ours = [
        line.split()[1] for line in listening.splitlines() if f":{broker.node.port:04X} " in line.split(" 0A ")[0]
    ]
    everywhere = {"00000000", "0" * 32}
    assert not [address for address in of_ours if address.split(":")[0] in everywhere]


def test_it_ends_with_the_one_who_started_it(tmp_path: Path) -> None:
    program = "import sys; from local.kafka_server import *; print(Broker(Path(sys.argv[1])).start().pid, flush=True); input()"
    starter = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
    )
    with starter:
        assert starter.stdout is not None
        pid = int(starter.stdout.readline())
        starter.kill()
    until(lambda: not Path(f"/proc/{pid}").exists(), 30, what="the broker to end")
