"""Why an image cannot be had, from what programs say then: cause, the words that show it, and what to do."""

from .causes import CauseTable, cause_table
from .diagnosing import MAX_DIAGNOSES, diagnose, found_in_text
from .extracting import named
from .leading import Lead, leading
from .masking import masked
from .model import Cause, Diagnosis, Found, Step, Verdict
from .reading import MAX_TEXT, DiagnosisTextTooLongError
from .weighing import Evidence, Fact, Outcome, failure_text, nearest, weigh, with_platform

__all__ = [
    "MAX_DIAGNOSES",
    "MAX_TEXT",
    "Cause",
    "CauseTable",
    "Diagnosis",
    "DiagnosisTextTooLongError",
    "Evidence",
    "Fact",
    "Found",
    "Lead",
    "Outcome",
    "Step",
    "Verdict",
    "cause_table",
    "diagnose",
    "failure_text",
    "found_in_text",
    "leading",
    "masked",
    "named",
    "nearest",
    "weigh",
    "with_platform",
]
