"""Regular expressions that people give, for the paths of files: checked, and asked."""

from __future__ import annotations

import re

from convscope.errors import UsageError


def check_pattern(field: str, pattern: str, groups: int) -> None:
    """Complain about a regular expression that can't be used.

    Args:
        field: What it is called, as "class_from".
        pattern: The expression.
        groups: How many groups it needs.

    Raises:
        UsageError: It is none, or lacks a group.
    """
    option = f"--{field.replace('_', '-')}"
    try:
        expression = re.compile(pattern)
    except re.error as error:
        raise UsageError(
            f"{field} ({option}) {pattern!r} isn't a regular expression: {error}."
        ) from None
    if expression.groups < groups:
        raise UsageError(
            f"{field} ({option}) {pattern!r} needs a group in parentheses that is the class, as in "
            "'([a-z]+)_' for cat_017.jpg."
        )


def group_of(pattern: str, file: str) -> str:
    """What a file belongs with: the pattern's first group, or all that matches; "" without a match.

    Args:
        pattern: A regular expression.
        file: The path of a file, parted by "/".
    """
    match = re.search(pattern, file)
    if match is None:
        return ""
    return (
        (match.group("group" if "group" in match.re.groupindex else 1) or "")
        if match.re.groups
        else match.group()
    )
