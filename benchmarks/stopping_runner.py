"""`python -m benchmarks.stopping_runner`: a real runner that stops itself once (SIGSTOP), with its intent on the log.

Exactly there, since a signal from outside would come a little earlier or later. `STOPPED_FILE` tells that it has.
"""

import os
import signal
import sys
from pathlib import Path
from typing import Any

from runner.__main__ import main
from runner.reports import StepLog

_intend = StepLog.intend


async def _intend_then_stop(self: StepLog, *args: Any, **named: Any) -> None:
    await _intend(self, *args, **named)
    mark = Path(os.environ["STOPPED_FILE"])
    if not mark.exists():  # noqa: ASYNC240 - everything is about to stop anyway
        mark.touch()  # noqa: ASYNC240
        os.kill(os.getpid(), signal.SIGSTOP)


if __name__ == "__main__":
    StepLog.intend = _intend_then_stop  # type: ignore[method-assign]
    sys.exit(main())
