"""What can go wrong, in the words of the wire? Raised everywhere, turned into a frame at the edge.

`AmqpError` carries the condition that the peer sees. Who catches it decides what ends: a frame
that cannot be read ends the connection, `SessionError` ends the AMQP session, a refused attach
ends the link, a refused message only its delivery, a refused request only itself.
"""

from __future__ import annotations

from sandbox.broker.values import Described, Symbol, ULong

ERROR = ULong(0x1D)

DECODE_ERROR = "amqp:decode-error"
INVALID_FIELD = "amqp:invalid-field"
FRAMING_ERROR = "amqp:connection:framing-error"
INTERNAL_ERROR = "amqp:internal-error"
ILLEGAL_STATE = "amqp:illegal-state"
NOT_ALLOWED = "amqp:not-allowed"
NOT_FOUND = "amqp:not-found"
NOT_IMPLEMENTED = "amqp:not-implemented"
RESOURCE_LIMIT = "amqp:resource-limit-exceeded"
UNAUTHORIZED = "amqp:unauthorized-access"
FORCED = "amqp:connection:forced"
MESSAGE_TOO_BIG = "amqp:link:message-size-exceeded"
HANDLE_IN_USE = "amqp:session:handle-in-use"
UNATTACHED_HANDLE = "amqp:session:unattached-handle"
ARGUMENT_ERROR = "com.microsoft:argument-error"
OUT_OF_RANGE = "com.microsoft:argument-out-of-range"
MESSAGE_LOCK_LOST = "com.microsoft:message-lock-lost"
SESSION_LOCK_LOST = "com.microsoft:session-lock-lost"
SESSION_TAKEN = "com.microsoft:session-cannot-be-locked"
MESSAGE_NOT_FOUND = "com.microsoft:message-not-found"
SESSION_NOT_FOUND = "com.microsoft:session-not-found"
TIMEOUT = "com.microsoft:timeout"


class AmqpError(Exception):
    """A refusal with the condition and the words that the peer gets."""

    def __init__(self, condition: str, description: str) -> None:
        super().__init__(f"{condition}: {description}")
        self.condition = condition
        self.description = description

    def described(self) -> Described:
        """The wire form. All three fields are always present: the Python SDK reads the third
        of a rejected delivery unchecked.
        """
        return Described(ERROR, [Symbol(self.condition), self.description, None])


class SessionError(AmqpError):
    """A mistake that ends the AMQP session it was made in."""
