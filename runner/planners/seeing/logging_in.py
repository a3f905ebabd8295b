"""The door of a site: name and password by reference to the task's secrets, nothing else. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from runner.page.acts import Push, Put
from runner.page.view import Element
from runner.planners.seeing import verbs
from runner.planners.seeing.advice import Refusal, Situation, Step, do
from runner.planners.seeing.aftermath import complaint
from runner.planners.seeing.assigning import spoken
from runner.planners.seeing.evidence import headings
from runner.planners.seeing.forms import Form, named
from runner.planners.seeing.wishes import Reach
from runner.planners.seeing.words import words

_USERS = ("user", "username", "login", "email", "mail", "account", "member")
_PASSWORDS = ("pass", "password", "passwd", "pwd", "passphrase", "pw", "pin")
_TRIES = 2


def must_log_in(at: Situation, forms: Sequence[Form]) -> Form | None:
    """The form to log in with, where the page is about little else."""
    doors = [form for form in forms if form.is_door]
    if len(doors) != 1:
        return None
    others = [form for form in forms if not form.is_door and len(form.slots) > 1]
    return doors[0] if verbs.logs_in(headings(at.view)) or not others else None


def log_in(wish: Reach, at: Situation, door: Form) -> Step:
    """Enter both, then the button."""
    if at.noted("logged in"):
        said = complaint(at.view, None)
        return Refusal(f"the login was refused: {said}" if said else "the page asks for a login once more")
    secret = next(slot.parts[0] for slot in door.slots if slot.parts[0].type == "password")
    names = [slot.parts[0] for slot in door.slots if slot.kind == "text" and slot.parts[0].type != "password"]
    password = _named(wish.secrets, _PASSWORDS)
    user = _user(wish)
    if password is None or (names and user is None):
        lacks = "a secret named 'password'" if password is None else "a secret or an input named 'username'"
        return Refusal(f"the page asks for a login; give {lacks}, or declare `steps`")
    for field, value in [*((name, user or "") for name in names[:1]), (secret, password)]:
        if not _entered(field, value, at):
            if sum(d.element is not None and d.element.css == field.css for d in at.deeds) >= _TRIES:
                return Refusal(f"{field.label or field.attr!r} does not keep what is entered")

            return do(Put(field.id, value), f"log in: enter {field.label or field.attr!r}", "credential")
    buttons = [b for b in door.buttons if verbs.logs_in(named(b))] or list(door.buttons)
    if len(buttons) != 1:
        return Refusal("which button logs in is not clear; declare `steps`")

    return do(Push(buttons[0].id), f"press {named(buttons[0])!r}", "logged in")


def _entered(field: Element, value: str, at: Situation) -> bool:
    if "{{" in value:
        return bool(field.value) and at.tried(field, "credential")
    return field.value == value


def _user(wish: Reach) -> str | None:
    secret = _named(wish.secrets, _USERS)
    if secret is not None:
        return secret
    name = _named([name for name, _ in wish.given], _USERS)
    return dict(wish.given).get(name or "")


def _named(names: Sequence[str], known: Sequence[str]) -> str | None:
    """The one name that says what is known, by the most telling word."""
    for word in known:
        found = [name for name in names if word in words(spoken(name.removeprefix("{{secret:")))]
        if found:
            return found[0] if len(found) == 1 else None
    return None
