"""An independent recount of the log, to hold against the tables: it shares the language with the folds and no code."""
