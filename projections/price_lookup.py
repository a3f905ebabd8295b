"""`python -m projections.price_lookup [FILE]`: prices of the models named on standard input, looked up in a process of its own.

The price list takes 94 MB, which nobody needs once the few models that occur are priced.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Collection
from pathlib import Path

from pydantic import TypeAdapter

from events.errors import SetupIncomplete
from projections.own_prices import Price, read_own_prices

_MODELS = TypeAdapter(list[tuple[str, str]])
_PRICES = TypeAdapter(list[Price])
_SECONDS = 120.0  # the list is compiled when it is first loaded after an installation


def look_up(models: Collection[tuple[str, str]], file: Path | None) -> list[Price]:
    """Every price these (provider, model) pairs ever had.

    Raises:
        SetupIncomplete: the file cannot be read, or the list cannot.
    """
    command = [sys.executable, "-m", "projections.price_lookup", *([] if file is None else [str(file)])]
    asked = _MODELS.dump_json(sorted(models))
    try:
        done = subprocess.run(command, input=asked, capture_output=True, timeout=_SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise SetupIncomplete(f"prices were not found within {_SECONDS:g} s") from error
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
        raise SetupIncomplete(f"prices cannot be looked up: {' '.join(said) or done.returncode}")
    return _PRICES.validate_json(done.stdout)


def main() -> int:
    """Answer on standard output."""
    from projections.price_list import prices_of  # noqa: PLC0415 - loads the list

    own = read_own_prices(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
    asked = _MODELS.validate_json(sys.stdin.buffer.read())
    prices = [price for ai_used, model in asked for price in prices_of(ai_used, model, own)]
    sys.stdout.buffer.write(_PRICES.dump_json(prices))
    return 0


if __name__ == "__main__":
    sys.exit(main())
