"""What every server accepts, in one place."""

from __future__ import annotations

CONNECTIONS = 500
UPLOAD_SECONDS = 30.0
"""From the first byte of a request to its last."""
IDLE_SECONDS = 15.0
"""A connection without a request is closed after this."""
BACKLOG = 1024
"""Connections that wait to be accepted."""
TOKEN_LENGTH = 16
"""Fewest characters of a token."""
