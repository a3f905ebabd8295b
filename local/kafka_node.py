"""One broker's files and command lines: settings, storage format, start. No process is kept here."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from events.errors import SetupIncomplete

#: Small and fast: answers after 2 s with 300 MB resident (durable.md B.7).
_JVM = ("-Xms96m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Dfile.encoding=UTF-8")

_LOG4J = """\
rootLogger.level = WARN
rootLogger.appenderRef.out.ref = out
appender.out.type = Console
appender.out.name = out
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = %d{ISO8601} %p %m (%c)%n
"""

_SERVER = """\
process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
controller.listener.names=CONTROLLER
listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT
log.dir={data}
default.replication.factor=1
offsets.topic.replication.factor=1
offsets.topic.num.partitions=5
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=5
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
log.cleaner.dedupe.buffer.size=2097152
# topics come from events/topics.py; a misspelt name must fail
auto.create.topics.enable=false
# after a kill the controller waits this long before it takes the broker back (9 s otherwise)
broker.session.timeout.ms=4000
broker.heartbeat.interval.ms=1000
group.initial.rebalance.delay.ms=0
# tests use leases and sessions of a few seconds
group.min.session.timeout.ms=1000
# a year: an installation that was off for a month must not lose its place
offsets.retention.minutes=525600
"""

_FORMAT_TIMEOUT_S = 60


@dataclass(frozen=True, slots=True)
class Node:
    """A single-node KRaft cluster in one folder; the ports may differ from start to start."""

    folder: Path
    jars: Path
    java: Path
    port: int
    controller_port: int
    heap_mb: int = 256

    @property
    def data(self) -> Path:
        """The log itself; survives restarts."""
        return self.folder / "data"

    @property
    def bootstrap(self) -> str:
        """What clients connect to."""
        return f"127.0.0.1:{self.port}"

    def prepare(self) -> None:
        """Write the settings and, in a new folder, format the storage.

        Raises:
            SetupIncomplete: the storage could not be formatted; the text holds what Kafka said.
        """
        self.data.mkdir(parents=True, exist_ok=True)
        self._log4j.write_text(_LOG4J)
        self._properties.write_text(
            _SERVER.format(port=self.port, controller=self.controller_port, data=self.data.resolve())
        )
        # `format` refuses a formatted folder
        if not (self.data / "meta.properties").exists():
            cluster = self._storage_tool("random-uuid").split()[-1]
            self._storage_tool("format", "--standalone", "-t", cluster, "-c", str(self._properties))

    def command(self) -> list[str]:
        """The command line that runs the broker in the foreground."""
        return [
            *self._java,
            f"-Xmx{self.heap_mb}m",
            *_JVM,
            "-cp",
            f"{self.jars}/*",
            "kafka.Kafka",
            str(self._properties),
        ]

    @property
    def _properties(self) -> Path:
        return self.folder.resolve() / "server.properties"

    @property
    def _log4j(self) -> Path:
        return self.folder.resolve() / "log4j2.properties"

    @property
    def _java(self) -> list[str]:
        return [str(self.java), f"-Dlog4j2.configurationFile={self._log4j}"]

    def _storage_tool(self, *arguments: str) -> str:
        command = [*self._java, "-Xmx128m", "-cp", f"{self.jars}/*", "kafka.tools.StorageTool", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_FORMAT_TIMEOUT_S)
        if done.returncode:
            raise SetupIncomplete(f"Kafka's storage tool failed: {(done.stdout + done.stderr).strip()}")
        return done.stdout
