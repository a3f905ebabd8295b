"""Which messages to `callback_url`s are settled: delivered, or given up with an operator's consent. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field

from events.codec import decode, decode_dead_letter
from events.dead_letter import DeadLetter, DeadLetterDiscarded
from events.errors import UndecodableRecord
from events.webhooks import WebhookAbandoned, WebhookDelivered, WebhookEnvelope, WebhookRedriven

_READER = "webhooks"


@dataclass(slots=True)
class Settled:
    """A reading of `webhooks.events` and `dead-letters`."""

    delivered: set[str] = field(default_factory=set)  #: `event_id` of the task facts told of
    _abandoned: set[str] = field(default_factory=set)
    _letters: dict[tuple[int, int], str] = field(default_factory=dict)  #: place of the fact -> its newest letter
    _discarded: set[str] = field(default_factory=set)

    def take_try(self, value: bytes | None) -> None:
        """Take one record of `webhooks.events`."""
        try:
            fact = decode(WebhookEnvelope, value)
        except UndecodableRecord:
            return
        match fact.event:
            case WebhookDelivered():
                self.delivered.add(fact.about)
            case WebhookAbandoned():
                self._abandoned.add(fact.about)
            case WebhookRedriven():
                self._abandoned.discard(fact.about)
            case _:
                return

    def take_letter(self, place: str, value: bytes | None, *, facts: str) -> None:
        """Take one record of `dead-letters`, which lies at `place`; `facts` is the name of `tasks.events`."""
        try:
            record = decode_dead_letter(value)
        except UndecodableRecord:
            return
        if isinstance(record, DeadLetter):
            if record.reader == _READER and record.topic == facts:
                self._letters[record.partition, record.offset] = place
        elif isinstance(record, DeadLetterDiscarded):
            self._discarded.add(record.letter)

    def is_settled(self, about: str, place: tuple[int, int]) -> bool:
        """Whether nobody will call with the message of that fact, which lies at that partition and offset."""
        given_up = about in self._abandoned and self._letters.get(place, "") in self._discarded
        return about in self.delivered or given_up
