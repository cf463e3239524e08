"""Who calls: names, roles and tokens, from the environment or a file, compared in constant time.

A tokens file holds one client a line, `role name token`; `#` begins a comment. Instead of a token its digest may stand
there, as `sha256:<64 hex digits>`, so that the file opens nothing by itself:

```
viewer   wallboard    3f9c0d1e5b7a4c60
analyst  asha         sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
```
"""

from __future__ import annotations

import hashlib
import hmac
import re
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

from features.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

TOKEN_CHARS_MIN = 16
_DIGEST = "sha256:"
_hex = re.compile(r"[0-9a-f]{64}").fullmatch
_name = re.compile(r"[A-Za-z0-9._@-]{1,64}").fullmatch


class Role(IntEnum):
    """What a caller may do; each may do what the one before may.

    `VIEWER` sees everything, `ANALYST` also scores and judges, `ADMIN` also puts rules, models and lists in force.
    """

    VIEWER = 1
    ANALYST = 2
    ADMIN = 3


@dataclass(frozen=True, slots=True)
class Caller:
    """One client, as the audit trail names it."""

    name: str
    role: Role


#: Who calls where no token is set: whoever is on this machine.
LOCAL = Caller("local", Role.ADMIN)
#: Who shows `PRAHARI_API_TOKEN`.
ENVIRONMENT = "token"


class Callers:
    """All clients by the digest of their token.

    >>> callers = Callers([(Caller("asha", Role.ANALYST), digest("s3cret"))])
    >>> callers.find("s3cret").name, callers.find("other")
    ('asha', None)
    """

    def __init__(self, known: Iterable[tuple[Caller, bytes]]) -> None:
        self._known = tuple(known)

    def __bool__(self) -> bool:
        return bool(self._known)

    def find(self, token: str) -> Caller | None:
        """Return whose token this is; looks at all of them whatever it finds, so that time tells nothing."""
        shown = digest(token)
        found = None
        for caller, expected in self._known:
            if hmac.compare_digest(shown, expected):
                found = caller
        return found

    def session_key(self) -> bytes:
        """Return the key that signs sessions: the same on every worker with these tokens, another with others."""
        return hashlib.sha256(b"prahari session\0" + b"".join(sorted(expected for _, expected in self._known))).digest()


def digest(token: str) -> bytes:
    """Return what is kept of a token."""
    return hashlib.sha256(token.encode(errors="surrogateescape")).digest()


def load_callers(api_token: str, tokens_file: Path | None) -> Callers:
    """Return everyone who may call; raises `SettingsError` naming the line of a file that cannot be."""
    known = [(Caller(ENVIRONMENT, Role.ADMIN), digest(api_token))] if api_token else []
    if tokens_file is not None:
        try:
            text = tokens_file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as exc:
            raise SettingsError(f"needed PRAHARI_API_TOKENS_FILE as text, got {tokens_file}: {exc}") from exc
        known += parse_tokens(text)
    return Callers(known)


def parse_tokens(text: str) -> list[tuple[Caller, bytes]]:
    """Return the clients of a tokens file.

    >>> parse_tokens("viewer wall 0123456789abcdef # in the hall")[0][0]
    Caller(name='wall', role=<Role.VIEWER: 1>)
    """
    known = []
    for number, line in enumerate(text.splitlines(), 1):
        words = line.partition("#")[0].split()
        if words:
            known.append(_parse_line(number, words))
    names = [caller.name for caller, _ in known]
    if len(set(names)) != len(names):
        raise SettingsError("needed each name once in PRAHARI_API_TOKENS_FILE, got one twice: the audit trail says who")
    return known


def _parse_line(number: int, words: list[str]) -> tuple[Caller, bytes]:
    where = f"line {number} of PRAHARI_API_TOKENS_FILE"
    if len(words) != 3:
        raise SettingsError(f"needed `role name token` in {where}, got {len(words)} words")
    role, name, token = words
    if role.upper() not in Role.__members__:
        raise SettingsError(f"needed viewer, analyst or admin as role in {where}, got {role!r}")
    if not _name(name):
        raise SettingsError(f"needed a name of letters, digits and . _ @ - in {where}")
    caller = Caller(name, Role[role.upper()])
    if token.startswith(_DIGEST):
        if not _hex(token.removeprefix(_DIGEST)):
            raise SettingsError(f"needed sha256: and 64 lower-case hex digits in {where}")
        return caller, bytes.fromhex(token.removeprefix(_DIGEST))
    if len(token) < TOKEN_CHARS_MIN:
        raise SettingsError(f"needed a token of at least {TOKEN_CHARS_MIN} characters in {where}, got {len(token)}")
    return caller, digest(token)
