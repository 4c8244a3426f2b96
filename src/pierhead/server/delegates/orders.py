"""Orders: a task under a lease, sealed for the delegate that holds it and signed by the control plane."""

from pierhead.control.delegates import KnownDelegate
from pierhead.control.tasks import Lease
from pierhead.protocol.agent import Order, OrderHead
from pierhead.protocol.sealing import seal
from pierhead.protocol.signatures import SigningKey, order_bytes, signature_to_text
from pierhead.protocol.tasks import Task
from pierhead.server.jobs.plain_text import in_the_clear


def order_for(
    known: KnownDelegate, lease: Lease, task: Task, check_first: tuple[str, ...], lease_s: float, server_key: SigningKey
) -> Order:
    """Only the delegate's own sealing key opens it, and only together with this very head."""
    head = OrderHead(
        task=lease.id,
        kind=lease.task.kind,
        fence=lease.fence,
        delegate=known.id,
        lease_s=lease_s,
        check_first=check_first,
    ).model_dump_json(by_alias=True)
    sealed = seal(known.sealing_key, in_the_clear(task), head.encode())
    return Order(head=head, sealed=sealed, signature=signature_to_text(server_key.sign(order_bytes(head, sealed))))
