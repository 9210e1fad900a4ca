"""What goes wrong with a call: the call itself, the whole endpoint, or the money."""

from __future__ import annotations


class EndpointError(ValueError):
    """A call that cannot be answered; the message never holds a secret."""


class EndpointRefusedError(EndpointError):
    """No call can succeed as things are: the address, key or model is wrong, or nobody answers."""


class CapReachedError(EndpointError):
    """The next call could cost more than is left of the spending cap; it was not made."""


class CallFailedError(EndpointError):
    """One call was refused, or failed as often as it may; others may well succeed."""
