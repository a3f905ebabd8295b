"""Keeps the table of prices in step with the models that occur; the projector's thread tends it between batches."""

from __future__ import annotations

import threading
from collections.abc import Collection
from importlib.metadata import version
from pathlib import Path
from time import monotonic

import structlog

from events.errors import SetupIncomplete
from projections.own_prices import Price, read_own_prices
from projections.price_lookup import look_up
from projections.store import Store

_log = structlog.get_logger(__name__)

_AGAIN_SECONDS = 60.0  # after a look-up that failed
_VERSION = "prices"  # in `meta`: what the rows were made from
Model = tuple[str, str | None]  #: provider and model, as recorded


class Prices:
    """Prices of one store; until a new model is looked up, a second or two, it is shown as unpriced."""

    def __init__(self, file: Path | None = None, *, again_seconds: float = _AGAIN_SECONDS) -> None:
        """Read the installation's own prices; raises SetupIncomplete when they cannot be."""
        own = read_own_prices(file)
        self._file, self._again_seconds = file, again_seconds
        self._made_from = f"genai-prices {version('genai-prices')} {own.fingerprint}".strip()
        self._known: set[tuple[str, str]] | None = None
        self._wanted: set[tuple[str, str]] = set()  #: that the store held unpriced, or priced by another list
        self._under_way: threading.Thread | None = None
        self._found: list[Price] | None = None
        self._not_before = 0.0

    @property
    def idle(self) -> bool:
        """Whether nothing is being looked up, and all that was found is written."""
        ended = self._under_way is None or not self._under_way.is_alive()  # asked first: it hands over, then ends
        return ended and self._found is None

    def tend(self, store: Store, seen: Collection[Model]) -> None:
        """Write what was found meanwhile, and have new models looked up.

        Args:
            store: whose table it is.
            seen: models met since the store was opened; what it held before is found here.
        """
        if self._known is None:
            self._known, self._wanted = self._begin(store)
        if self._found is not None:
            self._write(store, self._found)
            self._found = None
        if not self.idle:
            return
        unknown = ({(ai_used, model or "") for ai_used, model in seen} | self._wanted) - self._known
        if unknown and monotonic() >= self._not_before:
            self._look_up(unknown)

    def _begin(self, store: Store) -> tuple[set[tuple[str, str]], set[tuple[str, str]]]:
        """What is priced by the list and the file that hold now, and what else the store has met."""
        with store.cursor() as cursor:
            made_from = cursor.execute("SELECT value FROM meta WHERE key = ?", [_VERSION]).fetchone()
            met = set(cursor.execute(_MET).fetchall())
            priced = set(cursor.execute("SELECT DISTINCT ai_used, model FROM prices").fetchall())
        return (priced, met - priced) if made_from == (self._made_from,) else (set(), met | priced)

    def _look_up(self, models: set[tuple[str, str]]) -> None:
        def run() -> None:
            try:
                self._found = look_up(models, self._file)
            except SetupIncomplete as error:
                self._not_before = monotonic() + self._again_seconds
                _log.warning("models stay unpriced", action="prices", error=str(error))

        self._under_way = threading.Thread(target=run, name="prices", daemon=True)
        self._under_way.start()

    def _write(self, store: Store, found: list[Price]) -> None:
        models = {(price.ai_used, price.model) for price in found}
        with store.cursor() as cursor:
            cursor.execute("BEGIN")
            names = [list(part) for part in zip(*models, strict=True)]
            cursor.execute(_FORGET, names)
            places = ", ".join(["?"] * len(Price._fields))
            for price in found:
                cursor.execute(f"INSERT INTO prices VALUES ({places})", price)  # noqa: S608 - question marks
            cursor.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", [_VERSION, self._made_from])
            cursor.execute("COMMIT")
        self._known = (self._known or set()) | models
        unpriced = sorted("/".join(pair) for pair in models if not _priced(found, pair))
        _log.info("models priced", action="prices", models=len(models), unpriced=unpriced)


def _priced(found: list[Price], pair: tuple[str, str]) -> bool:
    return any((p.ai_used, p.model) == pair and p.usd_per_million_input is not None for p in found)


_MET = """
SELECT DISTINCT ai_used, coalesce(model, '') FROM execution_log
UNION SELECT DISTINCT ai_provider, coalesce(model, '') FROM costs
"""
_FORGET = """
DELETE FROM prices WHERE EXISTS (
    SELECT 1 FROM (SELECT unnest($1::VARCHAR[]) AS ai_used, unnest($2::VARCHAR[]) AS model) AS d
    WHERE d.ai_used = prices.ai_used AND d.model = prices.model
)
"""
