"""What a reader must know beside a forecast's figures, in sentences."""

from __future__ import annotations

from convscope.look.numbers import percent, size
from convscope.planning.cuda_memory import cuda_memory
from convscope.planning.fixed_costs import fixed_costs
from convscope.planning.step import RecordedStep
from convscope.planning.times import OperationTimes
from convscope.planning.workload import Workload
from convscope.runtime.contention import BUSY

MUCH_ESTIMATED = 0.05  # share of a step's time from which it is said that it wasn't measured


def forecast_notes(
    workload: Workload, step: RecordedStep, times: OperationTimes, estimated: float, batch_size: int
) -> tuple[str, ...]:
    """What makes a forecast unsure, or isn't in it.

    Args:
        workload: What is forecast; its own notes come first.
        step: As recorded.
        times: Of its operations; tells what couldn't be timed, and whether timing was disturbed.
        estimated: Share of the step's time that wasn't measured.
        batch_size: Images per step.
    """
    notes = [*workload.notes]
    if times.contention > BUSY:
        notes.append(
            "Another program is using the processors: operations that were timed waited for it "
            f"{percent(times.contention, 0)} of the time, so the forecast may be too long. "
            "The range is wider for it, and nothing of it is kept."
        )
    if workload.is_compiled:
        notes.append(
            "The network is compiled (torch.compile): compiling takes time and changes the "
            "speed, and neither is known here. The forecast is that of the plain network."
        )
    if step.unknown:
        notes.append(
            f"Nothing is known of what these operations take inside: "
            f"{', '.join(step.unknown)}. The range is wider for it."
        )
    if step.by_numbers:
        notes.append(
            "The network decides by the numbers it computes, so one step was taken on "
            f"{step.stand_in} images of random numbers, and forecast is what it did with "
            "them. With real ones it may do more or less; the range is wider for it."
        )
    if times.not_timed:
        notes.append(
            f"These operations can't be timed by themselves, so their time is a guess: "
            f"{', '.join(sorted(times.not_timed))}."
        )
    if estimated > MUCH_ESTIMATED:
        notes.append(
            f"{percent(estimated, 0)} of the step's time was estimated from similar "
            "operations; planning again measures more of them."
        )
    if not fixed_costs()[1]:
        notes.append(
            "This machine hasn't been calibrated, so start-up and the process's own memory are "
            "those of another. Once: convscope doctor --calibrate"
        )
    if workload.execution.device.type != "cpu":
        device = cuda_memory(step, batch_size)
        notes.append(
            "Times and memory are measured on the processor; for this device they are not "
            "known before the first steps. By its allocator's rules, a step needs "
            f"{size(device.allocated)} allocated and {size(device.reserved)} "
            "reserved; this has not been compared with such a device."
        )
    return tuple(notes)
