"""The clients' way to the HTTP API: a key shown, answers unwrapped, failures as our own errors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import httpx

from events.errors import (
    ApiUnreachable,
    BodyTooLarge,
    CommandRejected,
    GoaltrailError,
    NoSuchTask,
    NotAllowed,
    NotAuthenticated,
)

_TIMEOUT_SECONDS = 30.0
_ERROR_OF: dict[int, type[GoaltrailError]] = {
    401: NotAuthenticated,
    403: NotAllowed,
    404: NoSuchTask,
    409: CommandRejected,
    413: BodyTooLarge,
}
_MALFORMED = 422


class Door:
    """One API, one key; safe to use from several threads."""

    def __init__(self, url: str, api_key: str, *, transport: httpx.BaseTransport | None = None) -> None:
        headers = {"Authorization": f"Bearer {api_key}"}
        self._client = httpx.Client(base_url=url, headers=headers, timeout=_TIMEOUT_SECONDS, transport=transport)

    def get(self, path: str, **query: Any) -> dict[str, Any]:
        """The `data` of an answer; raises as `post`."""
        return self._data("GET", path, params=query)

    def post(self, path: str, body: object, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
        """The `data` of an answer.

        Raises:
            NotAuthenticated, NotAllowed, NoSuchTask, CommandRejected, BodyTooLarge: as the API says.
            ValueError: malformed; the text names the field.
            ApiUnreachable: no answer, or one that is not the API's.
        """
        return self._data("POST", path, json=body, headers=headers)

    def strange(self, what: str) -> ApiUnreachable:
        """The error for an answer that cannot be the API's."""
        return ApiUnreachable(f"{self._client.base_url} answered {what}")

    def __enter__(self) -> Self:
        """Ready already."""
        return self

    def __exit__(self, *_: object) -> None:
        """Let the connections go."""
        self._client.close()

    def _data(self, method: str, path: str, **request: Any) -> dict[str, Any]:
        try:
            response = self._client.request(method, path, **request)
        except httpx.HTTPError as error:
            raise ApiUnreachable(f"no answer from {self._client.base_url}: {error!r}") from error
        try:
            body = response.json()
            good, data, message = body["success"], body["data"], body["error"]
        except (ValueError, KeyError, TypeError) as error:
            raise self.strange(f"{response.status_code} in a shape that is not the API's") from error
        if good:
            return dict(data)
        if response.status_code == _MALFORMED:
            raise ValueError(message)
        raise _ERROR_OF.get(response.status_code, ApiUnreachable)(message)
