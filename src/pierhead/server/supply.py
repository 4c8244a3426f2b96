"""What makes images trusted, kept and talked about, on top of whoever asks registries."""

from dataclasses import dataclass

from pierhead.control.releases import ReleaseService
from pierhead.control.retirement import RetiredHosts

from .gating import Gating
from .mirroring import Mirroring
from .noticing import Noticing


@dataclass(frozen=True, slots=True)
class Supply:
    """How images come to be trusted and kept, and who hears of it."""

    releases: ReleaseService
    retired_hosts: RetiredHosts
    mirroring: Mirroring
    noticing: Noticing
    gating: Gating
