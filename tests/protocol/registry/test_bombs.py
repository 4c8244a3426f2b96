"""Answers meant to fill memory or to last for ever: each ends in an error with a name, with little memory used.

The client runs in a process of its own, so that its peak memory is its own.
"""

import itertools
import json
import re
import subprocess
import sys
import threading
import zlib
from collections.abc import Iterator

import pytest

from pierhead.testing.scripted_registry import Received, Reply, ScriptedRegistry

MANIFEST = "/v2/app/manifests/1"
ANY = re.compile(".*", re.DOTALL)
MAX_RISE_KIB = 32 * 1024
CLIENT = """
import json, resource, sys
from pierhead.kit.errors import AppError
from pierhead.kit.retry import Backoff
from pierhead.oci.descriptor import Descriptor
from pierhead.oci.digest import Digest
from pierhead.registry.client import RegistryClient
from pierhead.registry.context import Timeouts
from pierhead.registry.endpoint import Endpoint
from pierhead.registry.transport import Transport

registry, work = sys.argv[1:]
quick = Timeouts(rate_window_s=0.2, idle_s=5.0, first_byte_s=2.0, slice_s=0.05)
transport = Transport(timeouts=quick, backoff=Backoff(tries=2, base_s=0.01))
client = RegistryClient(Endpoint.for_reference(registry, plain_http=True), transport)
wanted = Descriptor("application/octet-stream", Digest.of(b""), 10_000)

def read_blob():
    buffer = memoryview(bytearray(4096))
    with client.open_blob("app", wanted) as body:
        while body.readinto(buffer):
            pass

works = {
    "manifest": lambda: client.get_manifest("app", "1").parse(),
    "resolve": lambda: client.resolve("app", "1"),
    "tags": lambda: sum(len(page) for page in client.list_tags("app")),
    "blob": read_blob,
}

def peak():
    # Not ru_maxrss: a new process starts with its parent's.
    with open("/proc/self/status") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))

client.probe()
before, result = peak(), ""
try:
    works[work]()
except AppError as error:
    result = error.code
used = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps({"code": result, "rise": peak() - before, "cpu": used.ru_utime + used.ru_stime}))
"""


def run(registry: ScriptedRegistry, work: str) -> dict[str, object]:
    registry.expect("GET", "/v2/")
    command = [sys.executable, "-c", CLIENT, registry.authority, work]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    result: dict[str, object] = json.loads(done.stdout)
    return result


def lots(piece: bytes = b" " * 65536, mib: int = 400) -> Iterator[bytes]:
    return itertools.repeat(piece, mib * 1024 * 1024 // len(piece))


def gzip_bomb() -> bytes:
    packer = zlib.compressobj(9, wbits=31)
    return b"".join(packer.compress(bytes(1 << 20)) for _ in range(300)) + packer.flush()


def endless_pages() -> object:
    count = itertools.count()

    def answer(_: Received) -> Reply:
        tags = [f"{next(count):0100}" for _ in range(9000)]
        link = f"</v2/app/tags/list?last={tags[-1]}>; rel=next"
        return Reply.of_json({"name": "app", "tags": tags}, headers={"Link": link})

    return answer


def token_realm(registry: ScriptedRegistry, reply: Reply) -> Reply:
    registry.whenever("GET", re.compile("/token.*"), reply)
    return Reply.challenge(f'Bearer realm="{registry.url}/token"')


OCI = {"Content-Type": "application/vnd.oci.image.manifest.v1+json"}
TOO_LARGE = "registry-body-too-large"
CASES = {
    "a 400 MiB manifest with its length": (
        "manifest",
        Reply(200, lots, OCI, length=400 << 20),
        TOO_LARGE,
    ),
    "a 400 MiB manifest without length": (
        "manifest",
        Reply(200, lots, OCI, is_chunked=True),
        TOO_LARGE,
    ),
    "a 400 MiB manifest that ends with the connection": (
        "manifest",
        Reply(200, lots, OCI, length=None),
        TOO_LARGE,
    ),
    "a gzip bomb": ("manifest", Reply(200, gzip_bomb(), {**OCI, "Content-Encoding": "gzip"}), "bad-response"),
    "a manifest nested a million times": ("manifest", Reply(200, b"[" * 1_000_000, OCI), "invalid-document"),
    "a manifest of a million layers": (
        "manifest",
        Reply(200, b'{"schemaVersion":2,"layers":[' + b"{}," * 1_000_000 + b"{}]}", OCI),
        "invalid-document",
    ),
    "a 400 MiB error": ("manifest", Reply(404, lots, length=None), "manifest-unknown"),
    "a 400 MiB redirect": ("manifest", Reply(307, lots, {"Location": MANIFEST}, length=None), "redirect-refused"),
    "redirects in a circle": ("resolve", Reply.redirect(MANIFEST), "redirect-refused"),
    "a head without end": (
        "manifest",
        Reply(raw=b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1_000_000),
        TOO_LARGE,
    ),
    "1000 fields of 64 KiB": (
        "manifest",
        Reply(raw=b"HTTP/1.1 200 OK\r\n" + (b"X: " + b"y" * 65536 + b"\r\n") * 1000),
        TOO_LARGE,
    ),
    "a page of 400 MiB": ("tags", Reply(200, lots, is_chunked=True), TOO_LARGE),
    "a page of very many tags": (
        "tags",
        Reply(200, b'{"tags":[' + b",".join(b'"%x"' % n for n in range(120_000)) + b"]}"),
        TOO_LARGE,
    ),
    "pages without end": ("tags", endless_pages(), TOO_LARGE),
    "a blob that does not end": ("blob", Reply(200, lots, is_chunked=True), "size-mismatch"),
    "a blob much too long": ("blob", Reply(200, lots, length=400 << 20), "size-mismatch"),
}


@pytest.mark.parametrize("case", CASES)
def test_a_bomb_ends_in_an_error_with_a_name(registry: ScriptedRegistry, case: str) -> None:
    work, answer, code = CASES[case]
    registry.whenever("GET", ANY, answer).whenever("HEAD", ANY, answer)
    result = run(registry, work)
    assert result["code"] == code
    assert result["rise"] < MAX_RISE_KIB, result
    assert result["cpu"] < 3, result


def test_a_token_of_400_mib_ends_in_an_error_with_a_name(registry: ScriptedRegistry) -> None:
    registry.whenever("GET", MANIFEST, token_realm(registry, Reply(200, lots, is_chunked=True)))
    result = run(registry, "manifest")
    assert result["code"] == TOO_LARGE
    assert result["rise"] < MAX_RISE_KIB


@pytest.mark.parametrize("work", ["manifest", "blob"])
def test_a_slow_drip_ends_in_a_timeout(registry: ScriptedRegistry, work: str) -> None:
    never = threading.Event()

    def drip() -> Iterator[bytes]:
        for _ in range(200):
            yield b"x"
            never.wait(0.02)

    registry.whenever("GET", ANY, Reply(200, drip, OCI, length=10_000))
    result = run(registry, work)
    never.set()
    assert result["code"] == "registry-timeout"
