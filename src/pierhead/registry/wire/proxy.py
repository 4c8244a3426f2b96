"""Whether a proxy is in the way, and how to ask it; proxies of the environment are ignored."""

import base64

from pierhead.registry.endpoint import ProxySettings
from pierhead.registry.errors import ProxyRefusedError
from pierhead.registry.origin import Origin

from .addresses import is_literal
from .head import parse_head, render_request
from .stream import Stream


def proxy_for(origin: Origin, proxy: ProxySettings | None) -> ProxySettings | None:
    """The proxy to use for ``origin``, None to go there directly."""
    if proxy is None or any(_is_match(entry.strip().lower(), origin) for entry in proxy.no_proxy):
        return None
    return proxy


def proxy_authorization(proxy: ProxySettings) -> list[tuple[str, str]]:
    """The field for the proxy itself; it never goes through a tunnel."""
    if proxy.username is None:
        return []
    password = proxy.password.reveal() if proxy.password is not None else ""
    encoded = base64.b64encode(f"{proxy.username}:{password}".encode()).decode()
    return [("Proxy-Authorization", f"Basic {encoded}")]


def open_tunnel(stream: Stream, proxy: ProxySettings, origin: Origin, cap: int) -> None:
    """CONNECT (RFC 9110 section 9.3.6). Raises ProxyRefusedError."""
    host = f"[{origin.host}]" if ":" in origin.host else origin.host
    target = f"{host}:{origin.port}"
    stream.send(render_request("CONNECT", target, [("Host", target), *proxy_authorization(proxy)]))
    raw = stream.read_head(cap)
    status = parse_head(raw, proxy.origin.authority).status if raw is not None else 0
    if not 200 <= status < 300 or stream.has_held:
        raise ProxyRefusedError(proxy.origin.authority, origin.authority, status)


def _is_match(entry: str, origin: Origin) -> bool:
    if entry == "*":
        return True
    if "/" in entry:
        return _is_in_network(entry, origin.host)
    host, colon, port = entry.rpartition(":") if entry.count(":") == 1 else (entry, "", "")
    if colon and port != str(origin.port):
        return False
    name = host.strip("[]").removeprefix("*").removeprefix(".")
    return bool(name) and (origin.host == name or (not is_literal(origin.host) and origin.host.endswith(f".{name}")))


def _is_in_network(entry: str, host: str) -> bool:
    import ipaddress

    try:
        return is_literal(host) and ipaddress.ip_address(host) in ipaddress.ip_network(entry, strict=False)
    except ValueError:
        return False
