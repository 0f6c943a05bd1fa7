"""What was checked in a run, what is wrong with it, and the one change to try."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

OTHER_START = (
    "Let the first batch decide the first weights, so that no unit begins dead.",
    "--set initialization=data-dependent --set clip_gradient=1",
)
"""What to try where a network can't begin to learn: the change in words, and as options."""


class Severity(IntEnum):
    """How much a finding matters; the larger, the worse."""

    NOTE = 1
    """True and worth knowing, but it holds nothing up."""
    WARNING = 2
    """Costs accuracy or time."""
    FAULT = 3
    """The network can't learn properly until this is changed."""


@dataclass(frozen=True)
class RunFinding:
    """Something that is wrong with a run.

    Attributes:
        what: A short title.
        evidence: The figures that show it, in words.
        change: The one change to try, in words.
        severity: How much it matters.
        options: The change as options of `convscope train`; empty if it is a change of code or
            of the images.
        layer: Where in the network, if it is at one place.
    """

    what: str
    evidence: str
    change: str
    severity: Severity
    options: str = ""
    layer: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """The attributes as plain values."""
        return {
            "what": self.what,
            "severity": self.severity.name.lower(),
            "evidence": self.evidence,
            "change": self.change,
            "options": self.options,
            "layer": self.layer,
        }


@dataclass(frozen=True)
class Check:
    """One thing that was looked at, whether or not anything is wrong with it.

    Attributes:
        name: What was checked.
        figures: What was measured, in words; true in either case.
        findings: What is wrong with it.
    """

    name: str
    figures: str
    findings: tuple[RunFinding, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The attributes as plain values, findings counted."""
        return {"name": self.name, "figures": self.figures, "findings": len(self.findings)}


def in_words(loss: float) -> str:
    """A loss with three decimals, or as a power of ten where it has run away."""
    return f"{loss:.3f}" if abs(loss) < 1000 else f"{loss:.1e}"


def rank(checks: Sequence[Check]) -> tuple[RunFinding, ...]:
    """The findings of all checks, worst first.

    Args:
        checks: Causes before what they lead to; among findings of the same severity, this order
            stays.
    """
    findings = [finding for check in checks for finding in check.findings]
    return tuple(sorted(findings, key=lambda finding: -finding.severity))
