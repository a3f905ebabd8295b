"""The school's own book: what reached it, in order, appended and never changed; duplicates are kept as such."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict


class Entry(BaseModel):
    """One line of the book."""

    model_config = ConfigDict(frozen=True)

    kind: Literal["registered", "cancelled"]
    number: str  #: confirmation number, such as AQ-0001; a cancellation repeats it
    child: str
    age: int
    email: str
    class_id: str
    day: str
    username: str  #: who did it
    received_at: AwareDatetime
    request: int  #: count of requests since the site started: tells two posts of one form apart


class Record:
    """The entries, in memory and as lines of JSON in a file that outlives the site."""

    def __init__(self, file: Path | None = None) -> None:
        self._file = file
        self._entries: list[Entry] = []
        if file is not None and file.exists():
            self._entries = [Entry.model_validate_json(line) for line in file.read_text().splitlines() if line]
        self._numbers = sum(entry.kind == "registered" for entry in self._entries)

    def entries(self) -> list[Entry]:
        """Everything so far, oldest first."""
        return list(self._entries)

    def register(
        self, *, child: str, age: int, email: str, class_id: str, day: str, username: str, request: int
    ) -> Entry:
        """Note a registration under a number of its own."""
        self._numbers += 1
        entry = Entry(
            kind="registered",
            number=f"AQ-{self._numbers:04d}",
            child=child,
            age=age,
            email=email,
            class_id=class_id,
            day=day,
            username=username,
            received_at=datetime.now(UTC),
            request=request,
        )
        return self._append(entry)

    def cancel(self, number: str, *, username: str, request: int) -> Entry | None:
        """Note that a registration is cancelled; none if there is no such registration in force."""
        found = self.in_force().get(number)
        if found is None:
            return None
        changes = {"kind": "cancelled", "username": username, "request": request, "received_at": datetime.now(UTC)}
        return self._append(found.model_copy(update=changes))

    def in_force(self) -> dict[str, Entry]:
        """Registrations that were not cancelled, by number."""
        standing: dict[str, Entry] = {}
        for entry in self._entries:
            if entry.kind == "registered":
                standing[entry.number] = entry
            else:
                standing.pop(entry.number, None)
        return standing

    def taken(self, class_id: str, day: str) -> int:
        """How many places are taken."""
        return sum((entry.class_id, entry.day) == (class_id, day) for entry in self.in_force().values())

    def _append(self, entry: Entry) -> Entry:
        if self._file is not None:
            with self._file.open("a") as file:
                file.write(entry.model_dump_json() + "\n")
        self._entries.append(entry)
        return entry
