"""Gate policies with every kind of gate, and exceptions, as stores keep them."""

from dataclasses import replace
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from pierhead.control.gates import (
    ApprovalRequired,
    GateException,
    GateKind,
    GatePolicy,
    Ignored,
    ImageRule,
    ImageRules,
    MaximumSize,
    MinimumAge,
    Platforms,
    Sbom,
    Signature,
    VerificationKey,
    Vulnerabilities,
)
from pierhead.control.scopes import Scope
from pierhead.kit.paging import PageRequest

ACCOUNT, PROJECT = Scope("acct"), Scope("acct", "o", "p")
PEM = ec.generate_private_key(ec.SECP256R1()).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
KEY = VerificationKey("release", PEM.decode())


def _policy(build: Any, *gates: Any, **more: Any) -> GatePolicy:
    given = {"created_at": build.at(1), "last_modified_at": build.at(2)} | more
    return GatePolicy(ACCOUNT, "trusted", "Trusted", gates or (MinimumAge(7),), **given)


def test_every_kind_of_gate_comes_back_as_it_was_made(store: Any, build: Any) -> None:
    gates = (
        MinimumAge(1.5),
        ImageRules((ImageRule("docker.io/**", "1.*"),), (ImageRule(tag="latest"),), ("a/b",)),
        MaximumSize(2**40),
        Platforms(("linux/amd64", "linux/arm/v7")),
        Signature((KEY,), 1, "platforms", ("docker.io/**",), ("https://slsa.dev/provenance/v1",)),
        Sbom((KEY,)),
        Sbom(),
        Vulnerabilities(0, 1, 2, 3, 4, True, (Ignored("CVE-1", "wär", build.at(9)),), 3.5, "always"),
        ApprovalRequired(2),
    )
    policy = _policy(build, *gates, description="d", tags={"team": "ü"}, version=7)
    with store.transaction() as tx:
        assert tx.gate_policies.add(policy)
        assert not tx.gate_policies.add(replace(policy, name="other"))
    with store.snapshot() as tx:
        assert tx.gate_policies.find(ACCOUNT, "trusted") == policy
        assert tx.gate_policies.find(PROJECT, "trusted") is None


def test_exceptions_come_back_and_are_listed_where_they_are(store: Any, build: Any) -> None:
    made = GateException(
        PROJECT, "hotfix", "Hotfix", GateKind.SIGNATURE, "docker.io/**", "why", "USER/ada", build.at(100),
        build.at(1), build.at(2), "trusted", {"a": "b"},
    )  # fmt: skip
    with store.transaction() as tx:
        assert tx.gate_exceptions.add(made)
    with store.snapshot() as tx:
        assert tx.gate_exceptions.list(PROJECT) == (made,)
        assert tx.gate_exceptions.list(ACCOUNT) == ()
        assert tx.gate_exceptions.page(PROJECT, "hot", PageRequest()).items == (made,)
    with store.transaction() as tx:
        assert tx.gate_exceptions.remove(PROJECT, "hotfix")
        assert not tx.gate_exceptions.remove(PROJECT, "hotfix")
