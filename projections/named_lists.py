"""Lists of tasks by the words people use for them (mission.md §1): active, pending, completed, failed, ..."""

from __future__ import annotations

from events.task import RUNNING, Status
from projections.answers import TaskPage
from projections.task_queries import TaskReadings


class NamedLists(TaskReadings):
    """Pages of tasks, newest first, each with its true total; counting alone is a page of none."""

    def active(self, *, limit: int = 100, offset: int = 0) -> TaskPage:
        """Tasks that a worker acts on: claimed, in progress, or on again after a recovery."""
        return self._of(*RUNNING, limit=limit, offset=offset)

    def pending(self, *, limit: int = 100, offset: int = 0) -> TaskPage:
        """Tasks that wait for a worker."""
        return self._of(Status.PENDING, limit=limit, offset=offset)

    def completed(self, *, limit: int = 100, offset: int = 0) -> TaskPage:
        """Tasks whose goal was reached."""
        return self._of(Status.COMPLETED, limit=limit, offset=offset)

    def failed(self, *, limit: int = 100, offset: int = 0) -> TaskPage:
        """Tasks that were given up; one whose attempt failed and is tried again is none of them."""
        return self._of(Status.FAILED, limit=limit, offset=offset)

    def needing_recovery(self, *, limit: int = 100, offset: int = 0) -> TaskPage:
        """Tasks whose attempt failed and whose recovery is due or under way; those that need a human are `escalations`."""
        return self._of(Status.RECOVERY, limit=limit, offset=offset)

    def by_site(self, site_url: str, *, limit: int = 100, offset: int = 0) -> TaskPage:
        """Tasks on a site, given by any part of its address."""
        return self.list_tasks(site_url=site_url, limit=limit, offset=offset)

    def _of(self, *statuses: Status, limit: int, offset: int) -> TaskPage:
        wanted = {"statuses": [status.value for status in statuses]}
        return self._page("list_contains($statuses, status)", wanted, limit, offset)
