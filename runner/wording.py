"""Actions and elements in words for people, and the words that announce acts nobody can take back. Pure."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from typing import assert_never

from events.action import (
    Action,
    Check,
    Click,
    Download,
    Drag,
    Extract,
    Fill,
    Hover,
    Navigate,
    Press,
    Scroll,
    Select,
    SelectMany,
    SelectText,
    Target,
    Type,
    Upload,
    Wait,
    WaitFor,
)

#: A button that says one of these submits, pays, deletes or sends.
IRREVERSIBLE = frozenset(
    {
        "register",
        "submit",
        "pay",
        "buy",
        "purchase",
        "order",
        "checkout",
        "delete",
        "remove",
        "cancel",
        "send",
        "confirm",
        "book",
        "transfer",
        "publish",
    }
)
_LOOKS_ONLY = frozenset({"link", "tab", "heading", "option", "row", "cell", "treeitem"})
_OFFERED = 6  # names shown when nothing is close


def is_irreversible(action: Action) -> bool:
    """Whether the act may be done at most once: declared so, or its button says so."""
    match action:
        case Click():
            return action.irreversible or _says_so(action.target)
        case Press() | Type():
            return action.irreversible
        case _:
            return False


def describe(action: Action) -> str:
    """One line; secrets stay templates, since they are filled in later."""
    match action:
        case Navigate():
            return f"open {action.url}"
        case Click():
            where = "" if action.at is None else f" at {action.at[0]:g}, {action.at[1]:g}"
            return f"click {name_of(action.target)}{where}"
        case Fill():
            return f'fill {name_of(action.target)} with "{action.value}"'
        case Select():
            return f'select "{action.option}" in {name_of(action.target)}'
        case SelectMany():
            options = ", ".join(f'"{option}"' for option in action.options) or "nothing"
            return f"select {options} in {name_of(action.target)}"
        case Check():
            return f"{'check' if action.checked else 'uncheck'} {name_of(action.target)}"
        case Press():
            where = "" if action.target is None else f" in {name_of(action.target)}"
            return f"press {action.key}{where}" + (f" {action.times} times" if action.times > 1 else "")
        case Type():
            return f'type "{action.value}" into {name_of(action.target)}' + (", then Enter" if action.enter else "")
        case Hover():
            return f"point at {name_of(action.target)}"
        case Drag():
            return f"drag {name_of(action.target)} {_destination(action)}"
        case Scroll():
            return f"scroll {name_of(action.target)} to the {action.end}"
        case SelectText():
            return f"select the text of {name_of(action.target)}"
        case Wait():
            return f"wait {action.seconds:g} seconds"
        case WaitFor():
            return f"wait for {name_of(action.target)}"
        case Extract():
            return f'read {_part(action)}{name_of(action.target)} as "{action.key}"'
        case Upload():
            return f"upload {', '.join(file.name for file in action.files)} to {name_of(action.target)}"
        case Download():
            return f'download from {name_of(action.target)} as "{action.key}"'
        case _:
            assert_never(action)


def _part(action: Extract) -> str:
    """What of an element is read."""
    whole = "every " if action.all else ""
    return f"{action.attribute} of {whole}" if action.attribute else "the table " if action.table else whole


def _destination(action: Drag) -> str:
    if action.onto is not None:
        return f"onto {name_of(action.onto)}"
    x, y = action.to or (0.0, 0.0)
    return f"to {x:g}, {y:g}"


def name_of(target: Target) -> str:
    """An element in words."""
    said = label_of(target)
    kind = target.role or ("field" if target.label or target.placeholder else "element")
    words = f'{kind} "{said}"' if said else kind
    if target.css and not said:
        words = f"element {target.css}"
    if target.nth is not None:
        words += f" (number {target.nth + 1})"
    return f'{words} in "{target.within}"' if target.within else words


def label_of(target: Target) -> str:
    """What a person would call the element; empty when it has no words."""
    return target.name or target.label or target.text or target.placeholder or target.test_id or ""


def closest(wanted: str, offered: Sequence[str]) -> str:
    """The end of a sentence that says what the page offers instead."""
    names = list(dict.fromkeys(name for name in offered if name))
    lowered = {name.lower(): name for name in names}
    near = difflib.get_close_matches(wanted.lower(), list(lowered), n=1, cutoff=0.45) or _sharing_words(wanted, lowered)
    if near:
        return f'; closest: "{lowered[near[0]]}"'
    if not names:
        return ""
    shown = ", ".join(f'"{name}"' for name in names[:_OFFERED])
    return f"; the page offers: {shown}" + (", ..." if len(names) > _OFFERED else "")


def _sharing_words(wanted: str, offered: Sequence[str] | dict[str, str]) -> list[str]:
    words = set(re.findall(r"\w{3,}", wanted.lower()))
    scored = [(len(words & set(re.findall(r"\w{3,}", name))), name) for name in offered]
    best = max(scored, default=(0, ""))
    return [best[1]] if best[0] else []


def _says_so(target: Target) -> bool:
    if target.role in _LOOKS_ONLY:
        return False
    said = target.name or target.text or ""
    return not IRREVERSIBLE.isdisjoint(re.findall(r"[a-z]+", said.lower()))
