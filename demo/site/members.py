"""Who may log in, and who is."""

from __future__ import annotations

import secrets

SESSION_COOKIE = "session"
#: The school's members; made up, and public on purpose.
PASSWORDS = {"parent": "open-water", "coach": "deep-end"}


class Members:
    """Sessions in memory: a restart of the site logs everybody out."""

    def __init__(self) -> None:
        self._sessions: dict[str, str] = {}
        self.logins = 0  #: so far

    def log_in(self, username: str, password: str) -> str | None:
        """A session's token; none when name or password are wrong."""
        if not secrets.compare_digest(PASSWORDS.get(username, "").encode(), password.encode()) or not password:
            return None
        self.logins += 1
        token = secrets.token_urlsafe()
        self._sessions[token] = username
        return token

    def log_out(self, token: str | None) -> None:
        """End a session, if it is one."""
        self._sessions.pop(token or "", None)

    def who(self, token: str | None) -> str | None:
        """Whose session it is."""
        return self._sessions.get(token or "")
