"""What the guard decides with: where a task may go, and the door that its connections go through."""

from runner.safety.door import Door
from runner.safety.policy import GuardPolicy

__all__ = ["Door", "GuardPolicy"]
