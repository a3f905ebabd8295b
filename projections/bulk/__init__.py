"""The fold in SQL, for rebuilding: many facts at once, from wherever they are kept."""
