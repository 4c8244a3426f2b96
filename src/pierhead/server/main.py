"""Runs the server in the foreground: binds, says where it listens, serves until told to stop, cleans up."""

import contextlib
import gc
import signal
import socket
import sys

import uvicorn

from pierhead.adapters.data_directory import DataDirectory
from pierhead.kit import log
from pierhead.kit.errors import UnavailableError
from pierhead.kit.process import keep_private

from .app import create_app, entrance
from .bootstrap import Application, open_application
from .delegates.hub import Hub
from .descriptors import make_room
from .patience import PatientProtocol
from .settings import Settings
from .tracing import Tracing, open_tracing

_BACKLOG = 4096
_KEEP_ALIVE_S = 75
"""Longer than a delegate pauses between two polls, so that it need not connect anew for each."""


class AddressInUseError(UnavailableError):
    code = "address-in-use"

    def __init__(self, host: str, port: int, reason: str) -> None:
        super().__init__(f"cannot listen on {host}:{port}: {reason}", hint="choose another one with --port or --host")


def serve(settings: Settings) -> None:
    """Blocks until SIGINT or SIGTERM. Raises AppError when the data directory or the address cannot be had."""
    log.set_up(settings.log_level, is_json=settings.log_format == "json")
    keep_private()
    make_room()
    tracing = open_tracing() if settings.has_traces else None
    _check_unused(settings)
    listener = _bind(settings)
    try:
        application = open_application(settings, listener=listener.getsockname()[:2])
    except BaseException:
        listener.close()
        raise
    try:
        url = _url(settings.host, listener.getsockname()[1])
        application.lock.announce(url, settings.images_directory)
        gc.freeze()  # what is loaded by now stays: a full collection need not walk it again and again
        _say_hello(application, url)
        _run(application, listener, tracing)
    finally:
        application.close()
        if tracing is not None:
            tracing.close()


def _check_unused(settings: Settings) -> None:
    """The directory's own server is what a second start most likely meets; better to name it than its port."""
    directory = DataDirectory(settings.data)
    if directory.running_server() is not None:
        directory.acquire().release()


def _bind(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    # The protocol has to be named: only then does asyncio switch Nagle's algorithm off for what is accepted here, which
    # else holds the body of an answer back for the 40 ms that the other side takes to acknowledge the head.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((settings.host, settings.port))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise AddressInUseError(settings.host, settings.port, error.strerror or str(error)) from None
    return listener


def _run(application: Application, listener: socket.socket, tracing: Tracing | None) -> None:
    app = create_app(application)
    app.state.spans = tracing
    application.background.tell(tracing)
    config = uvicorn.Config(
        entrance(app),
        log_config=None,
        access_log=False,
        lifespan="off",
        server_header=False,
        proxy_headers=bool(application.settings.login.trusted_proxies),
        forwarded_allow_ips=list(application.settings.login.trusted_proxies),
        http=PatientProtocol,
        backlog=_BACKLOG,
        timeout_keep_alive=_KEEP_ALIVE_S,
        timeout_graceful_shutdown=5,
    )
    # Uvicorn stops in order, then raises the signal once more; its default action would end us before we have closed.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with contextlib.suppress(KeyboardInterrupt):
        _Server(config, application.hub).run(sockets=[listener])


class _Server(uvicorn.Server):
    """Answers the held polls before it waits for open requests to end."""

    def __init__(self, config: uvicorn.Config, hub: Hub) -> None:
        super().__init__(config)
        self._hub = hub

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._hub.dismiss()
        await super().shutdown(sockets)


def _say_hello(application: Application, url: str) -> None:
    host = application.settings.host
    everywhere = f" and on every other address of this machine ({host})" if host in _EVERYWHERE else ""
    lines = [f"Pierhead listens on {url}{everywhere}", f"data in {application.settings.data}"]
    if application.first_key is not None:
        lines.append(f"account {application.account.id} created; its admin key, shown this once:")
        lines.append(f"  {application.first_key.reveal()}")
        lines.append(f"also kept in {application.settings.data / 'admin-key'} (0600)")
    if application.settings.database_url is not None and not application.settings.has_shared_key:
        key = application.lock.directory.key_file
        lines.append(f"the encryption key is in {key}: keep a copy, for without it the secrets are lost;")
        lines.append("  other servers need it: PIERHEAD_ENCRYPTION_KEY or PIERHEAD_ENCRYPTION_KEY_FILE")
    print("\n".join(lines), file=sys.stdout, flush=True)  # noqa: T201 - the one thing the program says by itself


_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}  # noqa: S104 - what somebody asked for, and how to say it


def _url(host: str, port: int) -> str:
    shown = _EVERYWHERE.get(host, f"[{host}]" if ":" in host else host)
    return f"http://{shown}:{port}"
