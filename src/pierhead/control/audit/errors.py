"""What can go wrong with the audit trail."""

from pierhead.kit.errors import IntegrityError, NotFoundError, UnavailableError


class AuditTamperedError(IntegrityError):
    """The trail is not what was written."""

    code = "audit-tampered"

    def __init__(self, account: str, sequence: int, problem: str) -> None:
        super().__init__(
            f"audit trail of account [{account}]: {problem}" + (f" at record {sequence}" if sequence else ""),
            hint="keep the database as it is and compare it with a backup: somebody, or a fault, has changed it",
        )
        self.account = account
        self.sequence = sequence
        self.problem = problem


class AuditBrokenError(UnavailableError):
    """Nothing is written behind a trail whose end is not what was written: that would make a shortened one whole."""

    code = "audit-broken"
    retryable = False

    def __init__(self, account: str, problem: str) -> None:
        super().__init__(
            f"nothing was changed, because the end of the audit trail of account [{account}] is not as it was "
            f"written: {problem}",
            hint="run `pierhead audit verify`, keep the database as it is, and go on from a backup with "
            "`pierhead backup restore`",
        )
        self.problem = problem


class AuditRecordNotFoundError(NotFoundError):
    code = "audit-record-not-found"

    def __init__(self, audit_id: str) -> None:
        super().__init__(f"audit event [{audit_id}] not found.")
        self.audit_id = audit_id


class AuditUnavailableError(UnavailableError):
    """Nothing is changed that cannot be written down; reading goes on."""

    code = "audit-unavailable"

    def __init__(self, reason: str) -> None:
        super().__init__(
            f"nothing was changed, because the audit trail cannot be written: {reason}",
            hint="look whether the database is full or read-only, and check the trail with `pierhead audit verify`",
        )
        self.reason = reason
