"""What the reference tells of failures and of commands under way, in pieces that routes put together. Pure."""

from __future__ import annotations

from typing import Any

from api.schemas import Answer, Failure, Given

Responses = dict[int | str, dict[str, Any]]


def said(status: int, description: str) -> Responses:
    """A failure a call can answer with."""
    return {status: {"model": Failure, "description": description}}


def scope(name: str, more: str = "") -> Responses:
    """What a key that is missing or too weak meets."""
    lacking = f"The key lacks the scope `{name}`" + (f", {more}" if more else "")
    return {**said(401, "No key, or one that opens nothing"), **said(403, lacking)}


def underway(shape: type[Given]) -> Responses:
    """A command whose outcome takes longer."""
    model = Answer[shape]  # type: ignore[valid-type]
    return {202: {"model": model, "description": "On the log; the outcome takes longer than the API waits"}}


MALFORMED = said(422, "Malformed input; the error names the field")
NO_BROKER = said(503, "The broker took nothing, or did not say so in time; try again")
NOT_READ = said(503, "The readings have not reached `wait_for` yet; ask again")
REFUSED = said(409, "The task's state does not allow it; the error names the state")
UNKNOWN_COMMAND = said(404, "Nobody heard of the command in `wait_for`")
UNKNOWN_TASK = said(404, "No such task")
UNKNOWN_EITHER = said(404, "No such task, or nobody heard of the command in `wait_for`")
