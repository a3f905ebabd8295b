"""Pages written by hand, as a planner sees them: a tree of small parts becomes a view."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runner.page.view import View, read_view

_ROW = 20.0


@dataclass(frozen=True)
class Part:
    """One element and what is inside it."""

    told: Mapping[str, Any]
    inside: tuple[Part, ...] = ()


def part(tag: str, own: str = "", *inside: Part, **told: Any) -> Part:
    return Part({"tag": tag, "own": own, "text": own, "name": own, **told}, inside)


def button(name: str, **told: Any) -> Part:
    return part("button", name, role="button", press=True, **told)


def link(name: str, **told: Any) -> Part:
    return part("a", name, role="link", press=True, **{"href": "#", **told})


def icon(tokens: str, **told: Any) -> Part:
    return part("span", tokens=tokens, press=True, **told)


def field(label: str = "", **told: Any) -> Part:
    return part(
        "input", role="textbox", field=True, press=True, **{"type": "text", "label": label, "name": label, **told}
    )


def box(label: str, kind: str = "checkbox", **told: Any) -> Part:
    return part(
        "input", role=kind, field=True, type=kind, label=label, name=label, press=True, **{"checked": False, **told}
    )


def group(*inside: Part, **told: Any) -> Part:
    return part("div", "", *inside, **told)


def choice(label: str, *options: str, **told: Any) -> Part:
    return part(
        "select", role="combobox", field=True, press=True,
        **{"type": "select", "label": label, "name": label, "options": ["", *options], "chosen": [""], **told},
    )  # fmt: skip


def form(number: int, *inside: Part) -> Part:
    """Parts that belong to one form, which is sent to the site."""
    return group(
        *(Part({**one.told, "form": number, "posts": one.told["tag"] == "button"}, one.inside) for one in inside)
    )


def page(*parts: Part, before: View | None = None, url: str = "http://site.test/", title: str = "Site") -> View:
    """The view of a page that holds these parts."""
    told: list[dict[str, Any]] = []
    count = 0

    def walk(found: Part, path: list[int], css: str) -> None:
        nonlocal count
        count += 1
        here, name = [*path, count], f"{css} > {found.told['tag']}:nth-of-type({count})"
        record = {"n": count, "path": here, "css": name, "box": [0.0, count * _ROW, 100.0, _ROW], **found.told}
        if record.get("own") or record.get("press") or record.get("field") or len(found.told) > 4:
            told.append(record)
        for child in found.inside:
            walk(child, here, name)

    for one in parts:
        walk(one, [], "body")
    return read_view([("", {"url": url, "title": title, "elements": told})], before)
