"""What another recovery policy would have decided about the failures that are on the log."""
