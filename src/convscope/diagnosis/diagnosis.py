"""What a diagnosis says: the findings, what was checked, and how it prints and draws itself."""

from __future__ import annotations

import shlex
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, overload

from matplotlib.figure import Figure

from convscope.diagnosis.figure import draw_measurements
from convscope.diagnosis.finding import Check, RunFinding
from convscope.diagnosis.measurements import Measurements
from convscope.look.html import escape, table

WIDTH = 92  # characters of a line of a paragraph
OWN_NETWORK = "FILE.py:NAME"  # stands for a network that the run can't name
INDENT = 9  # characters before it, for "Seen" and "Try"


@dataclass(frozen=True)
class Diagnosis(Sequence[RunFinding]):
    """The findings of a run, most important first; also a sequence of them.

    Attributes:
        subject: What was examined and how far it had come, in one line.
        findings: The worst first; of equals, causes before what they lead to.
        checks: All that was looked at, in that order, with figures.
        measured: The measurements that the checks have read.
        figure_file: The PNG that was added to the run; None if its folder can't be written to.
    """

    subject: str
    findings: tuple[RunFinding, ...]
    checks: tuple[Check, ...]
    measured: Measurements = field(repr=False)
    figure_file: Path | None = None

    def __len__(self) -> int:
        """How many findings there are."""
        return len(self.findings)

    @overload
    def __getitem__(self, place: int) -> RunFinding: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[RunFinding, ...]: ...
    def __getitem__(self, place: int | slice) -> RunFinding | tuple[RunFinding, ...]:
        """The finding at this place, 0 for the most important."""
        return self.findings[place]

    @property
    def verdict(self) -> str:
        """What was found, in a few words."""
        return self.findings[0].what if self.findings else "Nothing wrong found"

    def __str__(self) -> str:
        return "\n".join(_lines(self))

    def _repr_html_(self) -> str:
        findings = [
            (finding.what, finding.severity.name.lower(), finding.evidence, _change(finding))
            for finding in self.findings
        ]
        checks = [
            (check.name, "✗" if check.findings else "✓", check.figures) for check in self.checks
        ]
        found = table(findings, ("finding", "severity", "seen", "try")) if findings else ""
        return (
            f"<p>{escape(self.subject)}</p><p><strong>{escape(self.verdict)}</strong></p>{found}"
            f"{table(checks, ('checked', '', 'figures'))}"
        )

    def figure(self, path: str | Path | None = None) -> Figure:
        """Draw the measurements: units, gradients and the range test, layer by layer.

        Args:
            path: The PNG to write; None leaves the figure in memory.
        """
        return draw_measurements(self.measured, self.verdict, path)

    def as_dict(self) -> dict[str, Any]:
        """Everything but the measurements, as plain values."""
        return {
            "subject": self.subject,
            "findings": [finding.as_dict() for finding in self.findings],
            "checks": [check.as_dict() for check in self.checks],
            "figure": None if self.figure_file is None else str(self.figure_file),
        }


def _lines(diagnosis: Diagnosis) -> Iterator[str]:
    """The diagnosis as text for a terminal."""
    yield diagnosis.subject
    yield ""
    if not diagnosis.findings:
        yield "Nothing wrong found."
    for number, finding in enumerate(diagnosis.findings, start=1):
        yield f"{number}. {finding.what}  ({finding.severity.name.lower()})"
        yield from _paragraph("Seen", finding.evidence)
        yield from _paragraph("Try", _change(finding))
    if len(diagnosis.findings) > 1:
        yield "\nBegin with the first: what follows is often only its consequence."
    if diagnosis.findings and diagnosis.findings[0].options:
        run, recipe = diagnosis.measured.subject.run, diagnosis.measured.subject.recipe
        yield "\nThe run again, with this one change:"
        yield (
            f"  convscope train {recipe.network or OWN_NETWORK} "
            f"{shlex.quote(recipe.data) if recipe.data else 'DATA'} --recipe "
            f"{shlex.quote(str(run.recipe_file))} {diagnosis.findings[0].options}"
        )
    yield "\nChecked:"
    for check in diagnosis.checks:
        yield f"  {'✗' if check.findings else '✓'} {check.name}: {check.figures}"
    if diagnosis.figure_file is None:
        yield "\nNo figure: the run's folder can't be written to."
    else:
        yield f"\nfigure: {diagnosis.figure_file}"


def _paragraph(label: str, text: str) -> list[str]:
    """A label and text beside it, wrapped beneath itself."""
    return textwrap.wrap(
        text,
        INDENT + WIDTH,
        initial_indent=f"{label:>{INDENT - 1}} ",
        subsequent_indent=" " * INDENT,
        break_on_hyphens=False,
        break_long_words=False,
        drop_whitespace=True,
    )


def _change(finding: RunFinding) -> str:
    return f"{finding.change}  {finding.options}" if finding.options else finding.change
