"""Rows kept as JSON change with the models they are written from: then files written before must be made anew."""

from __future__ import annotations

import hashlib
from typing import Any, get_args

from pydantic import BaseModel

from events.action import Action, Target
from events.indicators import SuccessIndicator
from events.paths import PathStep
from projections.store import CODE_VERSION

#: What `tasks.plan`, `tasks.success_indicators` and the steps of paths are written from.
KEPT_AS_JSON: tuple[type[BaseModel], ...] = (
    Target,
    PathStep,
    *get_args(get_args(Action)[0]),
    *get_args(get_args(SuccessIndicator)[0]),
)


def test_a_file_written_from_other_models_is_of_another_version() -> None:
    assert len(KEPT_AS_JSON) > 15
    told: dict[str, Any] = {
        model.__name__: {name: repr(field.default) for name, field in model.model_fields.items()}
        for model in KEPT_AS_JSON
    }
    digest = hashlib.sha256(repr(sorted(told.items())).encode()).hexdigest()[:16]

    assert (digest, CODE_VERSION) == ("45b7b1d6a5d56a8b", 5), (
        "raise CODE_VERSION in projections/store.py, then write both here"
    )
