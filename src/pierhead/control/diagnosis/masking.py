"""Secrets that stand in error texts: logins in URLs, tokens, signatures of links, all taken out of what is repeated.

The text comes from a stranger's log and nobody here knows its secrets, so they are known by their shape.
"""

import re

from pierhead.kit.redact import MASK

_KEY = r"([\w-]{0,40}(?:password|passwd|pwd|secret|token|signature|credential|api[_-]?key|sig|auth)"
_VALUE = r"[^\s\"'&,;|]{6,8192}"
_SHAPES = (
    (re.compile(r"(://)[^\s/@\"']{1,512}@"), rf"\1{MASK}@"),
    (re.compile(r"\b(bearer|basic)\s+(?=[\w.~+/=-]*[\d=.])[\w.~+/=-]{12,8192}", re.IGNORECASE), rf"\1 {MASK}"),
    (re.compile(r"\beyJ[\w-]{8,4096}\.[\w-]{2,8192}(?:\.[\w-]{0,4096})?"), MASK),
    (re.compile(_KEY + r"[\"']?(?:=|:|[\"']\s?:\s?)[\"']?)" + _VALUE, re.IGNORECASE), rf"\1{MASK}"),
    (re.compile(_KEY + r"\s?[=:]\s{1,3}[\"']?)(?=[^\s\"'&,;|]{0,100}\d)" + _VALUE, re.IGNORECASE), rf"\1{MASK}"),
    (re.compile(_KEY + r"\s?[=:]\s{1,3}[\"'])" + _VALUE, re.IGNORECASE), rf"\1{MASK}"),
    (
        re.compile(r"(--?(?:p|password|token|registry-token|src-creds|dest-creds|creds)[ =])[^\s\"']{3,8192}"),
        rf"\1{MASK}",
    ),
    (re.compile(r"\b(?:gh[pousr]_|glpat-|dckr_pat_|AKIA|ASIA|xox[bp]-)[\w-]{10,255}"), MASK),
)


def masked(text: str) -> str:
    """``text`` without what looks like a secret."""
    for shape, instead in _SHAPES:
        text = shape.sub(instead, text)
    return text
