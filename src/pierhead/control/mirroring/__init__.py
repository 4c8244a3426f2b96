"""Mirrors: images copied ahead of need, by rules, under their own names."""

from .approvals import GivenApproval, MirrorApproval, identifier_of
from .documents import mirror_document, spec_document
from .errors import (
    InvalidMirrorError,
    MirrorExistsError,
    MirrorIsRunningError,
    MirrorMissingError,
    MirrorRunMissingError,
    NotInQuarantineError,
)
from .ledger import Holding, Sighting
from .model import (
    SCHEDULED,
    Copies,
    Deletion,
    Mirror,
    MirrorDraft,
    MirroredRepository,
    MirrorSpec,
    Preset,
    backup_tag,
)
from .planning import Fate, Found, Item, Plan, Survey, known_immutable, plan
from .ports import HoldingRows, MirrorRunRows, MirrorStore, MirrorTransaction, SightingRows
from .regsync import RegsyncTranslation, translate_regsync
from .regsync_spots import InvalidRegsyncError
from .run_book import subject_of
from .runs import MirrorRun, Phase, RunItem, RunState, Trigger
from .schedule import next_run
from .service import MirrorService

__all__ = [
    "SCHEDULED",
    "Copies",
    "Deletion",
    "Fate",
    "Found",
    "GivenApproval",
    "Holding",
    "HoldingRows",
    "InvalidMirrorError",
    "InvalidRegsyncError",
    "Item",
    "Mirror",
    "MirrorApproval",
    "MirrorDraft",
    "MirrorExistsError",
    "MirrorIsRunningError",
    "MirrorMissingError",
    "MirrorRun",
    "MirrorRunMissingError",
    "MirrorRunRows",
    "MirrorService",
    "MirrorSpec",
    "MirrorStore",
    "MirrorTransaction",
    "MirroredRepository",
    "NotInQuarantineError",
    "Phase",
    "Plan",
    "Preset",
    "RegsyncTranslation",
    "RunItem",
    "RunState",
    "Sighting",
    "SightingRows",
    "Survey",
    "Trigger",
    "backup_tag",
    "identifier_of",
    "known_immutable",
    "mirror_document",
    "next_run",
    "plan",
    "spec_document",
    "subject_of",
    "translate_regsync",
]
