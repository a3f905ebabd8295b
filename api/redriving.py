"""Whether a dead letter can be sent again, and as what. Pure."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

from events.errors import NotRedrivable
from events.topics import Topics
from projections.desk_answers import DeadLetterAnswer

#: Its letters tell of webhooks given up: the webhook agent tries again when it reads of the act.
REDRIVEN_BY_THE_ACT = frozenset({"webhooks"})
_KEY_BYTES = 1_024  # a letter keeps no more of a key


@dataclass(frozen=True, slots=True)
class Resend:
    """A record as it is sent again; its key decides the partition anew."""

    topic: str
    key: str
    body: bytes


def resend_of(letter: DeadLetterAnswer, topics: Topics) -> Resend | None:
    """What to send; none when the act alone has the reader try again.

    Raises:
        NotRedrivable: the text says why.
    """
    if letter.state == "discarded":
        raise NotRedrivable(f"the dead letter {letter.letter} was discarded: nothing is done about it any more")
    if letter.reader in REDRIVEN_BY_THE_ACT:
        return None
    if letter.topic not in {topics.task_commands, topics.queue_commands}:
        raise NotRedrivable(
            f"{letter.topic} holds no commands: only its own writer may append to it;"
            " discard the letter once its cause is known"
        )
    body = _bytes(letter.value)
    if not body or len(body) < letter.value_bytes:
        raise NotRedrivable(
            f"only {len(body)} of {letter.value_bytes} bytes were kept; send the command again where it came from"
        )
    key = _key(letter)
    if not key:
        raise NotRedrivable("the record has no key that says where it belongs; send the command again")
    return Resend(letter.topic, key, body)


def key_of_act(letter: DeadLetterAnswer) -> str:
    """The key of what is recorded about a letter: the letter's own, so that readers meet the letter first."""
    return _key(letter) or letter.letter


def _key(letter: DeadLetterAnswer) -> str:
    """The original key; empty when there was none, or only a part was kept."""
    key = _bytes(letter.key)
    try:
        return key.decode() if len(key) < _KEY_BYTES else ""
    except UnicodeDecodeError:
        return ""


def _bytes(text: str | None) -> bytes:
    try:
        return base64.b64decode(text or "", validate=True)
    except binascii.Error:
        return b""
