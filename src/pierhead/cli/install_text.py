"""What to type to set up a delegate, for each way to run one; pure, and without any secret."""

import re
import shlex
from pathlib import Path

from .invocation import Invocation

PLACEHOLDER = "https://pierhead.example.com"
_LOOPBACK = re.compile(r"https?://(localhost|127\.[0-9.]+|\[::1\])(:|/|\Z)")


def server_url(invocation: Invocation) -> str:
    """Where commands reach the server; a placeholder when they work on a data directory without one."""
    place = invocation.target.url or invocation.api().place
    return place.rstrip("/") if place.startswith(("http://", "https://")) else PLACEHOLDER


def is_loopback(url: str) -> bool:
    """Whether it leads to this machine only."""
    return _LOOPBACK.match(url) is not None


def run_command(url: str, name: str, token_file: Path, tags: tuple[str, ...] = ()) -> str:
    words = ["pierhead", "delegate", "run", "--url", url, "--name", name, "--token-file", str(token_file)]
    words += [part for tag in tags for part in ("--tag", tag)]
    return shlex.join([*words, *_plain(url)])


def helm(url: str, name: str, tags: tuple[str, ...]) -> str:
    secret = f"{name}-token"
    words = ["helm", "upgrade", "--install", name, "deploy/helm/pierhead-delegate", "--namespace", "pierhead"]
    words += ["--create-namespace", "--set", f"delegateName={name}", "--set", f"managerEndpoint={url}"]
    words += ["--set", f"existingDelegateToken={secret}"]
    words += ["--set-string", "tags=" + ",".join(tags).replace(",", "\\,")] if tags else []
    made = ["kubectl", "create", "secret", "generic", secret, "--namespace", "pierhead"]
    made += ["--from-file=DELEGATE_TOKEN=delegate-token"]
    return "\n".join(["kubectl create namespace pierhead", shlex.join(made), shlex.join(words)])


def docker(url: str, name: str, tags: tuple[str, ...]) -> str:
    words = [
        "docker",
        "run",
        "--detach",
        "--name",
        f"pierhead-delegate-{name}",
        "--hostname",
        name,
        "--restart",
        "unless-stopped",
    ]
    words += ["--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL", "--stop-timeout", "330"]  # noqa: S108 - theirs
    words += ["--volume", f"pierhead-delegate-{name}:/var/lib/pierhead"]
    words += ["--env", f"PIERHEAD_URL={url}", "--env", f"PIERHEAD_DELEGATE_NAME={name}"]
    words += ["--env", f"PIERHEAD_DELEGATE_TAGS={','.join(tags)}"] if tags else []
    words += ["--env", "PIERHEAD_DELEGATE_TOKEN", "pierhead", "delegate", "run"]
    words += _plain(url)
    return "export PIERHEAD_DELEGATE_TOKEN=$(cat delegate-token)\n" + shlex.join(words)


def systemd(url: str, name: str, tags: tuple[str, ...]) -> str:
    settings = [f"PIERHEAD_URL={url}", f"PIERHEAD_DELEGATE_NAME={name}"]
    settings += [f"PIERHEAD_DELEGATE_TAGS={','.join(tags)}"] if tags else []
    return "\n".join(
        [
            "install -d -m 0755 /etc/pierhead",
            "install -m 0600 delegate-token /etc/pierhead/delegate-token",
            f"printf '%s\\n' {shlex.join(settings)} | install -m 0600 /dev/stdin /etc/pierhead/delegate.env",
            "install -m 0644 deploy/systemd/pierhead-delegate.service /etc/systemd/system/",
            "systemctl daemon-reload",
            "systemctl enable --now pierhead-delegate",
        ]
    )


def _plain(url: str) -> list[str]:
    """A delegate refuses plain HTTP to another machine unless it is told to put up with it."""
    return ["--insecure-http"] if url.startswith("http://") and not is_loopback(url) else []
