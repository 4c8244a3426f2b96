"""Mirrors that tell of what becomes of their runs, in the transaction that ends the run."""

from typing import cast

from pierhead.control.mirroring import MirrorRun, MirrorService, MirrorTransaction
from pierhead.control.notices import TellingTransaction, tell

from .news import of_mirror_run


class TellingMirrors(MirrorService):
    """Every change of a run goes through ``record``; only one that ends it is told."""

    def record(self, tx: MirrorTransaction, run: MirrorRun) -> MirrorRun:
        recorded = super().record(tx, run)
        for news in of_mirror_run(recorded):
            tell(cast(TellingTransaction, tx), news, self._clock.now())
        return recorded
