"""Whose word for the time counts: before it is enrolled anybody's within two days, afterwards its server's alone."""

import threading

import pytest

from pierhead.delegate.connection import Caller
from pierhead.delegate.errors import DelegateUnknownError, RefusedError
from pierhead.delegate.link import Link
from pierhead.kit.clock import SystemClock
from pierhead.protocol.agent import CloseRequest, Done
from pierhead.protocol.signatures import SigningKey
from pierhead.registry.endpoint import TlsSettings
from pierhead.registry.origin import Origin
from pierhead.testing.control_plane import ControlPlane

DAY_S = 86_400.0


@pytest.fixture
def link(plane: ControlPlane) -> Link:
    clock = SystemClock()
    caller = Caller(Origin.of(plane.url), TlsSettings(), None, clock)
    return Link(caller, SigningKey.generate(), clock, threading.Event())


def is_believed(link: Link) -> bool:
    """The scripted server judges the time first, and only then says that it knows nobody."""
    with pytest.raises((DelegateUnknownError, RefusedError)) as caught:
        link.post("close", CloseRequest(session="s" * 16), Done)
    return isinstance(caught.value, DelegateUnknownError)


def test_an_unproven_time_is_not_signed_with_once_the_server_is_known(plane: ControlPlane, link: Link) -> None:
    link.trust(plane.key.public)
    plane.set(clock_offset_s=90.0, time_key=SigningKey.generate())
    assert not is_believed(link)
    assert not is_believed(link)


def test_a_proof_for_another_request_proves_nothing(plane: ControlPlane, link: Link) -> None:
    class Stale(SigningKey):
        def sign(self, message: bytes) -> bytes:
            return plane.key.sign(message.replace(b'time 1", "', b'time 1", "x'))

    link.trust(plane.key.public)
    plane.set(clock_offset_s=90.0, time_key=Stale.generate())
    assert not is_believed(link)


@pytest.mark.parametrize("offset_s", [-3600.0, 90.0, 30 * DAY_S])
def test_a_proven_time_is_believed(plane: ControlPlane, link: Link, offset_s: float) -> None:
    link.trust(plane.key.public)
    plane.set(clock_offset_s=offset_s)
    assert is_believed(link)


@pytest.mark.parametrize(("offset_s", "counts"), [(DAY_S, True), (-DAY_S, True), (3 * DAY_S, False)])
def test_before_it_is_enrolled_two_days_are_believed(
    plane: ControlPlane, link: Link, offset_s: float, counts: bool
) -> None:
    plane.set(clock_offset_s=offset_s, time_key=SigningKey.generate())
    assert is_believed(link) is counts
