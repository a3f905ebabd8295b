"""`goaltrail doctor`: checks every part this machine needs, and says how to mend what is wrong."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass

import typer
from aiokafka.partitioner import DefaultPartitioner
from rich.markup import escape

from api.cli.client import out
from api.cli.installation import Installation
from events.errors import BrokerUnreachable, GoaltrailError
from events.partitioner import partition_of
from events.topics import Topics
from local import chromium, java, kafka_jars, ports
from local.kafka_server import wait_until_it_answers
from producers.admin import compare_topics
from producers.kafka import KafkaPublisher

app = typer.Typer()

_KEYS = 100
_ANSWER_TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True)
class _Check:
    name: str
    look: Callable[[Installation], str]  #: what was found; raises a GoaltrailError that says how to mend it


@app.command()
def doctor() -> None:
    """Check Java, Kafka, browser, ports, topics and partitioners; exit code 1 if something is wrong."""
    installation = Installation.found()
    healthy = True
    for check in _CHECKS:
        try:
            found, good = check.look(installation), True
        except GoaltrailError as error:
            found, good = str(error), False
        healthy = healthy and good
        mark = "[green]ok[/]   " if good else "[red]wrong[/]"
        out.print(f"{mark} {check.name:<12} {escape(found)}", highlight=False, soft_wrap=True)
    if not healthy:
        raise typer.Exit(1)


def _java(_: Installation) -> str:
    found = java.find()
    return f"{found} (Java {java.major(str(found))})"


def _jars(_: Installation) -> str:
    return f"{kafka_jars.find()} (checksums agree)"


def _browser(installation: Installation) -> str:
    return str(chromium.find(installation.settings.browser.executable))


def _port(installation: Installation) -> str:
    wanted = installation.settings.http.port
    if ports.is_free(wanted):
        return f"{wanted} is free for the API"
    if installation.keeper.is_running() and installation.home.read_state().api_port == wanted:
        return f"{wanted} is used by our API"
    return f"{wanted} is taken by another program; the API will get a free one (or set GOALTRAIL_HTTP__PORT)"


def _broker(installation: Installation) -> str:
    if installation.wants_own_broker and not installation.keeper.is_running():
        return "not running; `goaltrail up` starts it"
    wait_until_it_answers(installation.bootstrap, _ANSWER_TIMEOUT_S)
    return f"answers at {installation.bootstrap}"


def _topics(installation: Installation) -> str:
    if installation.wants_own_broker and not installation.keeper.is_running():
        return "not looked at: the broker is not running"
    kafka = installation.settings.kafka
    report = compare_topics(installation.connection(), Topics(kafka.prefix, kafka.partitions))
    if report.differences:
        raise BrokerUnreachable("other settings than the log needs: " + "; ".join(report.differences))
    if report.missing:
        return f"{len(report.missing)} missing; `goaltrail up` creates them"
    return f"{len(report.existing)} as declared"


def _partitioners(_: Installation) -> str:
    """Three clients place keys: librdkafka (asked through its built-in mock broker), Faust's, and our own rule."""
    publisher = KafkaPublisher({"test.mock.num.brokers": 1, "log_level": 0})
    keys = [str(uuid.uuid4()) for _ in range(_KEYS)]
    try:
        placed = [publisher.send("goaltrail-doctor", key, b"x").result(_ANSWER_TIMEOUT_S).partition for key in keys]
    finally:
        publisher.close()
    count = _MOCK_PARTITIONS
    everyone = list(range(count))
    wrong = sum(
        not (at == partition_of(key, count) == DefaultPartitioner()(key.encode(), everyone, everyone))
        for key, at in zip(keys, placed, strict=True)
    )
    if wrong:
        raise BrokerUnreachable(f"the Kafka clients disagree about {wrong} of {_KEYS} keys; type: make setup")
    return f"librdkafka, Faust and we agree about {_KEYS} keys"


_MOCK_PARTITIONS = 4  #: what librdkafka's mock broker gives a topic it makes by itself

_CHECKS = (
    _Check("Java", _java),
    _Check("Kafka jars", _jars),
    _Check("browser", _browser),
    _Check("API port", _port),
    _Check("broker", _broker),
    _Check("topics", _topics),
    _Check("partitioner", _partitioners),
)
