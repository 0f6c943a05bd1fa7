"""What every command shares: where text for people goes, and where JSON for programs goes."""

from __future__ import annotations

import json
import sys
from typing import Any


def fail(message: str) -> None:
    """Print an error, in one paragraph, to standard error."""
    print(f"convscope: {message}", file=sys.stderr)


def print_json(result: dict[str, Any]) -> None:
    """Print the result of a command as one JSON object on standard output."""
    print(json.dumps(result, ensure_ascii=False))
