"""`convscope data DATA --check`: what is wrong with a data set."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from convscope.cli.console import print_json
from convscope.errors import UsageError

if TYPE_CHECKING:
    from convscope.data.check.finding import Checked, DataFinding
    from convscope.data.reading import Reading

EXAMPLES = 5

IN_WORDS = {
    "same file": "the same file",
    "same pixels": "the same pixels",
    "near duplicate": "nearly the same",
}

HEADINGS = {
    "look alike": "No search for near copies",
    "unreadable": "Left out",
    "one colour": "Images of one colour",
    "odd size": "Odd sizes",
    "empty class": "Empty classes",
    "small class": "Small classes",
    "imbalance": "Imbalance",
}


def check_data(
    source: str,
    *,
    size: int | None,
    channels: int | None,
    reading: Reading,
    report: Path | None,
    figure: Path | None,
    json: bool,
) -> None:
    """Check, write the files that were asked for, and print a summary or one JSON object."""
    _check_targets(report, figure)

    from convscope.data.check.check import check
    from convscope.data.check.figure import draw_duplicates
    from convscope.data.load import source_splits

    checked = check(source, size=size, channels=channels, reading=reading)
    written: dict[str, Any] = {}
    if report is not None:
        _write(checked, report)
        written["report"] = str(report)
    if figure is not None and any(each.other for each in checked.findings):
        splits = source_splits(source, size=size, channels=channels, reading=reading)
        draw_duplicates(figure, checked, splits)
        written["figure"] = str(figure)
    if json:
        print_json(checked.as_dict() | written)
        return
    for line in _summary(checked):
        print(line)
    for what, path in written.items():
        print(f"{what.capitalize()}: {path}")
    if figure is not None and "figure" not in written:
        print("Figure: none, as there are no duplicates to show.")
    if report is None and checked.findings:
        print("Write all findings to a file: --report FILE.csv, or FILE.json")
    if figure is None and any(each.other for each in checked.findings):
        print("See the duplicates side by side: --figure FILE.png")


def _check_targets(report: Path | None, figure: Path | None) -> None:
    for option, path, endings in (
        ("--report", report, (".csv", ".json")),
        ("--figure", figure, (".png",)),
    ):
        if path is None:
            continue
        if path.suffix.lower() not in endings:
            accepted = " or ".join(endings)
            raise UsageError(f"{option} writes a file that ends in {accepted}; given '{path}'.")
        if not path.parent.is_dir():
            raise UsageError(f"{option}: there is no folder '{path.parent}'. Make it first.")


def _write(checked: Checked, path: Path) -> None:
    import json

    from convscope.files import write_csv, write_text

    if path.suffix.lower() == ".csv":
        write_csv(path, checked.rows())
    else:
        write_text(path, json.dumps(checked.as_dict(), ensure_ascii=False, indent=2) + "\n")


def _summary(checked: Checked) -> Iterable[str]:
    total = sum(checked.images.values())
    parts = ", ".join(f"{count:,} {split}" for split, count in checked.images.items())
    yield f"{checked.name}: {total:,} images checked ({parts})"
    yield from checked.notes
    if checked.note:
        yield checked.note
    if not checked.findings:
        yield "Nothing was found."
    pairs = [each for each in checked.findings if each.other is not None]
    yield from _duplicates("Duplicates across splits", [p for p in pairs if p.across_splits])
    within = [each for each in pairs if not each.across_splits]
    yield from _duplicates("Duplicates within a split", within)
    conflicts = [each for each in pairs if each.labels_differ]
    yield from _duplicates("Duplicates with different classes", conflicts)
    for kind, heading in HEADINGS.items():
        found = [each for each in checked.findings if each.kind == kind]
        if found:
            yield f"{heading} ({len(found):,}):"
            yield from _examples([_line(each) for each in found])


def _duplicates(heading: str, pairs: list[DataFinding]) -> Iterable[str]:
    if not pairs:
        return
    kinds = dict.fromkeys(each.kind for each in pairs)
    counts = (f"{sum(p.kind == kind for p in pairs):,} {IN_WORDS[kind]}" for kind in kinds)
    yield f"{heading} ({', '.join(counts)}):"
    yield from _examples([_pair(each) for each in pairs])


def _examples(lines: list[str]) -> Iterable[str]:
    yield from (f"  {line}" for line in lines[:EXAMPLES])
    if len(lines) > EXAMPLES:
        yield f"  … and {len(lines) - EXAMPLES:,} more"


def _line(each: DataFinding) -> str:
    return f"{each.place.path}: {each.detail}" if each.place.path else each.detail


def _pair(each: DataFinding) -> str:
    assert each.other is not None  # noqa: S101
    one, other = each.place, each.other
    classes = f"both {one.label}" if one.label == other.label else f"{one.label}, {other.label}"
    how = IN_WORDS[each.kind] if not each.detail else f"{each.detail}, {each.similarity:.3f} alike"
    return f"{one.path} and {other.path} ({classes}; {how})"
