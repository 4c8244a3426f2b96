"""Pipelines: which images each stage needs, where each comes from and why, and the runs that prepare them."""

from .document import parse_pipeline
from .errors import (
    NotRenderableError,
    PipelineExpressionError,
    PipelineFieldError,
    PipelineSyntaxError,
    PipelineTooLargeError,
    Place,
    RunNotFoundError,
    StageNotFoundError,
    StageReferenceError,
    UnknownImageError,
)
from .kubernetes import render, to_yaml
from .model import (
    ImageNeed,
    ImageUse,
    Infrastructure,
    InfrastructureKind,
    Pipeline,
    PullPolicy,
    Role,
    SkippedStage,
    Stage,
    Step,
)
from .needs import StageNeeds, needs_of
from .paths import PathChoice
from .plan import Plan, PlannedImage, StagePlan
from .ports import PathSettler, RunRows, RunStore, RunTransaction, SettledPath
from .pull_secrets import hidden_credentials
from .resolution import MayName, resolve
from .runs import ImageFacts, ImageFailure, ImageState, Run, RunImage, RunStage, RunState
from .service import PULL_KIND, RunService
from .yaml_values import yaml_lined, yaml_value

__all__ = [
    "PULL_KIND",
    "ImageFacts",
    "ImageFailure",
    "ImageNeed",
    "ImageState",
    "ImageUse",
    "Infrastructure",
    "InfrastructureKind",
    "MayName",
    "NotRenderableError",
    "PathChoice",
    "PathSettler",
    "Pipeline",
    "PipelineExpressionError",
    "PipelineFieldError",
    "PipelineSyntaxError",
    "PipelineTooLargeError",
    "Place",
    "Plan",
    "PlannedImage",
    "PullPolicy",
    "Role",
    "Run",
    "RunImage",
    "RunNotFoundError",
    "RunRows",
    "RunService",
    "RunStage",
    "RunState",
    "RunStore",
    "RunTransaction",
    "SettledPath",
    "SkippedStage",
    "Stage",
    "StageNeeds",
    "StageNotFoundError",
    "StagePlan",
    "StageReferenceError",
    "Step",
    "UnknownImageError",
    "hidden_credentials",
    "needs_of",
    "parse_pipeline",
    "render",
    "resolve",
    "to_yaml",
    "yaml_lined",
    "yaml_value",
]
