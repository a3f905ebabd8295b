"""A real broker as a child of this process: for tests, benchmarks and the demo. `goaltrail up` has its own keeper."""

from __future__ import annotations

import signal
import subprocess
import time
from pathlib import Path
from typing import Self

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from events.errors import BrokerUnreachable
from local import java, kafka_jars, ports
from local.children import bound_to_us
from local.kafka_node import Node

START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 30.0
_LAST_LINES = 20  #: of the broker's log that are shown when it does not start


def wait_until_it_answers(bootstrap: str, timeout: float = START_TIMEOUT_S) -> None:
    """Return once the cluster tells its brokers.

    Raises:
        BrokerUnreachable: it did not within `timeout` seconds.
    """
    admin = AdminClient({"bootstrap.servers": bootstrap, "log_level": 2, "reconnect.backoff.max.ms": 200})
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        try:
            if admin.list_topics(timeout=1).brokers:
                return
        except KafkaException:
            continue  # list_topics itself waited
    raise BrokerUnreachable(f"no Kafka broker answers at {bootstrap} after {timeout:.0f} s")


class Broker:
    """Start, stop and kill one broker; its data stays in `folder` between starts."""

    def __init__(self, folder: Path, *, heap_mb: int = 256, port: int = 0) -> None:
        """Find Java, the jars and two free ports; nothing runs yet.

        Raises:
            SetupIncomplete: Java or the jars are missing.
        """
        found = ports.free(2)
        self.node = Node(
            folder=folder,
            jars=kafka_jars.find(),
            java=java.find(),
            port=port or found[0],
            controller_port=found[1],
            heap_mb=heap_mb,
        )
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def bootstrap(self) -> str:
        """What clients connect to; the same after a restart."""
        return self.node.bootstrap

    @property
    def pid(self) -> int | None:
        """The broker's process id while it runs."""
        running = self._process is not None and self._process.poll() is None
        return self._process.pid if running and self._process else None

    @property
    def log(self) -> Path:
        """What the broker printed."""
        return self.node.folder / "broker.log"

    def start(self) -> Self:
        """Start it and return when it answers.

        Raises:
            BrokerUnreachable: it ended or stayed silent; the text holds the end of its log.
        """
        self.node.prepare()
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                bound_to_us(self.node.command()), stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL
            )
        try:
            self._wait_for_port()
            wait_until_it_answers(self.bootstrap)
        except BrokerUnreachable as error:
            self.kill()
            said = "\n".join(self.log.read_text(errors="replace").splitlines()[-_LAST_LINES:])
            raise BrokerUnreachable(f"{error}; its log ends:\n{said}") from error
        return self

    def stop(self) -> None:
        """Ask it to end, and see that it does."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it without a chance to clean up."""
        self._end(signal.SIGKILL)

    def restart(self) -> Self:
        """Stop, then start on the same ports and data."""
        self.stop()
        return self.start()

    def pause(self) -> None:
        """Stop its clock: connections stay open and nothing answers."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Undo `pause`."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(number)

    def _wait_for_port(self) -> None:
        deadline = time.monotonic() + START_TIMEOUT_S
        while not ports.answers(self.node.port):
            if self.pid is None or time.monotonic() > deadline:
                raise BrokerUnreachable(f"the broker did not open port {self.node.port}")
            time.sleep(0.05)

    def _end(self, number: signal.Signals) -> None:
        if self._process is None:
            return
        self._signal(number)
        try:
            self._process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None
