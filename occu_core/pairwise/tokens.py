"""Secrets that let people in: annotators by their own token, the maker by one from outside."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets

INVITATION = "annotator"  # what a link calls an annotator's token
ADMIN_VARIABLE = "OCCU_ADMIN_TOKEN"
_BYTES = 16
_LEAST_ADMIN = 16


def new_secret() -> str:
    """128 random bits, as 22 characters that stand in a link."""
    return secrets.token_urlsafe(_BYTES)


def digest(secret: str) -> str:
    """What is stored of a secret: enough to know it again, not enough to use it."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def has_admin_token() -> bool:
    """Whether `OCCU_ADMIN_TOKEN` is set, and long enough not to be guessed."""
    return len(os.environ.get(ADMIN_VARIABLE, "")) >= _LEAST_ADMIN


def is_admin(token: str | None) -> bool:
    """Whether this is the admin token; nobody's is while none of 16 characters or more is set."""
    if not token or not has_admin_token():
        return False
    # Digests have one length, so the time taken says nothing about the token.
    return hmac.compare_digest(digest(token), digest(os.environ[ADMIN_VARIABLE]))
