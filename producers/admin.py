"""Creates the topics declared in events/topics.py, and reports those that exist otherwise."""

from __future__ import annotations

import time
from collections.abc import Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from confluent_kafka import KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, ConfigResource, OffsetSpec, ResourceType
from confluent_kafka.cimpl import NewTopic

from events.errors import BrokerUnreachable, TopicMismatch
from events.topics import Topics, TopicSpec

_CALL_SECONDS = 15.0
_LEADER_PAUSE_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class TopicReport:
    """What was found and done; `differences` is one sentence per setting that is not as declared."""

    created: tuple[str, ...]
    existing: tuple[str, ...]
    differences: tuple[str, ...]
    missing: tuple[str, ...] = ()  #: only when nothing was to be created


def compare_topics(connection: Mapping[str, Any], topics: Topics) -> TopicReport:
    """Say what is there and what differs; nothing is created.

    Raises:
        BrokerUnreachable: Kafka does not answer.
    """
    client = AdminClient(dict(connection))
    present = _partition_counts(client)
    there = [spec for spec in topics.specs() if spec.name in present]
    return TopicReport(
        created=(),
        existing=tuple(spec.name for spec in there),
        differences=_differences(client, there, present),
        missing=tuple(spec.name for spec in topics.specs() if spec.name not in present),
    )


def ensure_topics(connection: Mapping[str, Any], topics: Topics, *, replication_factor: int = 1) -> TopicReport:
    """Create what is missing; call it as often as you like.

    Raises:
        BrokerUnreachable: Kafka does not answer, or not yet for the topics made.
        TopicMismatch: a topic exists with other partitions or settings; nothing was changed.
    """
    client = AdminClient(dict(connection))
    present = _partition_counts(client)
    missing = [spec for spec in topics.specs() if spec.name not in present]
    created = _create(client, missing, replication_factor)
    if created:
        _await_leaders(client, missing)
    there = [spec for spec in topics.specs() if spec.name in present]
    differences = _differences(client, there, present)
    if differences:
        raise TopicMismatch("topics exist with other settings: " + "; ".join(differences))
    return TopicReport(created, tuple(spec.name for spec in there), differences)


def _partition_counts(client: AdminClient) -> dict[str, int]:
    try:
        listed = client.list_topics(timeout=_CALL_SECONDS)
    except KafkaException as error:
        raise BrokerUnreachable(f"Kafka does not answer: {error.args[0]}") from error
    return {name: len(topic.partitions) for name, topic in listed.topics.items()}


def _differences(client: AdminClient, specs: list[TopicSpec], present: dict[str, int]) -> tuple[str, ...]:
    return (*_wrong_counts(specs, present), *_wrong_settings(client, specs))


def _create(client: AdminClient, specs: list[TopicSpec], replication_factor: int) -> tuple[str, ...]:
    if not specs:
        return ()
    new = [
        NewTopic(spec.name, num_partitions=spec.partitions, replication_factor=replication_factor, config=spec.config)
        for spec in specs
    ]
    made = []
    for name, future in client.create_topics(new, operation_timeout=_CALL_SECONDS).items():
        try:
            future.result(timeout=_CALL_SECONDS)
        except KafkaException as error:
            # Two processes may create at once; the other one was faster.
            if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                raise TopicMismatch(f"topic {name!r} could not be created: {error.args[0].str()}") from error
        else:
            made.append(name)
    return tuple(made)


def _wrong_counts(specs: list[TopicSpec], present: dict[str, int]) -> list[str]:
    return [
        f"{spec.name} has {present[spec.name]} partitions instead of {spec.partitions}"
        for spec in specs
        if present[spec.name] != spec.partitions
    ]


def _wrong_settings(client: AdminClient, specs: list[TopicSpec]) -> list[str]:
    resources = [ConfigResource(ResourceType.TOPIC, spec.name) for spec in specs]
    if not resources:
        return []
    found = {
        resource.name: future.result(timeout=_CALL_SECONDS)
        for resource, future in client.describe_configs(resources).items()
    }
    return [
        f"{spec.name} has {name}={found[spec.name][name].value} instead of {wanted}"
        for spec in specs
        for name, wanted in spec.config.items()
        if found[spec.name][name].value != wanted
    ]


def _await_leaders(client: AdminClient, specs: list[TopicSpec]) -> None:
    """Return once every partition answers; a new one is listed a moment before its leader serves it."""
    latest = OffsetSpec.latest()  # type: ignore[no-untyped-call]
    asked = {TopicPartition(spec.name, p): latest for spec in specs for p in range(spec.partitions)}
    deadline = time.monotonic() + _CALL_SECONDS
    while asked:
        answers = client.list_offsets(asked, request_timeout=_CALL_SECONDS)
        asked = {place: asked[place] for place, future in answers.items() if not _answered(future)}
        if asked and time.monotonic() > deadline:
            raise BrokerUnreachable(f"{len(asked)} new partitions have no leader after {_CALL_SECONDS:g} s")
        if asked:
            time.sleep(_LEADER_PAUSE_SECONDS)
            client.list_topics(timeout=_CALL_SECONDS)  # the client asks whom it believes to lead until told otherwise
            _partition_counts(client)  # what it remembers of a topic just made may be that there is none


def _answered(future: Future[Any]) -> bool:
    try:
        future.result(timeout=_CALL_SECONDS)
    except KafkaException:
        return False
    return True
