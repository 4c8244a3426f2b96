"""The image fields of an account on the wire (harness-api §3)."""

from pydantic import RootModel

from .common import Received, Wire


class FieldValue(Received):
    """``value`` is an image; null or left out drops the override."""

    field: str
    value: str | None = None


class FieldName(Received):
    field: str


class DeprecatedImage(Wire):
    """``tag`` is AddonImage or LiteEngineImage."""

    tag: str
    version: str


class FieldValues(RootModel[list[FieldValue]]):
    """``[{"field": "gitCloneTag", "value": "harness/drone-git:1.6.9"}]``"""


class FieldNames(RootModel[list[FieldName]]):
    """``[{"field": "gitCloneTag"}]``"""
