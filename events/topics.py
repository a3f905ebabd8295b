"""The topics of the log: names, partitions and settings, the one place that declares them. Pure."""

from __future__ import annotations

from dataclasses import dataclass

PARTITIONS = 12  #: fixed at install; a task's partition must never change
MAX_BODY_BYTES = 256 * 1024  #: larger material is an artifact, named by its hash

_FOREVER = {"cleanup.policy": "delete", "retention.ms": "-1", "retention.bytes": "-1"}
_SEVEN_DAYS_MS = str(7 * 24 * 3600 * 1000)


@dataclass(frozen=True, slots=True)
class TopicSpec:
    """One topic as it must exist; `config` holds only the settings the log relies on."""

    name: str
    partitions: int
    config: dict[str, str]


@dataclass(frozen=True, slots=True)
class Topics:
    """Topic names under one prefix; a second prefix is a second, independent log on the same cluster."""

    prefix: str = "goaltrail."
    partitions: int = PARTITIONS

    @property
    def task_commands(self) -> str:
        """Requests that may be refused; stamped by the broker (LogAppendTime), which is the clock of `decide`."""
        return f"{self.prefix}tasks.commands"

    @property
    def task_events(self) -> str:
        """Task facts, written by the lifecycle agent alone."""
        return f"{self.prefix}tasks.events"

    @property
    def outcomes(self) -> str:
        """Answers to commands whose sender asked for one."""
        return f"{self.prefix}commands.outcomes"

    @property
    def step_events(self) -> str:
        """Steps and costs, written by the runner that holds the lease."""
        return f"{self.prefix}steps.events"

    @property
    def workers_alive(self) -> str:
        """Capacity of each runner every five seconds; who owns its one partition is the dispatcher.

        Stamped by the broker, so that a runner with a wrong clock is not taken for dead.
        """
        return f"{self.prefix}workers.alive"

    @property
    def inbox(self) -> str:
        """What a worker is told: assignments, confirmations, requests."""
        return f"{self.prefix}workers.inbox"

    @property
    def queue_commands(self) -> str:
        """What operators ask of the dispatcher: queues paused and resumed, ceilings, workers drained."""
        return f"{self.prefix}queues.commands"

    @property
    def queue_events(self) -> str:
        """What became of it, written by the dispatcher alone."""
        return f"{self.prefix}queues.events"

    @property
    def path_events(self) -> str:
        """Navigation paths learned, replayed, failed, healed, expired and pinned."""
        return f"{self.prefix}paths.events"

    @property
    def paths(self) -> str:
        """The edition of each path to replay now, written by the path agent alone; every runner keeps a copy."""
        return f"{self.prefix}paths"

    @property
    def webhook_events(self) -> str:
        """Every try to call a task's `callback_url`, written by the webhook agent alone."""
        return f"{self.prefix}webhooks.events"

    @property
    def access_events(self) -> str:
        """API keys made and revoked; hashes only."""
        return f"{self.prefix}access.events"

    @property
    def dead_letters(self) -> str:
        """Records nobody could process, with the reason; and what operators did about them."""
        return f"{self.prefix}dead-letters"

    @property
    def beginnings(self) -> str:
        """Where partitions begin since their older records went to the archive; compacted."""
        return f"{self.prefix}log.beginnings"

    @property
    def processors(self) -> str:
        """The consumer group of the processors; it never changes: a new one would be a second writer."""
        return f"{self.prefix}processors"

    def specs(self) -> tuple[TopicSpec, ...]:
        """Every topic as it must exist."""
        keyed = self.partitions
        stamped = {**_FOREVER, "message.timestamp.type": "LogAppendTime"}
        week = {"cleanup.policy": "delete", "retention.ms": _SEVEN_DAYS_MS}
        return (
            TopicSpec(self.task_commands, keyed, stamped),
            TopicSpec(self.task_events, keyed, _FOREVER),
            TopicSpec(self.step_events, keyed, _FOREVER),
            TopicSpec(self.outcomes, keyed, week),
            TopicSpec(self.inbox, keyed, week),
            TopicSpec(self.workers_alive, 1, {**week, "message.timestamp.type": "LogAppendTime"}),
            TopicSpec(self.queue_commands, 1, stamped),
            TopicSpec(self.queue_events, 1, _FOREVER),
            TopicSpec(self.path_events, keyed, _FOREVER),
            TopicSpec(self.paths, 1, {"cleanup.policy": "compact"}),
            TopicSpec(self.webhook_events, keyed, _FOREVER),
            TopicSpec(self.access_events, 1, _FOREVER),
            TopicSpec(self.dead_letters, keyed, _FOREVER),
            TopicSpec(self.beginnings, 1, {"cleanup.policy": "compact"}),
        )
