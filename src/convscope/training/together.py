"""What several processes that train one network share, besides gradients: all but the run's folder.

The first process has the folder and writes it. The others keep a copy of its small files in a
folder of their own, which is gone at the end, so that whatever reads a run reads theirs.
"""

from __future__ import annotations

import atexit
import base64
import dataclasses
import hashlib
import inspect
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

import convscope
from convscope.errors import UsageError
from convscope.evaluation.logits import Logits, compute_batch_logits, summarize_logits
from convscope.look.numbers import counted
from convscope.runs.checkpoint import Checkpoint
from convscope.runs.run import Run
from convscope.runs.split_record import FILE as SPLITS_FILE
from convscope.runtime.execution import Execution
from convscope.runtime.processes import Processes
from convscope.runtime.shared_normalization import is_batch_norm
from convscope.training.interrupt import StopRequest
from convscope.training.job import Job
from convscope.training.stages import EpochBatches
from convscope.version import __version__

SMALL_FILES = ("recipe.toml", "environment.json", SPLITS_FILE)


def own_folder() -> Path:
    """A new folder of this process, which is gone when it ends."""
    folder = tempfile.mkdtemp(prefix="convscope-process-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


def copy_run(processes: Processes, run: Run | str | Path) -> Run:
    """The run itself in the first process; in the others a copy of what is read to go on with it.

    Args:
        processes: That train it.
        run: Looked at by the first process alone.
    """

    def read() -> dict[str, str]:
        opened = run if isinstance(run, Run) else Run(run)
        files = [opened.folder / name for name in SMALL_FILES]
        return {f.name: base64.b85encode(f.read_bytes()).decode() for f in files if f.is_file()}

    contents = processes.from_first("the files of the run", read)
    if processes.is_first:
        return run if isinstance(run, Run) else Run(run)
    folder = own_folder()
    for name, content in contents.items():
        (folder / name).write_bytes(base64.b85decode(content))
    return Run(folder)


def goes_on_after_restart(processes: Processes, out: str | Path | None) -> bool:
    """Whether the launcher has started a training again that has begun already, so goes on.

    Raises:
        UsageError: The launcher may start again, but nobody said where the run is to be found then.
    """
    if processes.are_alone:
        return False
    if out is None and int(os.environ.get("TORCHELASTIC_MAX_RESTARTS", "0")) > 0:
        raise UsageError(
            "torchrun --max-restarts starts the same command again, which must find its run: give "
            "the folder with --out FOLDER."
        )

    def has_begun() -> bool:
        return processes.has_restarted and (Path(out or "") / "environment.json").is_file()

    return processes.from_first("whether the run goes on", has_begun)


def check_process_count(processes: Processes, run: Run, began: int) -> None:
    """Refuse to go on with another number of processes than a run began with.

    Raises:
        UsageError: Says how to go on.
    """
    if processes.count == began:
        return
    command = f"-m convscope resume {run.folder if processes.is_first else 'RUN'}"
    start = f"torchrun --nproc-per-node {began} {command}" if began > 1 else command[3:]
    raise UsageError(
        f"This run began with {counted(began, 'process', 'processes')}, and "
        f"{processes.count} would go on with it: gradients would be added up in another order, and "
        f"the run wouldn't be the same. Go on with: {start}"
    )


def check_alike(processes: Processes, job: Job) -> None:
    """Refuse to train where processes have different code, images or settings.

    Raises:
        UsageError: Names the first process that differs from process 0, and in what.
    """
    if processes.are_alone:
        return
    all_facts = processes.gather("what it is about to train", _facts(job))
    for rank, facts in enumerate(all_facts):
        different = [name for name, value in facts.items() if value != all_facts[0].get(name)]
        if different:
            raise UsageError(
                f"Process {rank} differs from process 0 in: {', '.join(different)}. All processes "
                "must train the same network on the same images by the same code and recipe, or "
                "the result would be of neither. Give all machines the same versions, files and "
                "command."
            )


def check_parts(processes: Processes, job: Job) -> None:
    """Refuse batches that leave a process too few images.

    Raises:
        UsageError: Says which batch, and what to give instead.
    """
    if processes.are_alone:
        return
    size, images = job.recipe.batch_size, len(job.splits["train"])
    steps = len(job.training_batches(Execution(torch.device("cpu"), "float32")))
    last = min(size, images - (steps - 1) * size)
    if size < processes.count:
        raise UsageError(
            f"A batch of {size} images can't be divided among {processes.count} processes: every "
            f"process needs at least one. Give --batch-size {processes.count} or more, which is "
            "for all processes together."
        )
    is_local = job.recipe.batch_norm == "local" and any(map(is_batch_norm, job.network.modules()))
    if is_local and last < 2 * processes.count:
        raise UsageError(
            f"batch_norm=local: the last batch of an epoch has {last} images for {processes.count} "
            "processes, and each needs 2 for statistics of its own. Give another "
            "--batch-size, fewer processes, or batch_norm=synchronized."
        )


def share_checkpoint(processes: Processes, checkpoint: Checkpoint | None) -> Checkpoint | None:
    """The checkpoint that the first process has read, in all of them.

    Args:
        processes: That go on from it.
        checkpoint: Of the first process; the others give None.
    """
    if processes.are_alone:
        return checkpoint

    def describe() -> dict[str, Any] | None:
        if checkpoint is None:
            return None
        tensors = {n: [list(t.shape), str(t.dtype)] for n, t in checkpoint.tensors.items()}
        return {"tensors": tensors, "state": checkpoint.state}

    described = processes.from_first("the newest checkpoint", describe)
    if described is None:
        return None
    if checkpoint is None:
        tensors = {
            name: torch.empty(shape, dtype=getattr(torch, kind.removeprefix("torch.")))
            for name, (shape, kind) in described["tensors"].items()
        }
        checkpoint = Checkpoint(tensors, described["state"], ())
    processes.take_from_first(checkpoint.tensors.values())
    return checkpoint


def evaluate_together(
    network: nn.Module,
    batches: EpochBatches,
    job: Job,
    execution: Execution,
    processes: Processes,
    stop: StopRequest,
) -> Logits:
    """The logits of the monitored images, of which every process computes some batches.

    The batches are those of one process, and so are their logits, to the last bit.

    Args:
        network: What is evaluated.
        batches: Of all images, in their order.
        job: Its recipe and images.
        execution: Precision and algorithms.
        processes: That share the work.
        stop: Is looked at after each batch.
    """
    buffers = [each for each in network.buffers() if each.numel()]
    processes.take_from_first(buffers)  # statistics of their own are those of the first
    own = _OwnBatches(batches, range(processes.rank, len(batches), processes.count))
    labels = torch.from_numpy(job.splits[job.monitor_name].labels)
    values = torch.zeros(len(labels), len(job.card.classes))
    if own.steps:
        found = compute_batch_logits(
            network,
            own,
            precision=execution.precision,
            on_batch=lambda _: stop.raise_if_requested(),
        )
        if processes.are_alone:
            return found
        size = job.recipe.batch_size
        rows = torch.cat([torch.arange(len(labels))[s * size : (s + 1) * size] for s in own.steps])
        values[rows] = found.values
    processes.add_up(values)  # of each row, all but one are zero
    return summarize_logits(values, labels)


@dataclasses.dataclass(frozen=True)
class _OwnBatches:
    """Some of the batches of an epoch.

    Attributes:
        whole: All of them.
        steps: The numbers of those that are wanted.
    """

    whole: EpochBatches
    steps: range

    def epoch(self, epoch: int) -> Iterator[tuple[Tensor, Tensor]]:
        """The wanted batches of an epoch."""
        for step in self.steps:
            yield next(iter(self.whole.epoch(epoch, step)))


def _facts(job: Job) -> dict[str, str]:
    """What must be the same in all processes, by what a person calls it."""
    digest = hashlib.blake2b(digest_size=16)
    for name, tensor in job.network.state_dict().items():
        digest.update(repr((name, tensor.shape, tensor.dtype)).encode())
        digest.update(tensor.detach().contiguous().cpu().view(-1).view(torch.uint8).numpy().data)
    recipe = {n: v for n, v in job.recipe.as_dict().items() if n not in ("data", "images")}
    images = {
        f"the {name} images": split.fingerprint()
        for name, split in job.splits.items()
        if name in ("train", job.monitor_name)
    }
    return {
        "the version of Convscope": __version__,
        "the version of PyTorch": torch.__version__.split("+")[0],
        "the code of Convscope": _digest_files(Path(convscope.__file__).parent.rglob("*.py")),
        "the code of the network": _digest_files(_files_of(job.network)),
        "the recipe": json.dumps(recipe, sort_keys=True),
        **images,
        "the first weights": digest.hexdigest(),
    }


def _files_of(network: nn.Module) -> set[Path]:
    """The files in which the classes of a network's modules are defined, but for PyTorch's."""
    classes = {type(module) for module in network.modules()}
    own = [
        each for each in classes if each.__module__.partition(".")[0] not in ("torch", "builtins")
    ]
    found = set()
    for each in own:
        try:
            found.add(Path(inspect.getfile(each)))
        except (OSError, TypeError):  # made without a file
            continue
    return found


def _digest_files(files: Any) -> str:
    digest = hashlib.blake2b(digest_size=16)
    for file in sorted(files, key=lambda each: each.name + str(each)):
        if file.is_file():
            digest.update(file.name.encode() + file.read_bytes())
    return digest.hexdigest()
