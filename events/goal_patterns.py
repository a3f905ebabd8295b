"""Which goals are the same but for their inputs: a pattern is a goal with `{{name}}` in place of each. Pure.

Two goals share a path only if they are equal, word for word, once the inputs are filled in. Likeness of meaning is no
reason: "register" and "cancel" are near to each other, and so are Tuesday and Thursday.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from urllib.parse import urlsplit

from events.paths import UsablePath
from events.templates import UnresolvedTemplate, render

Inputs = Mapping[str, str | int | float | bool]
#: By goal, address and inputs: the path that leads there, if one may be replayed now.
FindPath = Callable[[str, str, Inputs], UsablePath | None]
_PORTS = {"http": 80, "https": 443}


def origin_of(url: str) -> str:
    """Scheme, host and port as a browser states an origin, such as `https://pool.example.org`."""
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    shown = f"[{host}]" if ":" in host else host
    port = parts.port
    return f"{parts.scheme}://{shown}" + ("" if port is None or port == _PORTS.get(parts.scheme) else f":{port}")


def path_for(paths: Iterable[UsablePath], goal: str, site_url: str, inputs: Inputs) -> UsablePath | None:
    """The path that reaches this very goal with these inputs, if there is one.

    An input that neither the path's steps nor the goal's words take is a wish that nobody knows to be met: another form
    may have to be filled in for it. Of several the one with the fewest templates is taken: it was learned for what is asked here most exactly.

    Args:
        paths: that may be replayed.
        goal: as the caller stated it, with or without templates.
        site_url: where.
        inputs: the task's values.
    """
    wanted, site = asked(goal, inputs), origin_of(site_url)
    found = [
        path
        for path in paths
        if path.site == site and _takes(path, inputs) and asked(path.goal_pattern, inputs) == wanted
    ]
    return min(found, key=lambda path: (len(path.inputs), path.path_key), default=None)


def asked(goal: str, inputs: Inputs) -> str:
    """What two goals that are the same have in common."""
    return _plain(filled(goal, inputs))


def beginning_of(pattern: str) -> str:
    """What `asked` begins with for every goal of this pattern, whatever the inputs: all that stands before a template."""
    return _plain(pattern.partition("{{")[0])


def _takes(path: UsablePath, inputs: Inputs) -> bool:
    given = {name: value for name, value in inputs.items() if spell(value).strip()}
    said = filled(path.goal_pattern, inputs)
    others = {name: value for name, value in given.items() if name not in path.inputs}
    return set(path.inputs) <= given.keys() and all(put_templates(said, {n: v}) != said for n, v in others.items())


def spell(value: str | float | bool) -> str:  # noqa: FBT001 - an input, of whatever type
    """An input as templates fill it in."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def put_templates(text: str, inputs: Inputs) -> str:
    """The text with `{{name}}` wherever the value of an input stands as a word of its own, longest values first."""
    values = sorted(((spell(value), name) for name, value in inputs.items()), key=lambda pair: -len(pair[0]))
    named = {value: name for value, name in values if value.strip()}
    if not named:
        return text
    either = "|".join(re.escape(value) for value in named)
    return re.sub(rf"(?<!\w)(?:{either})(?!\w)", lambda match: "{{" + named[match.group()] + "}}", text)


def filled(text: str, inputs: Inputs) -> str:
    """A goal with its inputs; one with a template that leads nowhere stays as it is."""
    try:
        return render(text, inputs, lambda name: "{{secret:" + name + "}}")
    except UnresolvedTemplate:
        return text


def _plain(text: str) -> str:
    """Without differences that nobody means: spaces and a last full stop. Case may be meant: names differ by it."""
    return " ".join(text.split()).rstrip(".! ")
