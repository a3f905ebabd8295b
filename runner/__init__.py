"""Hands: turns one claimed task at a time into browser actions, and says on the log what was done.

Read `worker.py`, then `attempt.py` (one task under one lease), then `browser_performer.py` (the acts themselves).
"""
