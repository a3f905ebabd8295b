"""Reads what `goaltrail submit` was given into the body of a submission. No I/O but the files it is told to read."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from typer import BadParameter

from events.goal import PRIORITIES

_LENGTH = re.compile(r"(?P<count>\d+(?:\.\d+)?)\s*(?P<unit>[smhd]?)")
_UNITS = {"": 1, "s": 1, "m": 60, "h": 3_600, "d": 86_400}


def pairs(given: list[str], option: str) -> dict[str, str]:
    """`name=value` options as a mapping."""
    read = {}
    for text in given:
        name, separator, value = text.partition("=")
        if not separator or not name:
            raise BadParameter(f"{text!r} is not name=value", param_hint=option)
        read[name] = value
    return read


def priority(given: str) -> int:
    """A number or a name."""
    named = PRIORITIES.get(given.upper())
    if named is not None:
        return named
    try:
        return int(given)
    except ValueError:
        names = ", ".join(PRIORITIES)
        raise BadParameter(
            f"{given!r} is no number from 1 to 10 and none of {names}", param_hint="--priority"
        ) from None


def json_object(given: str | None, option: str) -> dict[str, Any]:
    """A JSON object."""
    if given is None:
        return {}
    try:
        value = json.loads(given)
    except ValueError as error:
        raise BadParameter(f"is no JSON: {error}", param_hint=option) from None
    if not isinstance(value, dict):
        raise BadParameter('must be a JSON object, such as {"user_id": 7}', param_hint=option)
    return value


def metadata(given: str | None, account: str | None) -> dict[str, Any]:
    """What is kept with the task; the account is a part of it."""
    return json_object(given, "--metadata") | ({} if account is None else {"account": account})


def seconds(given: str, option: str) -> float:
    """A length of time: `90`, `90s`, `10m`, `2h` or `1d`."""
    found = _LENGTH.fullmatch(given.strip())
    if found is None:
        raise BadParameter(f"{given!r} is no length of time such as 90s, 10m, 2h or 1d", param_hint=option)
    return float(found["count"]) * _UNITS[found["unit"]]


def not_before(given: str | None) -> str | None:
    """A time, or a length of time from now; a time without a zone is this machine's."""
    if given is None:
        return None
    if _LENGTH.fullmatch(given.strip()):
        return (datetime.now(UTC) + timedelta(seconds=seconds(given, "--not-before"))).isoformat()
    try:
        return datetime.fromisoformat(given).astimezone(UTC).isoformat()
    except (ValueError, OverflowError):
        hint = "is neither a time such as 2026-12-01T08:00 nor a length of time such as 2h"
        raise BadParameter(f"{given!r} {hint}", param_hint="--not-before") from None


def steps(path: Path | None) -> list[Any]:
    """A declared plan: a JSON file with a list of actions, or an object that holds one under `steps`."""
    if path is None:
        return []
    try:
        value = json.loads(path.read_text())
    except OSError as error:
        raise BadParameter(f"cannot read {path}: {error.strerror}", param_hint="--steps") from None
    except ValueError as error:
        raise BadParameter(f"{path} is no JSON: {error}", param_hint="--steps") from None
    plan = value.get("steps") if isinstance(value, dict) else value
    if not isinstance(plan, list):
        raise BadParameter(f"{path} must hold a list of actions", param_hint="--steps")
    return plan


def indicators(texts: list[str], urls: list[str]) -> list[dict[str, str]]:
    """What proves success."""
    return [{"kind": "text_visible", "value": text} for text in texts] + [
        {"kind": "url_contains", "value": url} for url in urls
    ]
