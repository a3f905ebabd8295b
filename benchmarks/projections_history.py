"""A history of very many tasks as the log would hold it, made from templates at 100,000 records a second. Pure.

Task `n` is the same whenever it is asked for. Most complete; some are recovered on the way, fail, are cancelled or need a
human; the newest of a history wait or run. Unlike `benchmarks.generated_history` nothing of ours decides them, so they
are valid by construction only: a test decodes and folds them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

GENERATION = 1  #: raised when the same number gives another task
PARTITIONS = 12
SITES = 50
BEGIN = datetime(2026, 9, 1, tzinfo=UTC)
DAYS = 40
BLOCK = 100  #: tasks that follow each other in one partition

_MICROSECONDS = DAYS * 24 * 3600 * 1_000_000
_MASK = (1 << 64) - 1
_WORDS = ("Register Eden for Tuesday swimming", "Book court 3", "Renew the library card", "Cancel the Friday class")
_ACTIONS = ("open /login", "fill field Email", "click button Log in", "select Tuesday in Day", "click button Register")
_LIVE = ("PENDING", "PENDING", "PENDING", "IN_PROGRESS", "IN_PROGRESS", "CLAIMED", "RECOVERY", "PAUSED")


@dataclass(frozen=True, slots=True)
class History:
    """So many tasks over forty days; the newest `live` of them have not ended."""

    tasks: int
    live: int = 2_000

    def created(self, number: int) -> datetime:
        """When task `number` was submitted; numbers beyond the history go on at its pace."""
        return BEGIN + timedelta(microseconds=number * _MICROSECONDS // self.tasks)

    @property
    def end(self) -> datetime:
        """The moment at which the newest task has been submitted."""
        return self.created(self.tasks)

    def fate(self, number: int) -> str:
        """What becomes of the task: a status, or `RECOVERED` for one that was completed after a recovery."""
        chance = _mixed(number) % 1_000
        if self.tasks - self.live <= number < self.tasks:
            return _LIVE[chance % len(_LIVE)]
        for fate, share in (("FAILED", 50), ("RECOVERED", 110), ("CANCELLED", 120), ("ESCALATED", 121)):
            if chance < share:
                return fate
        return "COMPLETED"

    def task(self, number: int) -> tuple[list[str], list[str]]:
        """The records of `tasks.events` and of `steps.events` about one task, as JSON."""
        story = _Story(self, number)
        story.tell(self.fate(number))
        return story.facts, story.steps

    def task_id(self, number: int) -> str:
        """A UUIDv7 of the moment the task was submitted."""
        milliseconds = f"{int(self.created(number).timestamp() * 1_000):012x}"
        low = f"{_mixed(number):016x}"
        return f"{milliseconds[:8]}-{milliseconds[8:]}-7{low[:3]}-8{low[3:6]}-{number:012x}"


class _Story:
    """One task's records, written down in their order."""

    def __init__(self, history: History, number: int) -> None:
        self.facts: list[str] = []
        self.steps: list[str] = []
        self._number, self._luck = number, _mixed(number)
        self._task_id, self._at = history.task_id(number), history.created(number)
        self._follows = "null"
        self._worker = f"runner-{self._luck % 40}"

    def tell(self, fate: str) -> None:
        self._submitted()
        if fate == "PENDING":
            return
        if fate == "CANCELLED":
            self._later(60.0)
            self._fact('"task.cancelled","reason":"not needed"')
            return
        self._later(2.0 + self._luck % 20)
        self._fact(f'"task.claimed","worker":"{self._worker}","attempt":1,"lease_epoch":1,"lease_until":{self._in(60)}')
        if fate == "CLAIMED":
            return
        self._fact(
            f'"task.started","lease_epoch":1,"lease_until":{self._in(60)},"deadline":{self._in(1_800)},"steps_offset":0'
        )
        for step in range(5):
            self._step(step)
        self._ended(fate)

    def _ended(self, fate: str) -> None:
        if fate == "PAUSED":
            self._fact('"task.paused","reason":"later","checkpoint":null')
        if fate in {"RECOVERY", "RECOVERED"}:
            why = '"error_type":"modal","error_message":"a modal covers the page","evidence":{"url":"/book"}'
            how = f'"strategy":"close_modal_and_retry","attempt_number":1,"retry_at":{self._in(2)},"same_session":true'
            self._fact(f'"task.recovery_planned","lease_epoch":1,{why},{how},"lease_until":{self._in(60)}')
        if fate == "RECOVERED":
            self._later(3.0)
            self._fact(f'"task.recovered","lease_epoch":1,"attempt_number":1,"lease_until":{self._in(60)}')
        if fate in {"COMPLETED", "RECOVERED"}:
            cached = "true,4.5" if self._luck % 3 == 0 else "false,0.0"
            path, _, saved = cached.partition(",")
            self._fact(
                f'"task.completed","lease_epoch":1,"final_result":"confirmed","result_data":{{"number":"AQ-{self._number}"}},'
                f'"evidence":["the page shows AQ"],"cached_path_used":{path},"cache_time_saved_seconds":{saved},'
                '"total_steps":5,"total_cost":0.003'
            )
        elif fate in {"FAILED", "ESCALATED"}:
            why = '"error_type":"access_denied","error_message":"403 Forbidden","evidence":{"url":"/book"}'
            self._fact(f'"task.{fate.lower()}","lease_epoch":1,{why}')

    def _submitted(self) -> None:
        goal, site = _WORDS[self._luck % len(_WORDS)], f"https://site-{self._luck % SITES}.example.org"
        urgent = 1 + self._luck % 10
        self._fact(
            f'"task.submitted","goal":"{goal}, number {self._number}","site_url":"{site}","priority":{urgent},'
            f'"timeout_minutes":30.0,"metadata":{{"user_id":"u{self._luck % 997}"}},"inputs":{{"child":"Eden"}},'
            '"secrets":{"password":"env:POOL_PASS"},"success_indicators":[],"steps":[],"max_steps":20,'
            f'"queue":"{"night" if self._luck % 5 == 0 else "default"}","not_before":null,"expires_at":null,'
            '"submitted_by":"ada","idempotency_key":null,"body_hash":null'
        )

    def _fact(self, event: str) -> None:
        version = len(self.facts) + 1
        event_id = f'"{self._number:024x}{version:08x}"'
        self.facts.append(
            f'{{"event_id":{event_id},"follows":{self._follows},"task_id":"{self._task_id}","version":{version},'
            f'"command_offset":{self._number},"schema_version":1,"recorded_at":{self._in(0)},'
            f'"causation_id":"c{event_id[1:]},"caused_by":"{self._worker}","event":{{"type":{event}}}}}'
        )
        self._follows = event_id

    def _step(self, step: int) -> None:
        self._later(1.5 + (self._luck >> step) % 30 / 10)
        if step == 3 and self._luck % 2:
            how = '2,"ai_used":"claude","level_reason":"rules gave up","model":"claude-sonnet-4-5",'
            spent = f'"input_tokens":{800 + self._luck % 400},"output_tokens":90,"duration_ms":812.5,"cost":0.00375'
        else:
            how = '0,"ai_used":"rules","level_reason":"cheapest","model":null,'
            spent = f'"input_tokens":0,"output_tokens":0,"duration_ms":{40 + (self._luck >> step) % 300}.25,"cost":0.0'
        self.steps.append(
            f'{{"event_id":"5{self._number:023x}{step:08x}","task_id":"{self._task_id}","worker":"{self._worker}",'
            f'"lease_epoch":1,"schema_version":1,"recorded_at":{self._in(0)},"event":{{"type":"step.executed",'
            f'"step_number":{step + 1},"action":"{_ACTIONS[step]}","ai_level":{how}{spent},"result":"success",'
            '"error_type":null,"error_details":null,"url":"https://pool.example.org/book","irreversible":false,'
            '"artifacts":[]}}'
        )

    def _later(self, seconds: float) -> None:
        self._at += timedelta(seconds=seconds)

    def _in(self, seconds: float) -> str:
        moment = self._at + timedelta(seconds=seconds) if seconds else self._at
        return f'"{moment.isoformat()[:-6]}Z"'


def _mixed(number: int) -> int:
    """A number that looks random, always the same for the same one."""
    return ((number + 1) * 0x9E3779B97F4A7C15 & _MASK) ^ ((number + 1) * 0xBF58476D1CE4E5B9 & _MASK) >> 17
