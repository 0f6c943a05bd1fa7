"""`convscope evaluate`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from convscope.cli.complete import complete_data, complete_out_of_distribution, complete_run
from convscope.cli.console import print_json
from convscope.look.numbers import duration, percent

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from convscope.evaluation.evaluate import Evaluation

EPILOG = """
Examples:

  convscope evaluate runs/lenet-digits-1

  convscope evaluate runs/lenet-digits-1 --split validation

  convscope evaluate runs/mine --data new_images/ --json

  convscope evaluate runs/mine --unknown-rate 0.1 --out-of-distribution holiday_photos/
"""

MOST_CLASSES = 40  # rows of the table of classes; of more, those recognized worst
MOST_MISTAKES = 10  # lines in the terminal; the files have more


def evaluate(
    run: Annotated[
        Path,
        typer.Argument(metavar="RUN", help="Folder of the run.", autocompletion=complete_run),
    ],
    data: Annotated[
        str | None,
        typer.Option(
            help="Other images of the same classes. Default: those of the run.",
            autocompletion=complete_data,
        ),
    ] = None,
    split: Annotated[str, typer.Option(help="test, validation or train.")] = "test",
    unknown_rate: Annotated[
        float | None,
        typer.Option(
            help="Choose anew when to answer 'unknown': for this share of the run's validation "
            "images (0: never). Changes the run's model file.",
        ),
    ] = None,
    out_of_distribution: Annotated[
        list[str] | None,
        typer.Option(
            metavar="DATA",
            help="Images of nothing the model knows: is it deceived? A name, a folder, or noise; "
            "may be given several times. Default: noise and digits.",
            autocompletion=complete_out_of_distribution,
        ),
    ] = None,
    batch_size: Annotated[int, typer.Option(help="Images computed together.")] = 64,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda, cuda:1, mps.")] = "auto",
    robustness: Annotated[
        bool,
        typer.Option(
            help="Evaluate it on shifted, noisy, blurred and otherwise worse images too: some "
            "seconds, and minutes for networks of more than 1,000 million MACs."
        ),
    ] = True,
    json: Annotated[
        bool, typer.Option("--json", help="Print the result as one JSON object.")
    ] = False,
) -> None:
    """Evaluate a trained network: accuracy, classes, confusion matrix, worst mistakes.

    Writes report.html, a page with everything, into the run's folder, and
    its data: evaluation.json, mistakes.csv, predictions.csv and figures;
    for other data or another split, under names that say so.
    """
    from convscope.evaluation.analysis import analyse
    from convscope.evaluation.evaluate import evaluate as evaluate_run
    from convscope.evaluation.report import write_report
    from convscope.planning.words import beside_actual
    from convscope.runs.forecast import read_forecast
    from convscope.runs.run import Run

    opened = Run(run)
    if unknown_rate is not None:
        from convscope.evaluation.fit_answers import fit_answers

        fit_answers(opened, unknown_rate, batch_size=batch_size, device=device)
    evaluation = evaluate_run(
        opened,
        data,
        split,
        batch_size=batch_size,
        device=device,
        out_of_distribution=out_of_distribution or None,
    )
    is_usual = data in (None, opened.recipe.data) and split == "test"
    name = "" if is_usual else f"{evaluation.data}-{evaluation.split}"
    analysis = analyse(
        opened, evaluation, device=device, batch_size=batch_size, robustness=robustness
    )
    files = write_report(opened, analysis, name)
    if json:
        listed = {what: str(file) for what, file in files.items()}
        print_json({"run": str(run), **analysis.as_dict(), "files": listed})
        return
    show(evaluation, files)
    forecast = read_forecast(opened)
    if is_usual and forecast:
        print(beside_actual(forecast))


def show(evaluation: Evaluation, files: dict[str, Path]) -> None:
    """Print an evaluation for a person, and where its files are."""
    from rich.console import Console

    console = Console(highlight=False)
    low, high = evaluation.interval
    console.print(
        f"[bold]{evaluation.split} accuracy {percent(evaluation.accuracy, 2)}[/bold] "
        f"(95 % interval {percent(low, 2)} to {percent(high, 2)}), loss {evaluation.loss:.4f}"
    )
    console.print(
        f"{evaluation.image_count:,} images of {evaluation.data} in {duration(evaluation.seconds)}",
        markup=False,
    )
    for line in trust_lines(evaluation):
        console.print(line, markup=False)
    for note in evaluation.notes:
        console.print(f"Note: {note}", markup=False)
    console.print()
    console.print(_class_table(evaluation))
    console.print()
    _show_confusion(evaluation, console, files["confusion"])
    console.print()
    _show_mistakes(evaluation, console)
    for what, file in files.items():
        console.print(f"{what + ':':<14}{file}", markup=False, soft_wrap=True)


def trust_lines(evaluation: Evaluation) -> list[str]:
    """In words: whether probabilities can be believed, and whether it knows what it doesn't."""
    found, known = evaluation.calibration, evaluation.rejection
    lines = [f"Calibration error {percent(found.ece_after)}"]
    if found.temperature != 1:
        lines[0] += (
            f" (without the temperature {found.temperature:.2f}: {percent(found.ece_before)})"
        )
    if known is not None:
        right = (
            ""
            if known.accuracy is None
            else f"; of the others {percent(known.accuracy, 2)} are right"
        )
        lines.append(f"Answers 'unknown' to {percent(known.unknown)} of these images{right}")
    lines += [
        f"Out-of-distribution images ({each.data}, {each.images:,}): "
        f"{percent(each.false_acceptance)} "
        f"are given a class; AUROC {each.auroc:.3f}"
        for each in evaluation.out_of_distribution
    ]
    return lines


def _class_table(evaluation: Evaluation) -> Table:
    from rich.table import Table
    from rich.text import Text

    scores = list(evaluation.per_class)
    title = None
    if len(scores) > MOST_CLASSES:
        scores = sorted(scores, key=lambda score: score.f1 or 0.0)[:MOST_CLASSES]
        title = f"The {MOST_CLASSES} classes of {len(evaluation.per_class)} recognized worst"
    table = Table(box=None, title=title, title_justify="left", pad_edge=False)
    table.add_column("class")
    for heading in ("precision", "recall", "F1", "images"):
        table.add_column(heading, justify="right")
    for score in scores:
        shares = [_share(value) for value in (score.precision, score.recall, score.f1)]
        table.add_row(Text(score.name), *shares, f"{score.count:,}")
    return table


def _share(value: float | None) -> str:
    return "–" if value is None else percent(value)


def _show_confusion(evaluation: Evaluation, console: Console, file: Path) -> None:
    """The matrix in numbers, if the terminal is wide enough."""
    from rich.measure import Measurement
    from rich.table import Table
    from rich.text import Text

    names = evaluation.classes
    numbered = max(map(len, names)) > 4  # too wide for a column, so columns are numbered
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.add_column("true ↓  predicted →", no_wrap=True)
    for number, name in enumerate(names):
        table.add_column(Text(str(number) if numbered else name), justify="right", no_wrap=True)
    for number, (name, row) in enumerate(zip(names, evaluation.confusion.tolist(), strict=True)):
        cells = [Text(str(count) if count else "·", style="dim") for count in row]
        cells[number].style = "bold"
        table.add_row(Text(f"{number} {name}" if numbered else name), *cells)
    unbounded = console.options.update(max_width=10**6)
    if Measurement.get(console, unbounded, table).minimum <= console.width:
        console.print(table)
    else:
        console.print(
            f"The confusion matrix of {len(names)} classes is too wide for this terminal; it is "
            f"in {file}",
            markup=False,
            soft_wrap=True,
        )


def _show_mistakes(evaluation: Evaluation, console: Console) -> None:
    mistakes = evaluation.mistakes
    if not mistakes:
        console.print("No mistakes.\n")
        return
    shown = mistakes[:MOST_MISTAKES]
    noun = "mistake" if len(mistakes) == 1 else "mistakes"
    console.print(f"{len(mistakes):,} {noun}; the surest:")
    for mistake in shown:
        console.print(
            f"  {percent(mistake.probability):>7}  {mistake.predicted}, but it is {mistake.label}: "
            f"{mistake.path}",
            markup=False,
            soft_wrap=True,
        )
    console.print()
