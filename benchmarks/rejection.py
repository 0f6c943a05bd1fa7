"""Which score tells out-of-distribution images best: every score, trained runs, several sets.

Each run's training images give the normal distributions, its validation images the threshold
(5 % of them are answered "unknown"), and its test images are compared with
the others. Runs need validation images; data sets are found through CONVSCOPE_DATA.

    python benchmarks/rejection.py RUN [RUN …]
        [--out-of-distribution noise,digits,fashion-mnist,cifar10]
"""

from __future__ import annotations

import argparse
import statistics

import torch

from convscope.data.image_set import ImageSet
from convscope.evaluation.calibrate import choose_some
from convscope.evaluation.logits import compute_logits
from convscope.evaluation.out_of_distribution import out_of_distribution_images
from convscope.evaluation.rejection import (
    auroc,
    choose_rejection,
    false_acceptance,
    fit_gaussians,
)
from convscope.evaluation.run_splits import run_splits
from convscope.evaluation.unknown import familiarity
from convscope.runs.run import Run

RATE = 0.05
SCORES = ("max_probability", "max_logit", "energy", "density alone", "gaussian_energy")


def rows(run: Run, out_of_distribution: list[str]) -> list[tuple[str, str, str, float, float]]:
    """(run, out-of-distribution images, score, AUROC, false acceptance), of every pair."""
    model = run.model()
    card = model.card
    splits = run_splits(run, None, card)

    def logits(images: ImageSet) -> torch.Tensor:
        return compute_logits(model, images, batch_size=250, device=torch.device("cpu")).values

    train = choose_some(splits.get("train"))
    gaussians = fit_gaussians(logits(train), torch.from_numpy(train.labels))
    validation, test = logits(splits.get("validation")), logits(splits.get("test"))
    found = []
    for name in out_of_distribution:
        if name == card.trained_on:
            continue
        strange = logits(out_of_distribution_images(name, card))
        for score in SCORES:
            weight = 0.0 if score == "density alone" else gaussians.energy
            formula = score if score in SCORES[:3] else "gaussian_energy"
            fitted = gaussians.model_copy(update={"energy": weight})
            given = fitted if formula == "gaussian_energy" else None
            threshold = choose_rejection(validation, RATE, formula, given).threshold
            known, other = (familiarity(each, formula, given) for each in (test, strange))
            found.append(
                (run.folder.name, name, score, auroc(known, other),
                 false_acceptance(other, threshold))
            )  # fmt: skip
    return found


def main() -> None:
    """Measure all runs and print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("runs", nargs="+")
    parser.add_argument("--out-of-distribution", default="noise,digits,fashion-mnist,cifar10")
    options = parser.parse_args()
    found = [
        row
        for run in options.runs
        for row in rows(Run(run), options.out_of_distribution.split(","))
    ]
    print("| run | out-of-distribution images | " + " | ".join(SCORES) + " |")
    print("|---|---|" + "---|" * len(SCORES))
    for run, name in dict.fromkeys((row[0], row[1]) for row in found):
        cells = [f"{row[3]:.3f}, {row[4]:.1%}" for row in found if row[:2] == (run, name)]
        print(f"| {run} | {name} | " + " | ".join(cells) + " |")
    means = [
        [statistics.mean(row[column] for row in found if row[2] == score) for column in (3, 4)]
        for score in SCORES
    ]
    print("| mean | | " + " | ".join(f"{area:.3f}, {share:.1%}" for area, share in means) + " |")


if __name__ == "__main__":
    main()
