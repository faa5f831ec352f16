"""Encoded events → HTTP. This room knows size, JSON, gzip, deadlines, retries, what is owed; not what events mean."""

from .encoding import EncodedEvent, EncodingError, decode, encode
from .poster import Poster
from .retry import Deadline
from .sender import Sender

__all__ = ["Deadline", "EncodedEvent", "EncodingError", "Poster", "Sender", "decode", "encode"]
