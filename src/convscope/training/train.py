"""Train a network on images: from names to a Run folder."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

from torch import nn

from convscope.data.load import Data
from convscope.errors import UsageError
from convscope.networks.catalog import AUTO
from convscope.runs.choose_recipe import choose_recipe, run_name
from convscope.runs.claim import claimed
from convscope.runs.out_folder import out_folder
from convscope.runs.recipe import Recipe
from convscope.runs.run import Run
from convscope.runtime.device import choose_device
from convscope.runtime.exclusive import exclusive
from convscope.runtime.joining import check_alone, join_processes
from convscope.runtime.process import forget_peak
from convscope.runtime.quiet import quiet_compiler
from convscope.runtime.usual_settings import in_usual_settings
from convscope.training.begin import borrowed, check_images, measure_job, write_new_run
from convscope.training.carry_out import carry_out
from convscope.training.interrupt import explain_stop
from convscope.training.job import fill_from_source, prepare
from convscope.training.lack_of_memory import explain_lack_of_memory
from convscope.training.live_view import LiveView
from convscope.training.loop import Watcher
from convscope.training.race import race_networks
from convscope.training.resume import NOTHING_LOST, resume
from convscope.training.together import (
    check_alike,
    check_parts,
    goes_on_after_restart,
    own_folder,
)

NOT_REMEMBERED = (
    "The machine was busy while it was measured, so the same command may choose other threads or "
    "another precision, and round otherwise. To repeat this run: the same network and data with "
    "--recipe {0} (in Python: recipe={0!r})."
)


@exclusive("training")
@in_usual_settings
def train(
    network: str | nn.Module,
    data: Data,
    recipe: str | Path | Recipe | None = None,
    *,
    out: str | Path | None = None,
    force: bool = False,
    histograms: bool = False,
    watcher: Watcher | None = None,
    quiet: bool = False,
    **changes: Any,
) -> Run:
    """Train a network and evaluate it on the test images; everything is kept in a Run folder.

    Args:
        network: Name in the catalog; or "auto", with `minutes`: some networks race, and the one
            that comes farthest is trained; or a module of your own that maps (N, C, H, W) images
            to (N, classes) logits.
        data: Name of a data set, folder or zip of images, or `{"train": ImageSet, "test": …}`.
        recipe: "book", "fast", "transfer", a TOML file, or a Recipe. None: transfer with `from_`,
            else the book's if it has settings for this network, else fast.
        out: Folder of the run. None: `runs/NETWORK-DATA-1`, or the next number.
        force: Replace the run that lies in `out`.
        histograms: Write a histogram of every parameter to TensorBoard after every epoch.
        watcher: Is told of every step and epoch, besides the terminal. What it raises ends the
            run, which can be resumed from the epoch that it was told of.
        quiet: Show nothing.
        **changes: Fields of the recipe to change, such as `epochs=3`; or `from_="published"`, a run
            or a file, to begin from its weights.

    Returns:
        The finished run.

    Raises:
        UsageError: A name, a field, the data or the image size isn't accepted; or images of a
            folder are in two splits (allow with `allow_leaks=True`) or have two classes
            (`allow_conflicting_labels=True`); or its folders can be understood in two ways
            (`split_folders` says how).
        ConvscopeError: Training failed (the loss became NaN) or was stopped.
    """
    begun = time.perf_counter()
    forget_peak()
    if network == AUTO:
        check_alone("The networks of a race")
        if watcher is not None:
            raise UsageError(f"watcher= follows one network; {AUTO!r} trains several.")
        options = {"histograms": histograms, "quiet": quiet}
        return race_networks(data, recipe, changes, out=out, force=force, **options)
    chosen = choose_recipe(network, data, recipe, changes)
    with ExitStack() as until_the_end:
        device = choose_device(chosen.device)
        processes = until_the_end.enter_context(join_processes(device))
        if goes_on_after_restart(processes, out):
            module = network if isinstance(network, nn.Module) else None
            given = None if isinstance(data, str | Path) else data
            options = {"histograms": histograms, "quiet": quiet}
            return resume(out or "", module=module, data=given, watcher=watcher, **options)
        force = force or processes.has_restarted
        device = processes.place_on(device)
        view = LiveView(quiet=quiet or not processes.is_first)
        name = run_name(network, chosen)
        if not processes.is_first:
            out = own_folder()
        until_the_end.enter_context(quiet_compiler(network))
        until_the_end.enter_context(explain_lack_of_memory(chosen.batch_size))
        with (
            explain_stop("Stopped before the first step; nothing is kept. Give the command again."),
            out_folder(out, name, force=force) as folder,
        ):
            with processes.first_of_machine_first("reading the images"):
                job = replace(prepare(network, data, chosen), part=processes.part)
                check_parts(processes, job)
                check_images(job.splits, data, chosen, view)
                if chosen.from_:
                    job = fill_from_source(job)
            check_alike(processes, job)
            view.message(f"{name}: measuring how it runs fastest here")
            execution, measured = measure_job(job, device, view, processes)
            until_the_end.enter_context(claimed(folder))
            run = write_new_run(folder, job, measured, execution, processes, force=force)
        until_the_end.enter_context(borrowed(job.network, execution.device))
        until_the_end.enter_context(explain_stop(NOTHING_LOST.format(run.folder)))
        trained = carry_out(
            run,
            job,
            execution,
            view,
            begun,
            processes,
            histograms=histograms,
            watcher=watcher,
            quiet=quiet,
        )
        if not execution.is_remembered:
            view.message(NOT_REMEMBERED.format(str(run.recipe_file)))
        return trained
