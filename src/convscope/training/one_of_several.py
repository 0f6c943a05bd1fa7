"""One run of several that differ in some fields of their recipe: seeds, folds, trials."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from torch import nn

from convscope.data.load import Data
from convscope.runs.recipe import Recipe
from convscope.runs.run import Run
from convscope.training.loop import Watcher
from convscope.training.resume import resume
from convscope.training.train import train


def train_one(
    folder: Path,
    network: str | Callable[[], nn.Module],
    data: Data,
    recipe: Recipe,
    others: Sequence[Run],
    *,
    histograms: bool,
    watcher: Watcher | None = None,
    quiet: bool,
) -> Run:
    """Train a network, or go on with its run that was stopped.

    Args:
        folder: Of the run.
        network: Name in the catalog, or a function that builds a module; it is called after
            torch's generator has been given the recipe's seed.
        data: As for `train`.
        recipe: Of this run.
        others: Runs that have ended; the precision, threads and blocks that the first measured
            are used again, so that nothing differs but what is meant to.
        histograms: As for `train`.
        watcher: As for `train`.
        quiet: Show nothing.
    """
    subject: str | nn.Module
    if isinstance(network, str):
        subject = network
    else:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(recipe.seed)
            subject = network()
    if (folder / "environment.json").is_file():
        module = subject if isinstance(subject, nn.Module) else None
        return resume(
            folder, module=module, data=data, histograms=histograms, watcher=watcher, quiet=quiet
        )
    if others:
        first = others[0].recipe
        recipe = recipe.replace(
            precision=first.precision, threads=first.threads, recompute=first.recompute
        )
    return train(
        subject,
        data,
        recipe,
        out=folder,
        force=folder.exists(),  # stopped before its first step
        histograms=histograms,
        watcher=watcher,
        quiet=quiet,
    )
