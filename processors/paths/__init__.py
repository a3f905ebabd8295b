"""The path agent: keeps `paths`, from which every runner copies, in step with what is said in `paths.events`."""

from processors.paths.book import Book, PathPolicy
from processors.paths.log import PathLog
from processors.paths.office import PathOffice

__all__ = ["Book", "PathLog", "PathOffice", "PathPolicy"]
