"""Ways to append to the log, and the clients of services and workers that do it."""
