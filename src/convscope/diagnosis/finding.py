"""What a diagnosis says: what was checked, what was found, and the one change to try."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Any, overload


class Severity(IntEnum):
    """How much a finding matters; the larger, the worse."""

    NOTE = 1
    """True and worth knowing, but it holds nothing up."""
    WARNING = 2
    """Costs accuracy or time."""
    FAULT = 3
    """The network can't learn properly until this is changed."""


@dataclass(frozen=True)
class Finding:
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
    findings: tuple[Finding, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """The attributes as plain values, findings counted."""
        return {"name": self.name, "figures": self.figures, "findings": len(self.findings)}


@dataclass(frozen=True)
class Diagnosis(Sequence[Finding]):
    """The findings of a run, most important first; also a sequence of them.

    Attributes:
        subject: What was examined and how far it had come, in one line.
        findings: The worst first; of equals, causes before what they lead to.
        checks: All that was looked at, in that order, with figures.
        figure: The PNG that shows the measurements; None if none was written.
    """

    subject: str
    findings: tuple[Finding, ...]
    checks: tuple[Check, ...]
    figure: Path | None = None

    def __len__(self) -> int:
        """How many findings there are."""
        return len(self.findings)

    @overload
    def __getitem__(self, place: int) -> Finding: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Finding, ...]: ...
    def __getitem__(self, place: int | slice) -> Finding | tuple[Finding, ...]:
        """The finding at this place, 0 for the most important."""
        return self.findings[place]

    def as_dict(self) -> dict[str, Any]:
        """Everything as plain values."""
        return {
            "subject": self.subject,
            "findings": [finding.as_dict() for finding in self.findings],
            "checks": [check.as_dict() for check in self.checks],
            "figure": None if self.figure is None else str(self.figure),
        }


def in_words(loss: float) -> str:
    """A loss with three decimals, or as a power of ten where it has run away."""
    return f"{loss:.3f}" if abs(loss) < 1000 else f"{loss:.1e}"


def ranked(checks: Sequence[Check]) -> tuple[Finding, ...]:
    """The findings of all checks, worst first.

    Args:
        checks: Causes before what they lead to; among findings of the same severity, this order
            stays.
    """
    findings = [finding for check in checks for finding in check.findings]
    return tuple(sorted(findings, key=lambda finding: -finding.severity))
