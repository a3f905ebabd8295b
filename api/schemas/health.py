"""The health of the installation. Pure."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from api.schemas.base import Given, Moment


class Health(Given):
    """How the API and what it leans on are doing."""

    status: Literal["ok", "degraded"]
    timestamp: Moment
    version: str
    broker_reachable: bool
    projector_running: bool
    projector_lag: int | None = Field(description="facts on the log that the readings do not hold yet")
    outcomes_ready: bool
    processors: int | None = Field(description="processors that hold partitions; null when the broker does not say")
    problems: list[str]
