"""Advisories in OSV's form, imported into a file of our own, and packages matched against it; no network."""

from .database import OsvDatabase, OsvDatabaseError
from .importing import ImportReport, import_advisories
from .scanner import OsvScanner

__all__ = ["ImportReport", "OsvDatabase", "OsvDatabaseError", "OsvScanner", "import_advisories"]
