"""The command line's way to the API: where it is, which key to show, and what to say when it does not answer."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Any, NoReturn

import httpx
import typer
from rich.console import Console
from rich.markup import escape

from api.operator_key import read_operator_key
from local.home import Home
from settings import Settings

TASKS = "/api/browser-tasks"
KEYS = "/api/keys"
_TIMEOUT_SECONDS = 30.0

Url = Annotated[
    str | None,
    typer.Option("--url", envvar="GOALTRAIL_URL", help="Where the API is; found by itself after `goaltrail up`."),
]
Key = Annotated[
    str | None,
    typer.Option(
        "--api-key", envvar="GOALTRAIL_API_KEY", help="Key to show; else the operator's, from the data folder."
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
TaskId = Annotated[str, typer.Argument(help="The task's id, as `goaltrail submit` printed it.", show_default=False)]

_PIPE_WIDTH = 160  # into a file or pipe there is no terminal to ask

out = Console(width=None if sys.stdout.isatty() else _PIPE_WIDTH)
err = Console(stderr=True)


def fail(message: str) -> NoReturn:
    """Say what went wrong, and end with exit code 1."""
    err.print(f"[bold red]Error:[/] {escape(message)}", highlight=False, soft_wrap=True)
    raise typer.Exit(1)


def print_json(value: object) -> None:
    """Print for programs: one JSON document, not wrapped, not coloured."""
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False))


@dataclass(frozen=True, slots=True)
class Api:
    """Calls that give the `data` of an answer, or end the program with what went wrong."""

    client: httpx.Client

    def ask(self, method: str, path: str, **request: Any) -> tuple[int, dict[str, Any]]:
        """One call; the status and the data."""
        try:
            response = self.client.request(method, path, **request)
        except httpx.ConnectError:
            fail(f"the API does not answer at {self.client.base_url}: start it with `goaltrail up`")
        except httpx.HTTPError as error:
            fail(f"the API at {self.client.base_url} did not answer: {error!r}")
        try:
            body = response.json()
            good, data, message = body["success"], body["data"], body["error"]
        except (ValueError, KeyError, TypeError):
            fail(f"{self.client.base_url} answered {response.status_code}, but not as the Goaltrail API would")
        if not good:
            fail(_advice(response.status_code, message))
        return response.status_code, data

    def content(self, path: str) -> bytes:
        """A file.

        Raises:
            LookupError: it is not there; the text is the API's.
        """
        try:
            response = self.client.get(path)
        except httpx.HTTPError as error:
            fail(f"the API at {self.client.base_url} did not answer: {error!r}")
        if response.status_code == httpx.codes.OK:
            return response.content
        try:
            message = str(response.json()["error"])
        except (ValueError, KeyError, TypeError):
            message = f"status {response.status_code}"
        raise LookupError(_advice(response.status_code, message))

    def data(self, method: str, path: str, **request: Any) -> dict[str, Any]:
        """One call; the data alone."""
        return self.ask(method, path, **request)[1]


@contextmanager
def api(url: str | None, key: str | None) -> Iterator[Api]:
    """The API, found by option, by environment, or by what `goaltrail up` left in the data folder."""
    settings = Settings()
    shown = key or read_operator_key(settings.home)
    headers = {"Authorization": f"Bearer {shown}"} if shown else {}
    with httpx.Client(base_url=url or _found(settings), headers=headers, timeout=_TIMEOUT_SECONDS) as client:
        yield Api(client)


def _found(settings: Settings) -> str:
    try:
        port = Home(settings.home).read_state().api_port
    except ValueError:
        port = 0
    return f"http://{settings.http.host}:{port or settings.http.port}"


def _advice(status: int, message: str) -> str:
    if status == httpx.codes.UNAUTHORIZED:
        return f"{message}\nGive one with --api-key or GOALTRAIL_API_KEY, or run where the data folder is (GOALTRAIL_HOME)."
    return message
