"""Old facts of tasks that are over, as Parquet: planned, written, proven against the log, and read again before it."""
