"""`python -m tests.integration.time_skewed`: a process of ours whose wall clock is off; its monotonic time is right.

As on a machine whose clock is wrong: `SKEW_SECONDS` says by how much, `SKEWED_MODULE` what runs.
"""

import os
import runpy
from datetime import UTC, datetime, timedelta

import time_machine

if __name__ == "__main__":
    wrong = datetime.now(UTC) + timedelta(seconds=float(os.environ["SKEW_SECONDS"]))
    time_machine.travel(wrong, tick=True).start()
    runpy.run_module(os.environ["SKEWED_MODULE"], run_name="__main__", alter_sys=True)
