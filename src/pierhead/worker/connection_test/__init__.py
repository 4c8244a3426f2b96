"""A connector tried step by step, from the name of its host to the right to pull; each step with what was seen."""

from .report import ConnectionReport, Step, StepOutcome
from .run import run_connection_test

__all__ = ["ConnectionReport", "Step", "StepOutcome", "run_connection_test"]
