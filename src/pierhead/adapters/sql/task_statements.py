"""The statements of the task queue that come again and again, built once: putting one together costs more than running
it. Each says in the database's words what ``control.tasks.model`` says in Python's.
"""

import sqlalchemy as sa

from pierhead.control.tasks import FREE_RELEASES, TaskState

from .schema import tasks

is_open = tasks.c.finished_at.is_(None)
queued = tasks.c.state == TaskState.QUEUED.value
is_routed = tasks.c.route.is_not(sa.null())
# Inside of a case nobody infers the type, and SQLite would keep a text of another form, which compares wrongly.
_now = sa.bindparam("now", type_=tasks.c.lease_expires_at.type)
_until = sa.bindparam("until", type_=tasks.c.lease_expires_at.type)


def _leased(first: sa.Select[tuple[int]]) -> sa.Executable:
    """The statement that leases the one task of ``first``, and passes over one that another is just leasing."""
    free = first.limit(1).with_for_update(skip_locked=True).scalar_subquery()
    change = {
        "state": TaskState.LEASED.value,
        "owner": sa.bindparam("new_owner"),
        "lease_expires_at": sa.bindparam("until"),
        "fence": tasks.c.fence + 1,
        "attempts": tasks.c.attempts + 1,
        "offer_at": None,
    }
    return tasks.update().where(tasks.c.sequence == free).values(change).returning(tasks)


# ``rules.may_be_leased``, said to the database.
_free = sa.select(tasks.c.sequence).where(
    is_open,
    sa.or_(queued, tasks.c.lease_expires_at <= sa.bindparam("now")),
    tasks.c.attempts < tasks.c.max_attempts,
    tasks.c.is_cancel_requested.is_(False),
    sa.or_(tasks.c.deadline_at.is_(None), tasks.c.deadline_at > sa.bindparam("now")),
)
_scope = tasks.c.account + "/" + tasks.c.org + "/" + tasks.c.project
# ``rules.is_due``, said to the database.
lease = _leased(
    _free.where(
        ~is_routed,
        tasks.c.kind.in_(sa.bindparam("kinds", expanding=True)),
        _scope.not_in(sa.bindparam("busy", expanding=True)),
    ).order_by(tasks.c.sequence)
)
lease_this = _leased(_free.where(is_routed, tasks.c.id == sa.bindparam("wanted")))
# ``rules.holds``, said to the database.
_held = sa.and_(
    tasks.c.id == sa.bindparam("held_id"),
    tasks.c.state == TaskState.LEASED.value,
    tasks.c.owner == sa.bindparam("held_by"),
    tasks.c.fence == sa.bindparam("held_fence"),
)
due_offers = (
    sa.select(tasks)
    .where(tasks.c.offer_at <= sa.bindparam("now"))
    .order_by(tasks.c.offer_at, tasks.c.sequence)
    .limit(sa.bindparam("most"))
    .with_for_update(skip_locked=True)
)
next_offer = sa.select(tasks.c.offer_at).where(tasks.c.offer_at.is_not(None)).order_by(tasks.c.offer_at).limit(1)
holds = sa.select(tasks.c.sequence).where(_held).with_for_update()
_ends = tasks.c.is_cancel_requested
# ``rules.renewed``, said to the database.
renew = (
    tasks.update()
    .where(_held)
    .values(lease_expires_at=sa.case((_ends, tasks.c.lease_expires_at), else_=_until))
    .returning(tasks)
)
# ``rules.released``, said to the database.
_is_free = sa.or_(sa.bindparam("is_declined", type_=sa.Boolean), tasks.c.fence - tasks.c.attempts < FREE_RELEASES)
_is_last = sa.and_(sa.not_(_ends), sa.not_(_is_free), tasks.c.attempts >= tasks.c.max_attempts)
_waits = sa.and_(is_routed, sa.not_(_ends), sa.not_(_is_last))
release = (
    tasks.update()
    .where(_held)
    .values(
        state=sa.case(
            (_ends, TaskState.CANCELLED.value), (_is_last, TaskState.LEASED.value), else_=TaskState.QUEUED.value
        ),
        owner=sa.case((sa.or_(_ends, _is_last), tasks.c.owner), else_=None),
        attempts=tasks.c.attempts - sa.case((_ends, 0), (_is_free, 1), else_=0),
        finished_at=sa.case((_ends, _now), else_=None),
        lease_expires_at=sa.case((_is_last, _now), else_=None),
        offer_at=sa.case((_waits, _now), else_=None),
    )
)
put_checkpoint = tasks.update().where(_held).values(checkpoint=sa.bindparam("document"))
finish = (
    tasks.update()
    .where(_held)
    .values(
        state=sa.bindparam("end"),
        error=sa.bindparam("failure"),
        result=sa.bindparam("outcome"),
        finished_at=sa.bindparam("now"),
        lease_expires_at=None,
        offer_at=None,
    )
)
put_offers = (
    tasks.update()
    .where(tasks.c.id == sa.bindparam("wanted"), queued, is_routed)
    .values(offers=sa.bindparam("document"), offer_at=sa.bindparam("at"))
)
# In one order, and only where there is something to change: a whole site of delegates may come at once.
_sleeping = (
    sa.select(tasks.c.sequence)
    .where(
        is_open,
        queued,
        is_routed,
        tasks.c.account == sa.bindparam("of_account"),
        sa.or_(tasks.c.offer_at.is_(None), tasks.c.offer_at > sa.bindparam("now")),
    )
    .order_by(tasks.c.sequence)
    .with_for_update()
)
hurry_offers = tasks.update().where(tasks.c.sequence.in_(_sleeping), queued).values(offer_at=sa.bindparam("now"))
give_up = (
    tasks.update()
    .where(tasks.c.id == sa.bindparam("wanted"), queued)
    .values(state=TaskState.DEAD.value, error=sa.bindparam("failure"), finished_at=sa.bindparam("now"), offer_at=None)
    .returning(tasks)
)
cancel = (
    tasks.update()
    .where(tasks.c.id == sa.bindparam("wanted"), is_open)
    .values(
        is_cancel_requested=True,
        state=sa.case((queued, TaskState.CANCELLED.value), else_=tasks.c.state),
        finished_at=sa.case((queued, _now), else_=tasks.c.finished_at),
        offer_at=None,
    )
    .returning(tasks)
)
left_alone = (
    sa.select(tasks)
    .where(is_open, sa.or_(tasks.c.lease_expires_at <= sa.bindparam("now"), tasks.c.deadline_at <= sa.bindparam("now")))
    .order_by(tasks.c.sequence)
    .with_for_update(skip_locked=True)
)
leases = (
    sa.select(tasks.c.owner, sa.func.count())
    .where(is_open, tasks.c.state == TaskState.LEASED.value, tasks.c.owner.in_(sa.bindparam("owners", expanding=True)))
    .group_by(tasks.c.owner)
)
