"""Joining the processes that a launcher started, and saying what is wrong where that fails."""

from __future__ import annotations

import json
import os
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import torch
import torch.distributed as dist
from torch._C._distributed_c10d import PrefixStore
from torch.distributed.rendezvous import rendezvous

from convscope.errors import ConvscopeError, UsageError
from convscope.runtime.processes import ALONE, Processes
from convscope.runtime.waiting import Watch, seconds_to_wait

ENVIRONMENT = ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")
LOST = ("gloo", "nccl", "connection", "timed out", "pair closure", "recv operation", "socket")


_joined: list[Processes] = []


def joined_processes() -> Processes:
    """The processes that this one has joined; else itself alone."""
    return _joined[-1] if _joined else ALONE


def were_started_together() -> bool:
    """Whether a launcher has started this process as one of several."""
    return os.environ.get("WORLD_SIZE", "1") not in ("", "1") and "RANK" in os.environ


def speaks_to_person() -> bool:
    """Whether this process prints results: the only one, or the first of several."""
    return not were_started_together() or os.environ["RANK"] == "0"


def check_alone(what: str) -> None:
    """Refuse what several processes can't do together.

    Args:
        what: Which trainings, for the message.

    Raises:
        UsageError: A launcher has started this process as one of several.
    """
    if were_started_together():
        raise UsageError(
            f"{what} are trained one after the other by one process; torchrun has started "
            f"{os.environ['WORLD_SIZE']}. Give the command without torchrun, or train each run by "
            "a torchrun command of its own (--seed, or --set fold)."
        )


@contextmanager
def join_processes(device: torch.device) -> Iterator[Processes]:
    """Within: the processes that a launcher started train together; without one, this one alone.

    Args:
        device: Where networks are trained; decides how gradients travel.

    Raises:
        UsageError: The launcher's variables make no sense.
        ConvscopeError: A process doesn't come, has failed, or was lost on the way.
    """
    if not were_started_together() or _joined:
        yield joined_processes()
        return
    rank, count = _read_environment()
    patience = seconds_to_wait()
    limit = timedelta(seconds=patience)
    try:
        base, _, _ = next(iter(rendezvous("env://", rank, count, timeout=limit)))
        name, is_again = _meet(PrefixStore("convscope", base), rank, count, patience)
        base = PrefixStore(name, base)
        gpus = device.type == "cuda"
        dist.init_process_group(
            "cpu:gloo,cuda:nccl" if gpus else "gloo",
            store=PrefixStore("gradients", base),
            rank=rank,
            world_size=count,
            timeout=limit,
        )
    except (RuntimeError, ValueError) as error:
        address = f"{os.environ['MASTER_ADDR']}:{os.environ['MASTER_PORT']}"
        raise ConvscopeError(
            f"Process {rank} of {count} waited {patience:g} s for the others at {address}, and not "
            f"all came ({_first_line(error)}). Start all of them with the same torchrun command, "
            "and see that this address can be reached."
        ) from None
    store = PrefixStore("words", base)
    watch = Watch(store, rank, count, patience)
    _joined.append(Processes(rank, count, store, watch, is_again=is_again))
    try:
        with watch.watching(), _telling_of_failures(watch):
            yield _joined[-1]
    finally:
        _joined.pop()
        dist.destroy_process_group()


def _meet(store: Any, rank: int, count: int, patience: float) -> tuple[str, bool]:
    """A name for this start of the processes, and whether there has been one before.

    The launcher's store may outlive processes that it starts again, with all that they left in it;
    so the first process makes up a name, and gives it to those that live now.

    Raises:
        RuntimeError: Not all processes came.
    """
    own, limit = uuid.uuid4().hex, time.monotonic() + patience
    store.set(f"here/{rank}", own)
    name, is_again = own, False
    if rank == 0:
        is_again = store.add("starts", 1) > 1
    while time.monotonic() < limit:
        if rank == 0:
            here = [f"here/{each}" for each in range(count)]
            living = [store.get(key).decode() for key in here if store.check([key])]
            store.set("start", json.dumps([name, is_again, living]))
            if all(store.check([f"{name}/{each}"]) for each in range(1, count)):
                return name, is_again
        elif store.check(["start"]):
            name, is_again, living = json.loads(store.get("start").decode())
            if own in living:
                store.set(f"{name}/{rank}", "came")
                return name, is_again
        time.sleep(0.05)
    raise RuntimeError("some process didn't come")


@contextmanager
def _telling_of_failures(watch: Watch) -> Iterator[None]:
    """Leave word of why this process ends; one that lost another says which.

    Raises:
        ConvscopeError: In place of what gloo and NCCL raise where a process was lost.
    """
    try:
        yield
    except RuntimeError as error:
        if not _is_lost(error):
            watch.report_failure(_first_line(error))
            raise
        raise ConvscopeError(watch.explain_loss()) from None
    except BaseException as error:
        watch.report_failure(_first_line(error))
        raise


def _read_environment() -> tuple[int, int]:
    missing = [name for name in ENVIRONMENT if name not in os.environ]
    if missing:
        raise UsageError(
            f"Started as one of several processes, but {', '.join(missing)} isn't set. Start them "
            "with: torchrun --nproc-per-node 2 -m convscope train NETWORK DATA"
        )
    try:
        rank, count = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
    except ValueError:
        rank, count = -1, 0
    if not 0 <= rank < count:
        raise UsageError(
            "RANK and WORLD_SIZE must be whole numbers, the first from 0 to below the second; they "
            f"are {os.environ['RANK']!r} and {os.environ['WORLD_SIZE']!r}."
        )
    return rank, count


def _is_lost(error: RuntimeError) -> bool:
    return any(word in str(error).lower() for word in LOST)


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:300]
