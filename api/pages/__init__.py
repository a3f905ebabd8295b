"""Web pages as plain files: no build, nothing from other hosts."""
