"""What happened around a task: attempts to recover it, and calls to its `callback_url`. Pure."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, JsonValue

from api.schemas.base import Given, Moment


class Recovery(Given):
    """One attempt to recover a task."""

    task_id: str
    attempt_number: int = Field(description="begins anew when an operator says retry")
    error_type: str
    error_message: str
    recovery_strategy: str
    same_session: bool = Field(description="whether the worker keeps its page")
    was_successful: bool | None = Field(description="null while it is open, or when the task was cancelled meanwhile")
    details: JsonValue = Field(description="the evidence of the failure")
    planned_at: Moment
    retry_at: Moment
    decided_at: Moment | None = Field(description="when it held, or did not")


class RecoveryList(Given):
    """Every attempt to recover the task, oldest first."""

    task_id: str
    recoveries: list[Recovery]


class Webhook(Given):
    """One message to a task's `callback_url`."""

    task_id: str
    message_id: str = Field(description="the `webhook-id` every try of this message carries")
    about: str = Field(description="id of the fact it tells of")
    url: str
    state: Literal["pending", "delivered", "abandoned"]
    attempts: int
    last_error: str | None
    http_status: int | None = Field(description="of the last answer")
    next_at: Moment | None = Field(description="of the next try, while it is pending")
    updated_at: Moment


class WebhookList(Given):
    """Every message to the task's `callback_url`, oldest first."""

    task_id: str
    webhooks: list[Webhook]
