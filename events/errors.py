"""The one tree of errors; foreign errors are translated into it at the seams. Pure.

GoaltrailError
├── CommandRejected        the state does not allow the command
├── UndecodableRecord      bytes that are no record of ours
│   └── NewerSchema        written by a newer version of Goaltrail
├── BodyTooLarge           over the size every body keeps to
├── PublishFailed          the broker did not take a record
├── BrokerUnreachable      no answer from Kafka
├── TopicMismatch          a topic exists with other settings
├── LogConflict            somebody else wrote to a partition that has one writer
├── AddressRefused         a webhook's address that must not be called
├── WebhookGivenUp         a webhook that nobody took
├── NotAuthenticated       a call without a key that opens something
├── NotAllowed             a key without the scope a call needs
├── NoSuchTask             a task nobody knows
├── NoSuchKey              an API key nobody knows
├── NoSuchWorker           a worker nobody ever heard
├── NoSuchLetter           a dead letter nobody knows
├── NoSuchPath             a navigation path, or an edition of it, nobody knows
├── NotRedrivable          a dead letter that cannot be sent again
├── NotReadYet             the readings have not reached a fact
├── NotDecidedYet          no outcome of a command in time
├── ApiUnreachable         no answer from the HTTP API
├── QueryRefused           an analyst's query that is not allowed, or goes beyond a limit
├── NoSnapshot             nothing was published for analysts yet
├── TooManyQueries         all workers for analysts' queries are busy
├── StoreMismatch          a projection file that belongs to another log or version
└── SetupIncomplete        a part of the machine is missing
"""

from __future__ import annotations


class GoaltrailError(Exception):
    """Base of every error Goaltrail raises on purpose."""

    #: Whether the same call may succeed later without a change.
    retryable = False


class CommandRejected(GoaltrailError):
    """Raised by `decide` when the state does not allow the command; the text says which state and why."""

    def __init__(self, reason: str, code: str = "illegal_transition") -> None:
        super().__init__(reason)
        self.reason = reason
        #: `illegal_transition`, `unknown_task`, `stale_epoch`, `invalid_id`, `conflict` or `not_due`.
        self.code = code


class UndecodableRecord(GoaltrailError):
    """Raised when bytes are no record of ours: not JSON, a missing field, an unknown command."""


class NewerSchema(UndecodableRecord):
    """Raised for a record of a newer schema version; update this installation before reading on."""


class BodyTooLarge(GoaltrailError):
    """Raised when a body would exceed 256 KiB; put large material into an artifact and name its hash."""


class PublishFailed(GoaltrailError):
    """Raised when the broker did not take a record; nothing was recorded, send it again."""

    retryable = True


class BrokerUnreachable(GoaltrailError):
    """Raised when Kafka does not answer; check `goaltrail broker status` and KAFKA_BOOTSTRAP_SERVERS."""

    retryable = True


class TopicMismatch(GoaltrailError):
    """Raised when a topic exists with settings the log cannot live with; they are reported, never changed."""


class LogConflict(GoaltrailError):
    """Raised when the log is not as its writer or reader left it; a writer's process must end.

    A fact landed at another offset than its only writer expects, or what was to be read next is not there (any more).
    """

    retryable = True


class AddressRefused(GoaltrailError):
    """Raised before anything is sent to an address that must not be called; the text names the settings that allow it."""


class WebhookGivenUp(GoaltrailError):
    """Named in the dead letter of a webhook that was refused or tried often enough; redrive the letter to try anew."""


class NotAuthenticated(GoaltrailError):
    """Raised when a call shows no API key, or one that opens nothing."""


class NotAllowed(GoaltrailError):
    """Raised when an API key lacks the scope that the call needs."""


class NoSuchTask(GoaltrailError):
    """Raised when neither the readings nor the lifecycle agent know the task."""


class NoSuchKey(GoaltrailError):
    """Raised when the log tells of no such API key."""


class NoSuchWorker(GoaltrailError):
    """Raised when no worker of that name was ever heard; names are new for every process start."""


class NoSuchPath(GoaltrailError):
    """Raised when no navigation path, or no edition of it, has this name, or several have."""


class NoSuchLetter(GoaltrailError):
    """Raised when the readings know no such dead letter."""


class NoSuchArtifact(GoaltrailError):
    """Raised when no step of the task names this artifact."""


class ArtifactGone(GoaltrailError):
    """Raised when a fact names an artifact that the store does not hold: deleted since, or kept elsewhere."""


class ArtifactsUnreachable(GoaltrailError):
    """Raised when the store of artifacts does not answer, or lets nobody in."""


class NotRedrivable(GoaltrailError):
    """Raised when a dead letter cannot be sent again; the text says why."""


class NoSuchCommand(GoaltrailError):
    """Raised when nobody has heard of a command: it is not decided yet, or was so long ago that it is forgotten."""


class NotReadYet(GoaltrailError):
    """Raised when the readings have not reached the fact that `wait_for` names; ask again."""

    retryable = True


class NotDecidedYet(GoaltrailError):
    """Raised when a command is on the log and its outcome is not known in time; the text says how to ask again."""

    retryable = True


class ApiUnreachable(GoaltrailError):
    """Raised when the HTTP API does not answer, or not as it should; check `goaltrail status`."""

    retryable = True


class QueryRefused(GoaltrailError):
    """Raised when an analyst's query is not allowed or goes beyond a limit; the text says which."""


class NoSnapshot(GoaltrailError):
    """Raised when nothing was published for analysts yet; the text names the command that does."""

    retryable = True


class TooManyQueries(GoaltrailError):
    """Raised when all workers for analysts' queries are busy; ask again."""

    retryable = True


class StoreMismatch(GoaltrailError):
    """Raised when a projection file belongs to another cluster, topic or version; the text names the rebuild command."""


class SetupIncomplete(GoaltrailError):
    """Raised when a part of the machine (Java, browser, jars) is missing; the text holds the line to type."""
