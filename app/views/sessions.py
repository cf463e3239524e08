"""Sessions of the dashboard: a signed cookie that any worker can read, and the token that shows a request is its own.

Nothing is kept: the cookie says who, in which role and until when, signed with a key that only workers with the same
tokens have. A changed token ends every session. What changes something needs the CSRF token in a header too, which a
page of another site can neither read nor send.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from typing import TYPE_CHECKING

import msgspec

from app.views.callers import Caller, Role

if TYPE_CHECKING:
    from app.views.callers import Callers

COOKIE = "prahari_session"
CSRF_HEADER = "X-Prahari-CSRF"
SESSION_S = 12 * 60 * 60
_COOKIE_CHARS_MAX = 1_024


class _Session(msgspec.Struct, array_like=True):
    name: str
    role: int
    until_s: int
    nonce: str


class Sessions:
    """Signs and reads sessions.

    >>> from app.views.callers import Callers, digest
    >>> asha = Caller("asha", Role.ANALYST)
    >>> sessions = Sessions(Callers([(asha, digest("s3cret"))]))
    >>> cookie = sessions.sign(asha, now_s=0)
    >>> sessions.read(cookie, now_s=60) == asha, sessions.read(cookie, now_s=SESSION_S), sessions.read("x", now_s=0)
    (True, None, None)
    """

    def __init__(self, callers: Callers) -> None:
        self._key = callers.session_key()

    def sign(self, caller: Caller, now_s: int) -> str:
        """Return a cookie for a caller."""
        session = _Session(caller.name, int(caller.role), now_s + SESSION_S, secrets.token_hex(16))
        body = base64.urlsafe_b64encode(msgspec.msgpack.encode(session)).decode()
        return f"{body}.{self._mac('session', body)}"

    def read(self, cookie: str, now_s: int) -> Caller | None:
        """Return whose cookie it is, or None for one that is not ours or too old."""
        body, _, mac = cookie.partition(".")
        if len(cookie) > _COOKIE_CHARS_MAX or not _same(mac, self._mac("session", body)):
            return None
        session = msgspec.msgpack.decode(base64.urlsafe_b64decode(body), type=_Session)
        return Caller(session.name, Role(session.role)) if now_s < session.until_s else None

    def csrf_token(self, cookie: str) -> str:
        """Return the token that requests of this session carry."""
        return self._mac("csrf", cookie)

    def allows(self, cookie: str, csrf_token: str) -> bool:
        """Whether a request with this cookie and header came from the dashboard itself."""
        return _same(csrf_token, self.csrf_token(cookie))

    def _mac(self, purpose: str, text: str) -> str:
        return hmac.new(self._key, f"{purpose}\0{text}".encode(errors="surrogateescape"), hashlib.sha256).hexdigest()


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode(errors="surrogateescape"), other.encode())
