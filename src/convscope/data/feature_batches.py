"""Batches of what a frozen part of a network makes of images, kept in a memory-mapped file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from convscope.data.batch_part import BatchPart
from convscope.data.batches import WHOLE, count_steps, draw_order
from convscope.errors import ConvscopeError
from convscope.look.numbers import size as size_in_words


class FeatureBatches:
    """Batches like those of `Batches`, of features (B, …) in place of images.

    Of every image there are several copies, each changed at random but for the first; an epoch of
    training takes one copy of all, the next epoch the next copy.
    """

    def __init__(
        self,
        features: np.ndarray,
        labels: Tensor,
        batch_size: int,
        *,
        train: bool,
        seed: int = 0,
        balance: bool = False,
        part: BatchPart = WHOLE,
        device: str | torch.device = "cpu",
    ) -> None:
        """Put features where batches are made from them.

        Args:
            features: float32 (copies, N, …), a memory map.
            labels: int64 (N,).
            batch_size: Rows per batch.
            train: Whether rows come in an order drawn for each epoch.
            seed: Decides that order, with the epoch.
            balance: Take every class equally often, as `Batches` does.
            part: What `epoch` gives of every batch, as for `Batches`.
            device: Where the batches go.
        """
        self._features = torch.from_numpy(features)
        self._labels = labels.cpu()
        self._batch_size = batch_size
        self._train = train
        self._seed = seed
        self._to_balance = self._labels.numpy() if balance else None
        self._part = part
        self._device = torch.device(device)

    def __len__(self) -> int:
        """Steps in an epoch."""
        return count_steps(len(self._labels), self._batch_size, train=self._train)

    def epoch(self, epoch: int, first_step: int = 0) -> Iterator[tuple[Tensor, Tensor]]:
        """The batches of one epoch, from a step on: features float32 (B, …), labels int64 (B,)."""
        copy = self._features[epoch % len(self._features)]
        order = torch.arange(len(self._labels))
        if self._train:
            order = draw_order(self._seed, epoch, len(self._labels), self._to_balance)
        for step in range(first_step, len(self)):
            rows = order[step * self._batch_size : (step + 1) * self._batch_size]
            rows = rows[self._part.rows(len(rows))]
            yield copy[rows].to(self._device), self._labels[rows].to(self._device)


def create_feature_file(path: Path, shape: tuple[int, ...]) -> np.ndarray:
    """A memory map float32 of this shape, to be filled; on the disk as a .npy file.

    Raises:
        ConvscopeError: There is no room for it.
    """
    try:
        path.parent.mkdir(exist_ok=True)
        return np.lib.format.open_memmap(path, mode="w+", dtype=np.float32, shape=shape)
    except OSError as error:
        needed = size_in_words(4 * int(np.prod(shape)))
        raise ConvscopeError(
            f"Features of the frozen layers, {needed}, can't be kept in '{path}': "
            f"{error.strerror or error}. Make room, or keep fewer copies: --set stages.copies=0."
        ) from error
