"""Who says what to do next: a declared plan, or rules that read the goal."""
