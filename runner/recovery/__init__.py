"""What a worker does in the open page about a step that failed: one function per strategy."""

from runner.recovery.strategies import carry_out

__all__ = ["carry_out"]
