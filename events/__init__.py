"""The language of the log: commands, facts, states, and what each fact means.

Imports pydantic and the standard library only. Read `task.py`, then `facts.py`, `evolve.py`, `commands.py`.
"""
