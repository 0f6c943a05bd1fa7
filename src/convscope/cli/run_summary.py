"""What `convscope train` and `resume` print of a run that has ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convscope.cli.console import print_json
from convscope.look.numbers import duration, percent

if TYPE_CHECKING:
    from convscope.runs.run import Run


def show_run(run: Run, *, json: bool) -> None:
    """Print what a run came to."""
    result, race = run.summary(), run.race
    if json:
        print_json(result if race is None else result | {"race": race.as_dict()})
        return
    if race is not None:
        print(race)
    low, high = result["interval"]
    print(
        f"{result['split']} accuracy {percent(result['accuracy'], 2)} "
        f"(95 % interval {percent(low, 2)} to {percent(high, 2)}), loss {result['loss']:.4f}"
    )
    if result["balanced_accuracy"] is not None:
        print(f"balanced accuracy {percent(result['balanced_accuracy'], 2)}")
    print(
        f"{result['epochs']} {'epoch' if result['epochs'] == 1 else 'epochs'} in "
        f"{duration(result['seconds'])}, "
        f"{result['images_per_second']:,.0f} images per second"
    )
    print(f"{'report:':<11}{run.report_file}")
    for name in ("curves", "confusion", "mistakes"):
        print(f"{name + ':':<11}{run.figures / name}.png")
    print(f"Look at the mistakes: convscope evaluate {run.folder}")
