"""Who is logged in where: sessions of accounts, kept from one task to the next."""

from runner.accounts.sessions import AccountSessions

__all__ = ["AccountSessions"]
