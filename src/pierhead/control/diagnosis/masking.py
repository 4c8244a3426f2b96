"""Secrets that stand in error texts: logins in URLs, tokens, signatures of links, all taken out of what is repeated.

The text comes from a stranger's log and nobody here knows its secrets, so they are known by their shape. Every shape
is tried in time linear in the text: repeats are bounded or begin where a word does.
"""

import re

from pierhead.kit.redact import MASK

_MOST_CHARACTERS = 64 * 1024
_NAMES = r"(?:password|passwd|passphrase|pwd|secret|token|signature|credential|api[_-]?key|sig|auth)"
_KEY = rf"({_NAMES}(?:[_-]?(?:access[_-]?)?key)?"
_KEY_OR_PASS = rf"((?:{_NAMES}(?:[_-]?(?:access[_-]?)?key)?|pass)"
_VALUE = r"[^\s\"'&,;|]{6,8192}"
_WITH_DIGIT = r"(?=[^\s\"'&,;|]{0,100}\d)"
_WORDED = r"(?:password|passwd|passphrase|token|secret|api[_-]?key)"
_SCHEME = r"(?:bearer|basic|digest|negotiate|token)(?:\s{1,3}|%20|\+)"
_AUTHORIZATION = r"authorization[\"']?\s{0,2}[=:]\s{0,3}[\"']?"
_ANY_CASE = (
    # A header of cookies is secret to its end.
    r"(cookie[\"']?\s?[:=]\s{0,3}[\"']?)[^\r\n\"']{3,8192}",
    rf"({_AUTHORIZATION}{_SCHEME})[^\s\"'&,;|]{{3,8192}}",
    rf"({_AUTHORIZATION})(?!{_SCHEME}){_WITH_DIGIT}{_VALUE}",
    _KEY_OR_PASS + r"[\"']?(?:=|:|[\"']\s?:\s?)[\"']?)" + _VALUE,
    _KEY + r"\s?[=:]\s{1,3}[\"']?)" + _WITH_DIGIT + _VALUE,
    _KEY + r"\s?[=:]\s{1,3}[\"'])" + _VALUE,
    # Without a sign between them: what has a digit or is long, so that `token is invalid` stays.
    r"(aws_(?:secret_access_key|session_token)\s{1,3}[\"']?)[^\s\"'&,;|]{16,8192}",
    r"((?:secret[_-]?(?:access[_-]?)?key|api[_-]?key)\s{1,3})" + _WITH_DIGIT + _VALUE,
    rf"({_WORDED} (?:is|was) [\"']?)(?=[^\s\"']{{0,100}}[\d!@#$%^*+])[^\s\"']{{4,8192}}",
    # `secret "regcred" not found` is what Kubernetes says of a name.
    rf"({_WORDED} [\"'])[^\s\"']{{6,8192}}(?=[\"'])(?![\"']\s?(?:not|in|is|was|does|already|of|from|could|cannot)\b)",
)
_SHAPES = (
    # First, since the others would leave a part of it. `[^"']` also takes line ends that JSON escapes.
    (re.compile(r"(-----BEGIN [A-Z0-9 ]{1,40}-----)(?:(?!-----END )[^\"'])*(-----END [A-Z0-9 ]{1,40}-----)?"), 2),
    (re.compile(r"(://)[^\s/@\"']{1,512}(@)"), 2),
    (re.compile(r"\b(bearer|basic)(\s{1,3}|%20)(?=[\w.~+/=-]{0,100}[\d=.])[\w.~+/=-]{12,8192}", re.IGNORECASE), -2),
    (re.compile(r"(?<![\w-])eyJ[\w-]{8,4096}\.[\w-]{2,8192}(?:\.[\w-]{0,4096})?"), 0),
    *((re.compile(text, re.IGNORECASE), 1) for text in _ANY_CASE),
    (re.compile(r"(--?(?:p|password|token|registry-token|src-creds|dest-creds|creds)[ =])[^\s\"']{3,8192}"), 1),
    # `-u bob:PW`; `-u 1000:1000` is a user and a group.
    (re.compile(r"((?<!\S)(?:-u|--user)[ =]?[\"']?(?!\d+:\d+\b)[^\s:\"']{1,128}:)[^\s\"']{1,8192}"), 1),
    # `-pPW`, but neither `-platform` nor `-p8080:80`.
    (re.compile(r"((?<!\S)-p)(?![a-z-]{1,64}(?![^\s=:]))(?!\d{1,5}(?![^\s:]))[^\s\"']{3,8192}"), 1),
    (re.compile(r"(\b(?:login|mysql|mysqldump|mariadb|sshpass)\b[^\r\n]{0,300}?\s-p)[^\s\"'-][^\s\"']{2,8192}"), 1),
    # `bob:PW@reg.io`; `app:1.2@sha256:...` is an image.
    (re.compile(r"((?<![\w.%+/:-])[\w.%+-]{1,64}:)[^\s/@\"']{1,256}(@)(?!sha(?:256|512):)(?=[\w\[-])"), 2),
    (re.compile(r"\b(?:gh[pousr]_|github_pat_|glpat-|dckr_pat_|hf_|npm_|AKIA|ASIA|xox[bp]-)[\w-]{10,255}"), 0),
)
_INSTEAD = {0: MASK, 1: rf"\1{MASK}", 2: rf"\1{MASK}\2", -2: rf"\1\2{MASK}"}


def masked(text: str) -> str:
    """``text`` without what looks like a secret; of a long one its first 65,536 characters."""
    text = text[:_MOST_CHARACTERS]
    for shape, kept in _SHAPES:
        text = shape.sub(_INSTEAD[kept], text)
    return text
