"""The demo: a swimming school's web site, goals for it, and a driver that performs them on real parts."""
