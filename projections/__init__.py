"""Readings of the log in DuckDB: tasks, execution log, costs, workers; rebuilt from the facts at any time.

`Projector` folds the log into one file in a thread of its own; `Readings` (at `projector.readings`) answers from it.
Analysts open a published copy of the file: `projections.snapshot.open_snapshot(path)`.
"""
