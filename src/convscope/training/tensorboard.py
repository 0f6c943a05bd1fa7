"""The run as TensorBoard shows it: curves, the first batch, and histograms on request."""

from __future__ import annotations

from pathlib import Path

import torch
from torch.utils.tensorboard import SummaryWriter

from convscope.training.state import Progress, TrainingState

GRID = 8  # images on a side


class EventLog:
    """Writes TensorBoard event files.

    Args:
        folder: Where they go.
        first_step: The first step that will be written. What a run that was killed had written of
            this step and later ones is hidden by it: it takes these steps again.
        histograms: Also write a histogram of every parameter after every epoch.
    """

    def __init__(self, folder: Path, *, first_step: int = 0, histograms: bool = False) -> None:
        self._writer = SummaryWriter(str(folder), purge_step=first_step)
        self._histograms = histograms

    def images(self, batch: torch.Tensor) -> None:
        """Write a grid of images as the network sees them, stretched to the full range.

        Args:
            batch: (N, C, H, W) float32, normalized and augmented.
        """
        some = batch[: GRID * GRID].detach().float().cpu().contiguous()
        low, high = some.min(), some.max()
        some = (some - low) / (high - low).clamp_min(1e-6)
        if some.shape[1] not in (1, 3):
            some = some.mean(1, keepdim=True)
        height, width = some.shape[-2:]
        columns = min(GRID, len(some))
        rows = len(some) // columns
        some = some[: rows * columns].view(rows, columns, -1, height, width)
        grid = some.permute(2, 0, 3, 1, 4).reshape(-1, rows * height, columns * width)
        self._writer.add_image("first batch", grid, 0)

    def step(self, progress: Progress, loss: float) -> None:
        """Write the loss of a step, twenty or so times in a run of some epochs."""
        if progress.step % max(1, progress.total_steps // 200) == 0:
            self._writer.add_scalar("loss/step", loss, progress.step)

    def epoch(self, metrics: dict[str, float], state: TrainingState) -> None:
        """Write the figures of an epoch, against steps."""
        step = int(metrics["step"])
        for name, value in metrics.items():
            what, _, measure = name.rpartition("_")
            if measure in ("loss", "accuracy"):
                self._writer.add_scalar(f"{measure}/{what}", value, step)
        for name in ("learning_rate", "images_per_second"):
            self._writer.add_scalar(name, metrics[name], step)
        if self._histograms:
            for name, parameter in state.network.named_parameters():
                self._writer.add_histogram(name.replace(".", "/"), parameter.detach(), step)
        self._writer.flush()

    def message(self, text: str) -> None:
        """Messages are for the terminal."""

    def close(self) -> None:
        """Finish the files."""
        self._writer.close()
