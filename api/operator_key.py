"""The operator's key: a file in the data folder, made by whoever starts first, readable by its owner alone."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from api.access import new_key
from events.errors import SetupIncomplete

FILE_NAME = "operator.key"


def operator_key(home: Path) -> str:
    """The key in `home`; made now if there is none.

    Two processes that start at once agree: the file appears whole, under its name, once.

    Raises:
        SetupIncomplete: the file is empty.
    """
    path = home / FILE_NAME
    if not path.exists():
        home.mkdir(parents=True, exist_ok=True)
        handle, draft = tempfile.mkstemp(dir=home, prefix=".operator-")  # mkstemp gives mode 0600
        try:
            os.write(handle, f"{new_key()}\n".encode())
            os.fsync(handle)
            os.link(draft, path)
        except FileExistsError:
            pass  # the other one was faster; its key counts
        finally:
            os.close(handle)
            Path(draft).unlink()
    key = read_operator_key(home)
    if key is None:
        raise SetupIncomplete(f"{path} is empty: delete it and start again")
    return key


def read_operator_key(home: Path) -> str | None:
    """The key in `home`, or none."""
    try:
        return (home / FILE_NAME).read_text().strip() or None
    except FileNotFoundError:
        return None
