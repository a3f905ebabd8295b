"""Facts about calls to `callback_url`: each try, and how it ended. Pure."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from events.facts import Fact


class WebhookDelivered(Fact):
    """The receiver took the message."""

    type: Literal["webhook.delivered"] = "webhook.delivered"
    attempt: int  #: 1-based, goes on across redrives
    http_status: int
    duration_ms: float = 0.0


class WebhookFailed(Fact):
    """A try failed; another one follows at `retry_at`."""

    type: Literal["webhook.failed"] = "webhook.failed"
    attempt: int
    error: str
    http_status: int | None = None
    retry_at: AwareDatetime


class WebhookAbandoned(Fact):
    """The last try failed, or none is allowed; a dead letter tells of it, and redriving that tries again."""

    type: Literal["webhook.abandoned"] = "webhook.abandoned"
    attempt: int  #: 0 when the address was refused before any try
    error: str
    http_status: int | None = None


class WebhookRedriven(Fact):
    """An operator asked for the tries to begin anew."""

    type: Literal["webhook.redriven"] = "webhook.redriven"
    by: str = ""


WebhookFact = WebhookDelivered | WebhookFailed | WebhookAbandoned | WebhookRedriven


class WebhookEnvelope(BaseModel):
    """One record of `webhooks.events`, keyed by task id and written by the webhook agent alone."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    event_id: str
    task_id: str
    message_id: str  #: the `webhook-id` every try of one message carries, so that a receiver can tell repeats
    about: str  #: `event_id` of the task fact it tells of
    url: str
    recorded_at: AwareDatetime
    event: Annotated[WebhookFact, Field(discriminator="type")]
