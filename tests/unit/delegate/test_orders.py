"""Orders: only what the pinned key signed, for this delegate, for the task asked for, newly, and of a known shape."""

import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from pierhead.delegate.errors import OrderForgedError, OrderRefusedError
from pierhead.delegate.ledger import Ledger
from pierhead.delegate.orders import OrderReader
from pierhead.protocol.agent import Order, OrderHead
from pierhead.protocol.sealing import SealBrokenError, SealingKey, seal
from pierhead.protocol.signatures import SigningKey, order_bytes, signature_to_text
from pierhead.protocol.tasks import ListTagsTask, RegistryAccess
from pierhead.testing.control_plane_script import task_json

SERVER = SigningKey.from_bytes(b"s" * 32)
SEALING = SealingKey.from_bytes(b"d" * 32)
READER = OrderReader(SERVER.public, "me", SEALING)
TASK = ListTagsTask(
    registry=RegistryAccess(url="https://r.corp", username="u", password=SecretStr("hush-hush")), repository="a/b"
)
HEAD = {"task": "t1", "kind": "listTags", "fence": 3, "delegate": "me", "leaseS": 60.0, "checkFirst": []}


def order(
    head: object = None, plain: bytes | None = None, *, key: SigningKey = SERVER, raw: str | None = None
) -> Order:
    text = raw if raw is not None else json.dumps(head if head is not None else HEAD)
    sealed = seal(SEALING.public, task_json(TASK) if plain is None else plain, text.encode())
    return Order(head=text, sealed=sealed, signature=signature_to_text(key.sign(order_bytes(text, sealed))))


def read(given_order: Order, *, last_fence: int = 0) -> object:
    return READER.read_task(given_order, READER.read_head(given_order, "t1", last_fence))


def test_a_good_order_is_read_with_its_secrets() -> None:
    task = read(order())
    assert task == TASK
    assert isinstance(READER.read_head(order(), "t1"), OrderHead)


def test_an_order_of_another_key_is_forged() -> None:
    with pytest.raises(OrderForgedError, match="signature"):
        read(order(key=SigningKey.generate()))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"delegate": "other"}, "another delegate"),
        ({"task": "t2"}, "another task"),
        ({"leaseS": 0.0}, "lease"),
        ({"leaseS": 1e9}, "lease"),
        ({"leaseS": -1.0}, "lease"),
        ({"fence": 0}, "before"),
        ({"fence": "3"}, "read"),
        ({"more": 1}, "read"),
    ],
)
def test_a_head_that_is_not_for_this_is_forged_though_it_is_signed(change: dict[str, object], reason: str) -> None:
    with pytest.raises(OrderForgedError, match=reason):
        read(order(HEAD | change))


def test_an_order_counts_once() -> None:
    ledger = Ledger()
    head = READER.read_head(order(), "t1", ledger.last("t1"))
    ledger.note(head.task, head.fence)
    with pytest.raises(OrderForgedError, match="before"):
        READER.read_head(order(), "t1", ledger.last("t1"))
    READER.read_head(order(HEAD | {"fence": 4}), "t1", ledger.last("t1"))


def test_a_head_with_a_key_twice_is_forged() -> None:
    with pytest.raises(OrderForgedError, match="read"):
        read(order(raw=json.dumps(HEAD)[:-1] + ', "delegate": "me"}'))


def test_a_seal_cannot_be_moved_to_another_head() -> None:
    first, second = order(), order(HEAD | {"fence": 9})
    mixed = Order(
        head=second.head,
        sealed=first.sealed,
        signature=signature_to_text(SERVER.sign(order_bytes(second.head, first.sealed))),
    )
    with pytest.raises(SealBrokenError):
        read(mixed)


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "shell", "command": "id"},
        {"kind": "pull"},
        {"command": "id"},
        {"repository": 7},
        {"limit": "10"},
        {"limit": 0},
        {"registry": {"url": "https://r", "exec": "id"}},
    ],
)
def test_unknown_kinds_and_fields_are_refused(change: dict[str, object]) -> None:
    plain = json.dumps(json.loads(task_json(TASK)) | change).encode()
    with pytest.raises(OrderRefusedError) as caught:
        read(order(plain=plain))
    assert "hush-hush" not in str(caught.value)


def test_a_task_of_another_kind_than_its_head_is_refused() -> None:
    with pytest.raises(OrderRefusedError, match="another kind"):
        read(order(HEAD | {"kind": "pull"}))


@pytest.mark.parametrize(
    "plain", [b"", b"\xff", b"null", b"[]", b'{"kind":"listTags","kind":"listTags"}', b"[" * 5000, b"NaN"]
)
def test_what_is_no_task_at_all_is_refused(plain: bytes) -> None:
    with pytest.raises(OrderRefusedError):
        read(order(plain=plain))


GOOD = order().model_dump_json(by_alias=True).encode()


def refuse(mutated: bytes) -> None:
    """What is no order any more does not even get to the reader."""
    try:
        found = Order.model_validate_json(mutated, strict=True)
    except ValueError:
        return
    if found != Order.model_validate_json(GOOD):
        with pytest.raises(OrderForgedError):
            read(found)


def test_ten_thousand_mutated_orders_are_all_refused() -> None:
    rng = random.Random(20261121)
    for _ in range(10_000):
        raw = bytearray(GOOD)
        for _ in range(rng.randint(1, 3)):
            position = rng.randrange(len(raw))
            match rng.randrange(3):
                case 0:
                    raw[position] ^= rng.randint(1, 255)
                case 1:
                    del raw[position]
                case _:
                    raw.insert(position, rng.randrange(256))
        refuse(bytes(raw))


@settings(max_examples=300, deadline=None)
@given(st.integers(0, len(GOOD) - 1), st.integers(0, 200), st.binary(max_size=50))
def test_orders_with_parts_replaced_are_refused(start: int, length: int, other: bytes) -> None:
    refuse(GOOD[:start] + other + GOOD[start + length :])


@settings(max_examples=200, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda x: st.lists(x) | st.dictionaries(st.text(), x),
        max_leaves=20,
    )
)
def test_signed_rubbish_is_refused_by_its_shape(value: object) -> None:
    with pytest.raises((OrderRefusedError, OrderForgedError)):
        read(order(plain=json.dumps(value).encode()))


def test_the_ledger_forgets_the_oldest_first() -> None:
    ledger = Ledger()
    for number in range(20_001):
        ledger.note(f"t{number}", 5)
    assert ledger.last("t0") == 0
    assert ledger.last("t1") == ledger.last("t20000") == 5
    ledger.note("t1", 3)
    assert ledger.last("t1") == 5
