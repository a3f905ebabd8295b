"""Files that go to a site and come from it: no path of the runner's disk is ever given away, and all that comes is kept apart."""

from __future__ import annotations

import asyncio
import base64
import binascii
import mimetypes
from contextlib import suppress
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import Download as Coming
from playwright.async_api import ElementHandle, Error, FilePayload, Locator

from events.action import Download, Target, Upload, UploadFile
from events.failure import ErrorType
from runner.grounding import Search, place_of
from runner.hands import Act, Hands
from runner.outcome import StepTrouble, first_line
from runner.secrets import MASK

_FILE_LIMIT = 10 * 1024 * 1024  # bytes of one file that goes
_DOWNLOAD_LIMIT = 50 * 1024 * 1024  # bytes of one file that comes
_UNKNOWN = "application/octet-stream"
#: The field for files that an element is, labels, or holds; hidden ones are the rule.
_FIELD_JS = """e => e.type === 'file' ? e : e.closest('label')?.control ?? e.querySelector('input[type=file]')"""


async def upload(hands: Hands, action: Upload) -> Act:
    """Give files to a field, or to the chooser that a click opens."""
    payloads = [await _payload(hands, file) for file in action.files]
    field = await _hidden_field(hands, action.target)
    element: Locator | None = None if field is not None else await hands.find(action.target, "any")
    handle: ElementHandle | None = None
    if element is not None:
        found = await element.evaluate_handle(_FIELD_JS, timeout=hands.action_timeout * 1_000)
        handle = found.as_element()

    async def act(seconds: float) -> None:
        milliseconds = seconds * 1_000
        if field is not None:
            await field.set_input_files(payloads, timeout=milliseconds)
        elif handle is not None:
            await handle.set_input_files(payloads, timeout=milliseconds)
        elif element is not None:
            async with hands.session.page.expect_file_chooser(timeout=milliseconds) as choosing:
                await element.click(timeout=milliseconds)
            await (await choosing.value).set_files(payloads, timeout=milliseconds)

    return act


async def download(hands: Hands, action: Download) -> Act:
    """Click, wait for the file, keep it; what is told of it goes into the result data."""
    element = await hands.find(action.target, "press")

    async def act(seconds: float) -> None:
        milliseconds, here = seconds * 1_000, hands.session.page
        async with here.expect_download(timeout=milliseconds) as coming:
            await element.click(timeout=min(milliseconds, hands.action_timeout * 1_000))
        hands.data[action.key] = await _kept(hands, await coming.value)
        opened = hands.session.page
        if opened != here and opened.url in {"", "about:blank"}:  # a tab that was there for the download alone
            await opened.close()

    return act


async def _hidden_field(hands: Hands, target: Target) -> Locator | None:
    """The field for files that goes by these words, whether it can be seen or not."""
    if hands.given is not None:
        return None
    search = Search(place_of(hands.session.page, target.frame), target, "field")
    for candidate in search.candidates():
        fields = candidate.and_(search.page.locator("input[type=file]"))
        if await fields.count() == 1:
            hands.found = fields
            return fields
    return None


async def _payload(hands: Hands, file: UploadFile) -> FilePayload:
    media_type = file.media_type or mimetypes.guess_type(file.name)[0] or _UNKNOWN
    content = await _content(hands, file)
    if len(content) > _FILE_LIMIT:
        said = f"{file.name} has {len(content):,} bytes; at most {_FILE_LIMIT:,} are uploaded"
        raise StepTrouble(ErrorType.INVALID_INPUT, said)
    return {"name": file.name, "mimeType": media_type, "buffer": content}


async def _content(hands: Hands, file: UploadFile) -> bytes:
    if file.text is not None:
        return file.text.encode()
    if file.base64 is not None:
        try:
            return base64.b64decode("".join(file.base64.split()), validate=True)
        except binascii.Error as error:
            raise StepTrouble(ErrorType.INVALID_INPUT, f"{file.name}: its content is no base64: {error}") from error
    gone = StepTrouble(ErrorType.INVALID_INPUT, f"{file.name}: no artifact {file.artifact} is kept, or not any more")
    if hands.store is None:
        raise gone
    try:
        return await hands.store.get(file.artifact or "")
    except FileNotFoundError as error:
        raise gone from error


async def _kept(hands: Hands, coming: Coming) -> dict[str, Any]:
    """Keep a file that came; the browser's own copy goes at once, whatever happens."""
    name = base_name(coming.suggested_filename)
    try:
        failure = await coming.failure()
        if failure is not None:
            raise StepTrouble(ErrorType.SERVER_ERROR, f"The download of {name} failed: {failure}")
        path = await coming.path()
        size = path.stat().st_size
        if size > _DOWNLOAD_LIMIT:
            said = f"{name} has {size:,} bytes; at most {_DOWNLOAD_LIMIT:,} are kept"
            raise StepTrouble(ErrorType.GOAL_UNREACHABLE, said)
        content = _without_secrets(await asyncio.to_thread(path.read_bytes), hands)
    except Error as error:
        raise StepTrouble(
            ErrorType.SERVER_ERROR, f"The download of {name} failed: {first_line(error.message)}"
        ) from error
    finally:
        with suppress(Error):
            await coming.delete()
    if hands.store is None:
        raise StepTrouble(ErrorType.INVALID_INPUT, "this runner keeps no files")
    artifact = await hands.store.put("download", content, mimetypes.guess_type(name)[0] or _UNKNOWN)
    hands.kept.append(artifact)
    told = artifact.model_dump(include={"sha256", "media_type", "size_bytes"})
    return {"name": name, **told, "url": urlsplit(coming.url)._replace(query="", fragment="").geturl()[:1_000]}


def _without_secrets(content: bytes, hands: Hands) -> bytes:
    for form in hands.secrets.forms():
        content = content.replace(form.encode(), MASK.encode())
    return content


def base_name(suggested: str) -> str:
    """A name without folders, as the site suggests it."""
    name = PureWindowsPath(PurePosixPath(suggested).name).name
    return "".join(c for c in name if c.isprintable()).strip(". ")[:200] or "download"
