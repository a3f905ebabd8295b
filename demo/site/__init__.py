"""A small swimming school's web site, with a record of what reached it and switches for what can go wrong.

`serve` runs it in a thread for tests; `python -m demo.site` runs it by itself.
"""

from demo.site.record import Entry, Record
from demo.site.server import RunningSite, serve
from demo.site.switches import Fault, Switches

__all__ = ["Entry", "Fault", "Record", "RunningSite", "Switches", "serve"]
