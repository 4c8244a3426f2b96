"""A registry's tags as somebody sees them who looks all the time: absent or complete, nothing between."""

import hashlib
import http.client
import json
import threading
from typing import Any

_ACCEPT = ", ".join(
    f"application/vnd.{kind}+json"
    for kind in (
        "oci.image.index.v1", "oci.image.manifest.v1",
        "docker.distribution.manifest.list.v2", "docker.distribution.manifest.v2",
    )
)  # fmt: skip


class Watched:
    """Looks at one tag until ``close``; the moment it is there, all that it leads to must be. A context manager.

    ``problems`` is what was not so, ``looks`` how often it looked.
    """

    def __init__(self, host: str, repository: str, tag: str) -> None:
        self._host = host
        self._repository = repository
        self._tag = tag
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"watch-{repository}", daemon=True)
        self.problems: list[str] = []
        self.looks = 0
        self._is_known = False

    def __enter__(self) -> "Watched":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._thread.join(30)

    def is_whole(self) -> bool:
        """There, and every byte of it; what is wrong is added to ``problems``."""
        found = self._get(f"manifests/{self._tag}")
        if found is None:
            return False
        problems = list(self._problems(found))
        self.problems += problems
        return not problems

    def _run(self) -> None:
        while not self._is_over.wait(0.05):
            self.looks += 1
            if not self._is_known:
                self._is_known = self.is_whole()
            elif self._get(f"manifests/{self._tag}") is None:
                self.problems.append(f"the tag {self._repository}:{self._tag} has vanished again")

    def _problems(self, raw: bytes) -> list[str]:
        manifest: dict[str, Any] = json.loads(raw)
        found = []
        for member in manifest.get("manifests", ()):
            below = self._get(f"manifests/{member['digest']}")
            if below is None or _digest(below) != member["digest"]:
                found.append(f"{self._repository}: the manifest {member['digest']} is missing or wrong")
            else:
                found += self._problems(below)
        for blob in [manifest["config"], *manifest["layers"]] if "layers" in manifest else ():
            content = self._get(f"blobs/{blob['digest']}")
            if content is None or _digest(content) != blob["digest"] or len(content) != blob["size"]:
                found.append(f"{self._repository}: the blob {blob['digest']} is missing or wrong")
        return found

    def _get(self, path: str) -> bytes | None:
        connection = http.client.HTTPConnection(self._host, timeout=20)
        try:
            connection.request("GET", f"/v2/{self._repository}/{path}", headers={"Accept": _ACCEPT})
            answer = connection.getresponse()
            raw = answer.read()
        finally:
            connection.close()
        return raw if answer.status == 200 else None


def _digest(content: bytes) -> str:
    return "sha256:" + hashlib.sha256(content).hexdigest()
