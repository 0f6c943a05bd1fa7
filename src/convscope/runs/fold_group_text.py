"""A group of folds in plain text: what `print(group)` and `convscope train --folds` show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convscope.look.numbers import percent

if TYPE_CHECKING:
    from convscope.runs.fold_group import FoldGroup

MOST_CLASSES = 20


def fold_group_text(group: FoldGroup) -> str:
    """The result of every fold, that over all images, and of every class."""
    found = group.as_dict()
    lines = ["fold  images  accuracy     loss     time"]
    for row in found["folds"]:
        figures = ""
        if "accuracy" in row:
            figures = (
                f"{row['images']:>6,} {percent(row['accuracy'], 2):>9}  {row['loss']:7.4f}  "
                f"{row['seconds']:5,.0f} s"
            )
        lines.append(f"{row['fold']:>4}  {figures}".rstrip())
    lines.append("")
    spread, count = found["spread"], sum("accuracy" in row for row in found["folds"])
    if spread is None:
        return "\n".join([*lines, "No fold has a result."])
    low, high = found["interval"]
    whole = "" if count == group.folds else f" ({count} of {group.folds} folds)"
    lines += [
        f"accuracy over {found['images']:,} images{whole}, each tested on once: "
        f"{percent(found['accuracy'], 2)} (95 % interval {percent(low, 2)} to {percent(high, 2)})",
        f"balanced accuracy {percent(found['balanced_accuracy'], 2)}: every class counts the same",
    ]
    if spread["standard_deviation"] is not None:
        lines.append(
            f"folds from {percent(spread['lowest'], 2)} to {percent(spread['highest'], 2)}, "
            f"standard deviation {100 * spread['standard_deviation']:.2f} points"
        )
    known = [each for each in found["per_class"] if each["count"]]
    worst = sorted(known, key=lambda each: each["recall"])[:MOST_CLASSES]
    width = max(len(each["class"]) for each in worst)
    lines += ["", "recognized least:" if len(known) > len(worst) else "recognized:"]
    lines += [
        f"  {each['class']:<{width}}  {percent(each['recall'], 1):>7}  of {each['count']:,}"
        for each in worst
    ]
    return "\n".join(lines)
