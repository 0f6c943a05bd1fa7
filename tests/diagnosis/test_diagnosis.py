"""A diagnosis prints itself, shows itself in a notebook, and is a sequence."""

from types import SimpleNamespace

import pytest

from convscope.diagnosis.diagnosis import Diagnosis
from convscope.diagnosis.finding import Check, RunFinding, Severity
from convscope.runs.recipe import Recipe
from convscope.runs.run import Run

LONG = "The loss stays where guessing leaves it. " * 5


@pytest.fixture
def measured(tmp_path):
    recipe = Recipe(network="lenet", data="my <data>", epochs=1)
    recipe.write(tmp_path / "recipe.toml")
    return SimpleNamespace(subject=SimpleNamespace(run=Run(tmp_path), recipe=recipe))


def diagnosis(measured):
    findings = (
        RunFinding("Too few steps", LONG, "Take more.", Severity.FAULT, "--epochs 9"),
        RunFinding("A <note>", "Seen.", "Change.", Severity.NOTE),
    )
    checks = (Check("steps", "3 of 9", findings[:1]), Check("pixels", "mean 0.0"))
    return Diagnosis("run: lenet", findings, checks, measured)


def test_it_is_a_sequence_of_its_findings(measured):
    found = diagnosis(measured)
    assert list(found) == list(found.findings)
    assert found[0].what == found.verdict == "Too few steps"
    assert found[-1:] == (found.findings[1],)
    assert len(found) == 2
    assert not Diagnosis("run", (), (), measured)


def test_printed_it_is_text_for_a_terminal(measured, tmp_path):
    lines = str(diagnosis(measured)).splitlines()
    assert lines[:3] == ["run: lenet", "", "1. Too few steps  (fault)"]
    assert lines[3].startswith("    Seen The loss stays")
    assert lines[4].startswith("         ")
    assert max(map(len, lines[3:6])) <= 9 + 92
    assert "     Try Take more.  --epochs 9" in lines
    command = f"  convscope train lenet 'my <data>' --recipe {tmp_path}/recipe.toml --epochs 9"
    assert command in lines
    assert lines[-5:-2] == ["Checked:", "  ✗ steps: 3 of 9", "  ✓ pixels: mean 0.0"]
    assert lines[-1] == "No figure: the run's folder can't be written to."


def test_what_the_run_can_not_name_is_left_to_the_reader(measured):
    measured.subject.recipe = Recipe(epochs=1)
    assert "\n  convscope train FILE.py:NAME DATA --recipe " in str(diagnosis(measured))


def test_without_findings_it_says_so(measured):
    text = str(Diagnosis("run", (), (Check("pixels", "mean 0.0"),), measured))
    assert "Nothing wrong found." in text
    assert "The run again" not in text


def test_in_a_notebook_it_is_escaped(measured):
    shown = diagnosis(measured)._repr_html_()
    assert "A &lt;note&gt;" in shown
    assert "<note>" not in shown
    assert "<script" not in shown
    assert shown.count("<table>") == 2
