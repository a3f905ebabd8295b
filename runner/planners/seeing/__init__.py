"""The planner that looks: rules that read a goal and a page, act only when they are sure, and say why they give up."""

from runner.planners.seeing.advice import Advice, Deed, Done, Next, Refusal
from runner.planners.seeing.core import decide, propose
from runner.planners.seeing.reading import read_goal, wishes_of

__all__ = ["Advice", "Deed", "Done", "Next", "Refusal", "decide", "propose", "read_goal", "wishes_of"]
