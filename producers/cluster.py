"""Looks at the cluster: whether it answers, and who works in a consumer group."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

_CALL_SECONDS = 2.0


class ClusterView:
    """Quick looks for health pages; nothing raises."""

    def __init__(self, connection: Mapping[str, Any]) -> None:
        # Health asks while the broker is away too; librdkafka would write a line per try.
        self._client = AdminClient({**connection, "log_level": 2, "socket.connection.setup.timeout.ms": 2_000})

    def reachable(self) -> bool:
        """Whether a broker answers."""
        try:
            self._client.list_topics(timeout=_CALL_SECONDS)
        except KafkaException:
            return False
        return True

    def members(self, group: str) -> int | None:
        """How many members of a consumer group hold partitions; none when the cluster does not say."""
        try:
            future = self._client.describe_consumer_groups([group], request_timeout=_CALL_SECONDS)[group]
            described = future.result(timeout=_CALL_SECONDS)
        except (KafkaException, TimeoutError):
            return None
        return sum(1 for member in described.members if member.assignment and member.assignment.topic_partitions)
