"""What every server accepts, in one place."""

from __future__ import annotations

CONNECTIONS = 500
"""Connections that are served."""
REFUSED_CONNECTIONS = 250
"""Connections beyond those, which are told so after `REFUSED_SECONDS`; more are cut at once."""
REFUSED_SECONDS = 1.0
"""Who is refused at once asks again at once, which costs more than to let them wait."""
UPLOAD_SECONDS = 30.0
"""From the first byte of a request to its last."""
BODIES_SECONDS = 10.0
"""Longest wait for memory, where many large requests come at once."""
IDLE_SECONDS = 15.0
"""A connection without a request is closed after this."""
BACKLOG = 1024
"""Connections that wait to be accepted."""
TOKEN_LENGTH = 16
"""Fewest characters of a token."""
