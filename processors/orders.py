"""Operators' orders on their way through the dispatcher: decided once, recorded, answered; what nobody can read buried.

A fact counts only as it lies on the log: when it lies elsewhere than expected, another dispatcher wrote, and this one
reads everything again before it goes on.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import structlog

from events.codec import decode, encode
from events.dead_letter import bury
from events.errors import LogConflict, UndecodableRecord
from events.outcome import Outcome
from events.queues import DispatchCommandEnvelope, DispatchEnvelope
from events.topics import Topics
from processors.post import AwaitedPost
from processors.queues import Orders, Verdict
from processors.reader import Reader, Reading

log = structlog.get_logger(__name__)

READER = "dispatch"


@dataclass(slots=True)
class OrderDesk:
    """All orders so far, and where new ones are recorded. Of one term of office."""

    post: AwaitedPost
    topics: Topics
    orders: Orders = field(default_factory=Orders)
    buried_to: int = 0  #: orders below this offset are dead letters already, if nobody can read them

    def remember(self, facts: Iterable[tuple[int, bytes | None]]) -> None:
        """Take what was decided in earlier terms."""
        for offset, value in facts:
            try:
                self.orders.take(decode(DispatchEnvelope, value), offset)
            except UndecodableRecord as error:
                self.orders.next_offset = offset + 1
                log.warning("unreadable record", action="orders.skip", offset=offset, error=str(error))

    def handle(self, reading: Reading, reader: Reader) -> bool:
        """Decide one order and return once all that follows is on the log; whether the rules have changed.

        Raises:
            LogConflict: another dispatcher wrote; begin anew.
            BrokerUnreachable: relieved of office before the broker answered.
        """
        at = datetime.fromtimestamp(reading.timestamp_ms / 1_000, UTC)
        try:
            order = _order(reading)
        except UndecodableRecord as error:
            self._bury(reading, error, reader)
            return False
        verdict = self.orders.decide(order)
        if isinstance(verdict, Verdict):
            self._answer(order, verdict, at)
            return False
        fact = self.orders.link(order, verdict, event_id=uuid.uuid4().hex, command_offset=reading.offset, at=at)
        offset = self.post.append(self.topics.queue_events, order.subject.encode(), encode(fact))
        if offset != self.orders.next_offset or not self.orders.take(fact, offset):
            raise LogConflict(f"{self.topics.queue_events}: a fact lies at {offset}, not {self.orders.next_offset}")
        log.info("order recorded", action="orders.decided", subject=order.subject, type=fact.event.type)
        self._answer(order, Verdict("accepted", offset), at)
        return True

    def _answer(self, order: DispatchCommandEnvelope, verdict: Verdict, at: datetime) -> None:
        if not order.reply:
            return
        offset = verdict.fact_offset
        outcome = Outcome(
            command_id=order.command_id,
            task_id=order.subject,
            result=verdict.result,
            fact=None if offset is None else f"{self.topics.queue_events}:0:{offset}",
            decided_at=at,
        )
        self.post.append(self.topics.outcomes, order.subject.encode(), encode(outcome))

    def _bury(self, reading: Reading, error: UndecodableRecord, reader: Reader) -> None:
        if reading.offset < self.buried_to:
            return
        topic, key = self.topics.queue_commands, reading.key
        now = datetime.now(UTC)
        letter = bury(topic, reading.partition, reading.offset, key, reading.value, error=error, reader=READER, at=now)
        self.post.append(self.topics.dead_letters, key or None, encode(letter))
        reader.note_order(reading.offset)
        self.buried_to = reading.offset + 1
        log.warning("an order nobody can read", action="orders.bury", offset=reading.offset, error=str(error))


def _order(reading: Reading) -> DispatchCommandEnvelope:
    order = decode(DispatchCommandEnvelope, reading.value)
    if reading.key != order.subject.encode():
        raise UndecodableRecord(f"the key is {reading.key!r}, the subject {order.subject!r}")
    return order
