"""What a planner sees of a page, how it names what it saw, and how its acts are carried out."""
