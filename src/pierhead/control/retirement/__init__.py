"""End of life: registry hosts that ended or will, and what of an account hangs on them or is broken otherwise."""

from .errors import RetiredHostsFileError
from .facts import (
    Address,
    ConnectorUse,
    Facts,
    ImageFact,
    KeyFact,
    MirrorFact,
    PipelineFact,
    PipelineImage,
    WatchFact,
    address_of,
)
from .files import OWN_FILE, load_retired_hosts, read_retired_hosts
from .hosts import Match, RetiredHost, RetiredHosts, Rewrite, Then, provider_of
from .model import Finding, Kind, Migration, Severity, Thing
from .scanning import examine
from .uses import uses_in

__all__ = [
    "OWN_FILE",
    "Address",
    "ConnectorUse",
    "Facts",
    "Finding",
    "ImageFact",
    "KeyFact",
    "Kind",
    "Match",
    "Migration",
    "MirrorFact",
    "PipelineFact",
    "PipelineImage",
    "RetiredHost",
    "RetiredHosts",
    "RetiredHostsFileError",
    "Rewrite",
    "Severity",
    "Then",
    "Thing",
    "WatchFact",
    "address_of",
    "examine",
    "load_retired_hosts",
    "provider_of",
    "read_retired_hosts",
    "uses_in",
]
