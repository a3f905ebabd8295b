"""A task's steps as one web page that needs nothing beside it. Pure."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import Any

_PICTURE = "screenshot"
_MEDIA_TYPES = frozenset({"image/jpeg", "image/png", "image/webp"})

_STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 76rem; padding: 0 1rem; color: #1c2127 }
h1 { font-size: 1.3rem; margin: 0 } .about { color: #5c6670; margin: .3rem 0 1.5rem }
ol { list-style: none; padding: 0; display: grid; gap: 1rem; grid-template-columns: repeat(auto-fill, minmax(21rem, 1fr)) }
li { border: 1px solid #d7dce1; border-radius: 8px; overflow: hidden } li.error { border-color: #c62828 }
img { width: 100%; display: block; border-bottom: 1px solid #d7dce1 }
.none { color: #8a949e; padding: 2rem 1rem; text-align: center; border-bottom: 1px solid #d7dce1 }
.said { padding: .6rem .8rem } .why { color: #5c6670; font-size: .85rem } .bad { color: #c62828 }
.mark { background: #fff3cd; border-radius: 4px; padding: 0 .3rem; font-size: .8rem }
@media (prefers-color-scheme: dark) { body { background: #14181c; color: #dde3e8 } li, img, .none { border-color: #333b43 }
  .mark { color: #1c2127 } }
"""


def pictures_of(steps: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """The SHA-256 of each picture, in the order of the steps."""
    for step in steps:
        for artifact in _shown(step):
            yield artifact["sha256"]


def page(task: Mapping[str, Any], steps: Sequence[Mapping[str, Any]], pictures: Mapping[str, bytes]) -> str:
    """The page.

    Args:
        task: as the API tells it.
        steps: likewise, in order.
        pictures: content by SHA-256; what is missing is said so.
    """
    ended = task.get("final_result") or task.get("error_message") or ""
    about = f"{task['site_url']} · {task['status']}{' · ' if ended else ''}{ended}"
    frames = "\n".join(_frame(step, pictures) for step in steps) or "<li><div class=said>No steps yet.</div></li>"
    # Texts of foreign pages: nothing on this page may run, and nothing may be loaded.
    policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
    return f"""<!doctype html>
<html lang=en><meta charset=utf-8><meta http-equiv=Content-Security-Policy content="{policy}">
<meta name=viewport content="width=device-width"><title>{escape(task["goal"])}</title><style>{_STYLE}</style>
<h1>{escape(task["goal"])}</h1><p class=about>{escape(about)}<br>task {escape(task["id"])}</p>
<p class=about>Each picture is the newest that the browser had sent when its step ended: quick steps show the page as they met it.</p>
<ol>
{frames}
</ol></html>
"""


def _frame(step: Mapping[str, Any], pictures: Mapping[str, bytes]) -> str:
    shown = [artifact for artifact in _shown(step) if artifact["sha256"] in pictures]
    seen = "".join(_picture(step, artifact["media_type"], pictures[artifact["sha256"]]) for artifact in shown)
    lost = "picture not kept any more" if list(_shown(step)) else "no picture"
    level = f"level {step['ai_level']} " if step["ai_level"] else ""
    took = f"{step['duration_ms'] / 1_000:.1f} s" + (f" · ${step['cost']}" if float(step["cost"] or 0) else "")
    bad = f"<div class=bad>{escape(step['error_details'] or step['error_type'] or '')}</div>"
    mark = " <span class=mark>cannot be taken back</span>" if step["irreversible"] else ""
    return f"""<li class={escape(step["result"])}>{seen or f"<div class=none>{lost}</div>"}<div class=said>
<b>{step["step_number"]}. {escape(step["action"])}</b>{mark}{bad if step["result"] == "error" else ""}
<div class=why>{escape(level + step["ai_used"])} · {took}<br>{escape(step["level_reason"])}<br>{escape(step["url"])}</div></div></li>"""


def _picture(step: Mapping[str, Any], media_type: str, content: bytes) -> str:
    encoded = base64.b64encode(content).decode()
    return f'<img loading=lazy alt="at step {step["step_number"]}" src="data:{media_type};base64,{encoded}">'


def _shown(step: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for artifact in step["artifacts"]:
        if artifact.get("kind") == _PICTURE and artifact.get("media_type") in _MEDIA_TYPES and "sha256" in artifact:
            yield artifact
