"""A group of seeds in plain text: what `print(group)` and `convscope train --seeds` show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from convscope.look.numbers import percent

if TYPE_CHECKING:
    from convscope.runs.seed_group import SeedGroup


def seed_group_text(group: SeedGroup) -> str:
    """The result of every seed, what failed, and how far the accuracies lie apart."""
    summary = group.as_dict()
    lines = ["seed  accuracy     loss     time"]
    for row in summary["seeds"]:
        figures = ""
        if "accuracy" in row:
            figures = (
                f"{percent(row['accuracy'], 2):>9}  {row['loss']:7.4f}  {row['seconds']:5,.0f} s  "
            )
        failed = "failed" if row["problem"] is not None else ""
        lines.append(f"{row['seed']:>4}  {figures}{failed}".rstrip())
    lines.append("")
    lines += [
        f"Seed {row['seed']} failed. {row['problem']}"
        for row in summary["seeds"]
        if row["problem"] is not None
    ]
    if summary["failed"]:
        lines += ["A seed that failed isn't repeated; to try it again, remove its folder.", ""]
    spread = summary["spread"]
    if spread is None:
        return "\n".join([*lines, "No seed has a result."])
    seeds = sum("accuracy" in row for row in summary["seeds"])
    lines.append(
        f"{summary['split']} accuracy over {seeds} {'seed' if seeds == 1 else 'seeds'}: median "
        f"{percent(spread['median'], 2)}, lowest {percent(spread['lowest'], 2)}, highest "
        f"{percent(spread['highest'], 2)}"
    )
    if spread["standard_deviation"] is not None:
        deviation = 100 * spread["standard_deviation"]
        lines.append(
            f"mean {percent(spread['mean'], 2)}, standard deviation {deviation:.2f} points"
        )
    lines.append(f"Compare with another recipe: convscope compare {summary['run']} OTHER")
    return "\n".join(lines)
