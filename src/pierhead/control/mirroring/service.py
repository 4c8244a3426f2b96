"""Use cases of mirrors: make, change, read, list, delete, approve. Permissions are asked by the caller."""

from collections.abc import Container
from dataclasses import replace
from typing import Final

from pierhead.control.audit import SYSTEM, Action, Actor, note
from pierhead.control.organizations import check_place
from pierhead.control.scopes import Scope, check_identifier, check_name
from pierhead.kit.clock import Clock
from pierhead.kit.paging import Page, PageRequest

from .approvals import GivenApproval, MirrorApproval, check_reason, identifier_of
from .documents import mirror_document
from .errors import (
    InvalidMirrorError,
    MirrorExistsError,
    MirrorIsRunningError,
    MirrorMissingError,
    MirrorRunMissingError,
    NotInQuarantineError,
)
from .ledger import Holding
from .model import Mirror, MirrorDraft
from .ports import MirrorStore, MirrorTransaction
from .run_book import RunBook, subject_of
from .runs import MirrorRun

_RUNS_LOOKED_AT: Final = 20
MAX_MIRRORS: Final = 200
"""In one scope."""


class MirrorService(RunBook):
    """Thread-safe: it holds nothing that changes."""

    def __init__(self, store: MirrorStore, clock: Clock) -> None:
        super().__init__(clock)
        self._store = store

    def create(self, draft: MirrorDraft, *, by: Actor = SYSTEM) -> Mirror:
        """Raises InvalidIdentifierError, InvalidInputError for the name, InvalidTagRuleError, PlaceNotFoundError,
        MirrorExistsError."""
        check_identifier(draft.identifier)
        check_name(draft.name)
        draft.spec.check_tags()
        now = self._clock.now()
        made = Mirror(
            scope=draft.scope,
            identifier=draft.identifier,
            name=draft.name,
            spec=draft.spec,
            created_at=now,
            last_modified_at=now,
            description=draft.description,
            tags=dict(draft.tags),
            is_enabled=draft.is_enabled,
            about=draft.about,
            made_by=draft.made_by,
        )
        with self._store.transaction() as tx:
            check_place(tx, draft.scope)
            if tx.mirrors.page(draft.scope, "", PageRequest(0, 1)).total >= MAX_MIRRORS:
                why = f"there are {MAX_MIRRORS} in this scope already"
                raise InvalidMirrorError("identifier", why, "delete some that nobody uses")
            if not tx.mirrors.add(made):
                raise MirrorExistsError(draft.identifier)
            note(tx, now, by, Action.CREATE, subject_of(made), None, mirror_document(made))
        return made

    def update(self, draft: MirrorDraft, *, by: Actor = SYSTEM) -> Mirror:
        """Replaces everything that a draft has; what is held already stays known. Raises as ``create``, and
        MirrorMissingError."""
        check_name(draft.name)
        draft.spec.check_tags()
        now = self._clock.now()
        with self._store.transaction() as tx:
            before = _mirror_in(tx, draft.scope, draft.identifier)
            after = replace(
                before,
                name=draft.name,
                spec=draft.spec,
                description=draft.description,
                tags=dict(draft.tags),
                is_enabled=draft.is_enabled,
                about=draft.about,
                made_by=draft.made_by,
                last_modified_at=now,
            )
            if before.spec.target != after.spec.target:
                tx.holdings.clear(draft.scope, draft.identifier)  # what another place holds says nothing of this one
            tx.mirrors.replace(after)
            note(tx, now, by, Action.UPDATE, subject_of(after), mirror_document(before), mirror_document(after))
        return after

    def get(self, scope: Scope, identifier: str) -> Mirror:
        """Raises MirrorMissingError."""
        with self._store.snapshot() as tx:
            return _mirror_in(tx, scope, identifier)

    def list(
        self, scope: Scope, request: PageRequest, search: str = "", among: Container[str] | None = None
    ) -> Page[Mirror]:
        """Last modified first; with ``among`` those of these identifiers only, and pages of them."""
        with self._store.snapshot() as tx:
            if among is None:
                return tx.mirrors.page(scope, search, request)
            every = tx.mirrors.page(scope, search, PageRequest(0, MAX_MIRRORS)).items
        seen = tuple(mirror for mirror in every if mirror.identifier in among)
        return Page(seen[request.offset : request.offset + request.size], len(seen), request)

    def delete(self, scope: Scope, identifier: str, *, by: Actor = SYSTEM) -> None:
        """Forgets the mirror and its ledger; what it brought to its target stays there.

        Raises MirrorMissingError, MirrorIsRunningError.
        """
        with self._store.transaction() as tx:
            gone = _mirror_in(tx, scope, identifier)
            if (running := tx.mirror_runs.running(scope, identifier)) is not None:
                raise MirrorIsRunningError(identifier, running.id)
            tx.mirrors.remove(scope, identifier)
            tx.holdings.clear(scope, identifier)
            tx.mirror_runs.clear(scope, identifier)
            for each in tx.approvals.list(scope, identifier):
                tx.approvals.remove(scope, each.identifier, identifier)
            note(tx, self._clock.now(), by, Action.DELETE, subject_of(gone), mirror_document(gone))

    def approve(
        self, scope: Scope, identifier: str, image: str, digest: str, reason: str, key: str, *, by: Actor = SYSTEM
    ) -> MirrorApproval:
        """The word of the principal ``key`` for an image (``repository:tag``) that the last run left in quarantine;
        ``digest`` may be empty where there is one only. The next run asks the gates again.

        Raises MirrorMissingError, NotInQuarantineError, InvalidMirrorError.
        """
        reason = check_reason(reason)
        now = self._clock.now()
        with self._store.transaction() as tx:
            mirror = _mirror_in(tx, scope, identifier)
            held = _quarantined(tx, scope, identifier, image, digest)
            before = tx.approvals.find(scope, identifier_of(held), identifier)
            known = before or MirrorApproval(scope, identifier, held, image, (), now, now)
            after = known.with_word(GivenApproval(key, by.name, now, reason))
            if before is None:
                tx.approvals.add(after)
            else:
                tx.approvals.replace(after)
            told = {"approved": image, "digest": held, "reason": reason}
            note(tx, now, by, Action.UPDATE, subject_of(mirror), None, told)
        return after

    def held(self, scope: Scope, identifier: str) -> tuple[Holding, ...]:
        """What the mirror has brought to its target. Raises MirrorMissingError."""
        with self._store.snapshot() as tx:
            _mirror_in(tx, scope, identifier)
            return tx.holdings.of(scope, identifier)

    def runs(self, scope: Scope, identifier: str, request: PageRequest) -> Page[MirrorRun]:
        """The last begun first, each without its items. Raises MirrorMissingError."""
        with self._store.snapshot() as tx:
            _mirror_in(tx, scope, identifier)
            return tx.mirror_runs.page(scope, identifier, request)

    def run(self, account: str, run_id: str) -> MirrorRun:
        """Raises MirrorRunMissingError."""
        with self._store.snapshot() as tx:
            found = tx.mirror_runs.find(account, run_id)
        if found is None:
            raise MirrorRunMissingError(run_id)
        return found


def _mirror_in(tx: MirrorTransaction, scope: Scope, identifier: str) -> Mirror:
    found = tx.mirrors.find(scope, identifier)
    if found is None:
        raise MirrorMissingError(identifier)
    return found


def _quarantined(tx: MirrorTransaction, scope: Scope, mirror: str, image: str, digest: str) -> str:
    runs = tx.mirror_runs.page(scope, mirror, PageRequest(0, _RUNS_LOOKED_AT)).items
    last = next((run for run in runs if run.state.is_final and not run.is_plan), None)
    whole = tx.mirror_runs.find(scope.account, last.id) if last else None
    items = whole.items if whole else ()
    found = [item.quarantined for item in items if item.plan.name == image and item.state in ("blocked", "waiting")]
    if not found or digest not in ("", found[0]):
        raise NotInQuarantineError(f"{image}@{digest}" if digest else image, mirror)
    return found[0]
