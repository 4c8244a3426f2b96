"""Whose rights bound what a call may give to others."""

from pierhead.control.access import Giver
from pierhead.server.auth import Call


def giver_of(call: Call) -> Giver:
    return Giver(call.actor, call.principal.ref)
