"""From an `ImageSet` to batches on a device: shuffled, augmented, normalized, resized.

All images stay in memory as bytes, in their stored size, and a batch is made from them by a few
operations on whole tensors; no Python runs per image. What is random is a function of (seed,
epoch, step) alone, so any batch can be made again without those before it.
"""

from __future__ import annotations

import functools
import math
import warnings
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from convscope.data import augmentation as augment
from convscope.data.augmentation_settings import Augmentation
from convscope.data.balance import balanced_order
from convscope.data.batch_part import BatchPart, PartOfDraws
from convscope.data.convert import resize
from convscope.data.image_set import ImageSet
from convscope.data.mapped import USED, is_mapped, pages_of, read_ahead, release
from convscope.data.reading import Fit
from convscope.errors import UsageError

WHOLE = BatchPart()
SHUFFLING, AUGMENTING = 0, 1  # what a generator is for: the two must not share their numbers


@dataclass(frozen=True)
class Normalization:
    """Scale pixels to [0, 1], subtract the mean, divide by the standard deviation; per channel.

    Attributes:
        mean: C numbers, for pixels in [0, 1].
        std: C numbers above 0.
    """

    mean: tuple[float, ...]
    std: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.mean) != len(self.std) or not all(each > 0 for each in self.std):
            raise UsageError(
                "A normalization needs a mean and a standard deviation above 0 for each channel; "
                f"given mean {self.mean} and std {self.std}."
            )

    @classmethod
    def of(cls, images: ImageSet) -> Normalization:
        """The statistics of a set; a channel that never varies is only shifted."""
        mean, std = images.statistics()
        return cls(mean, tuple(each or 1.0 for each in std))

    def apply(self, images: Tensor) -> Tensor:
        """Normalize images (N, C, H, W), uint8 or float, from 0 to 255, to float32."""
        scale, shift = _scale_and_shift(self, images.device)
        return torch.mul(images, scale).sub_(shift)


@functools.lru_cache
def _scale_and_shift(normalization: Normalization, device: torch.device) -> tuple[Tensor, Tensor]:
    """1 / (255 std) and mean / std, each (C, 1, 1), so that a batch takes two operations."""
    mean = torch.tensor(normalization.mean, device=device).view(-1, 1, 1)
    std = torch.tensor(normalization.std, device=device).view(-1, 1, 1)
    return 1 / (255 * std), mean / std


def _generator(seed: int, *purpose: int) -> np.random.Generator:
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=purpose))


def draw_order(
    seed: int, epoch: int, count: int, to_balance: NDArray[np.int64] | None = None
) -> Tensor:
    """The rows 0 to `count` - 1 in the order in which an epoch of training takes them.

    Args:
        seed: Decides it, with the epoch.
        epoch: Its number, from 0.
        count: Rows there are.
        to_balance: (count,), the class of each row, to take every class equally often; None takes
            every row once.
    """
    random = _generator(seed, SHUFFLING, epoch)
    if to_balance is not None:
        return torch.from_numpy(balanced_order(to_balance, random))
    return torch.from_numpy(random.permutation(count))


def count_steps(count: int, batch_size: int, *, train: bool) -> int:
    """Batches that this many rows make; for training, not a last one of a single row."""
    steps = math.ceil(count / batch_size)
    single = count % batch_size == 1 and batch_size > 1
    return steps - 1 if train and single and steps > 1 else steps


def _resident(array: np.ndarray, device: torch.device) -> Tensor:
    """The array as a tensor without a copy, or on the device if it takes at most half of its room.

    A memory map stays one: the system reads what is used, and keeps it while there is room.
    """
    with warnings.catch_warnings():
        # A read-only array is fine here: nothing writes into the images.
        warnings.filterwarnings("ignore", message="The given NumPy array is not writable")
        tensor = torch.from_numpy(array)
    if device.type == "cuda" and array.nbytes > torch.cuda.mem_get_info(device)[0] // 2:
        return tensor
    return tensor.to(device)


class Batches:
    """The batches of an `ImageSet`, epoch after epoch.

    For training, images come in an order that is drawn for each epoch, with augmentation, and
    a last batch of a single image is left out, because batch normalization cannot use it. For
    evaluation, they come in the order of the set, all of them, unchanged.
    """

    def __init__(
        self,
        images: ImageSet,
        batch_size: int,
        *,
        normalization: Normalization,
        train: bool,
        seed: int = 0,
        size: int | None = None,
        fit: Fit = "crop",
        augmentation: Augmentation | None = None,
        balance: bool = False,
        part: BatchPart = WHOLE,
        device: str | torch.device = "cpu",
        memory_format: torch.memory_format = torch.contiguous_format,
    ) -> None:
        """Put the images where batches are made from them.

        Args:
            images: The images.
            batch_size: Images per batch; the last one of an epoch may have fewer.
            normalization: Applied to every batch.
            train: Whether the batches are for training.
            seed: Decides, with epoch and step, everything random.
            size: Height and width of the batches; None keeps those of the images. They are
                resized batch by batch, after augmentation, so that they are stored small.
            fit: How images that aren't square become square when they are resized.
            augmentation: Random changes; used only for training.
            balance: Show every class equally often, instead of every image once (`balance`); used
                only for training.
            part: What `epoch` gives of every batch; its images are those of the whole batch.
            device: Where the batches are made. On a GPU, the images are kept there if they take
                at most half of its free memory, and else sent batch by batch.
            memory_format: How the numbers of a batch lie in memory.

        Raises:
            UsageError: An argument does not fit.
        """
        if batch_size < 1:
            raise UsageError(f"batch_size must be at least 1; given {batch_size}.")
        channels = images.image_shape[0]
        if len(normalization.mean) != channels:
            raise UsageError(
                f"The normalization has {len(normalization.mean)} channels, but the images of "
                f"{images.name} have {channels}. Use Normalization.of(images)."
            )
        self._device = torch.device(device)
        self._images = _resident(images.images, self._device)
        self._mapped = images.images if is_mapped(images.images) else None
        self._used = 0  # bytes of it since its pages were given back
        self._labels = _resident(images.labels, self._device)
        self._classes = len(images.classes)
        self._batch_size = batch_size
        self._normalization = normalization
        self._train = train
        self._seed = seed
        self._size = size
        self._fit: Fit = fit
        self._augmentation = augmentation if train and augmentation else Augmentation()
        self._to_balance = images.labels if balance else None
        self._part = part
        self._memory_format = memory_format

    def __len__(self) -> int:
        """Steps in an epoch."""
        return count_steps(len(self._labels), self._batch_size, train=self._train)

    def epoch(self, epoch: int, first_step: int = 0) -> Iterator[tuple[Tensor, Tensor]]:
        """The batches of one epoch.

        Args:
            epoch: Its number, from 0.
            first_step: Where to begin; the batches from there on are those of the whole epoch.

        Yields:
            Images float32 (B, C, H, W), normalized, and labels: int64 (B,), or with mixup
            float32 (B, classes).
        """
        order = None
        if self._train:
            order = draw_order(self._seed, epoch, len(self._labels), self._to_balance)
        for step in range(first_step, len(self)):
            rows = slice(step * self._batch_size, (step + 1) * self._batch_size)
            if self._mapped is not None and order is not None:
                after = order[rows.stop : rows.stop + self._batch_size]
                read_ahead(self._mapped, after.tolist())
            yield self._batch(rows if order is None else order[rows], epoch, step, self._part)

    def in_order(self, epoch: int) -> Iterator[tuple[Tensor, Tensor]]:
        """All images in the order of the set, each changed at random if these are for training.

        Args:
            epoch: Decides, with the seed, the changes.

        Yields:
            As `epoch` does; no image is left out.
        """
        for step, start in enumerate(range(0, len(self._labels), self._batch_size)):
            yield self._batch(slice(start, start + self._batch_size), epoch, step)

    def _batch(
        self, rows: slice | Tensor, epoch: int, step: int, part: BatchPart = WHOLE
    ) -> tuple[Tensor, Tensor]:
        """The images of these rows, or a part of them, finished."""
        random = _generator(self._seed, AUGMENTING, epoch, step)
        if part.is_whole:
            return self._finish(*self._stored(rows), random)
        if isinstance(rows, slice):
            rows = torch.arange(len(self._labels))[rows]
        own, count = part.rows(len(rows)), len(rows)
        if self._augmentation.mixup:  # partners lie in other parts
            images, labels = self._finish(*self._stored(rows), random)
            return images[own], labels[own]
        # Of no rows at all nothing could be made, so one is made and left out.
        made = own if own.stop > own.start else slice(0, 1)
        draws = PartOfDraws(random, count, made)
        images, labels = self._finish(*self._stored(rows[made]), draws)
        return (images, labels) if made is own else (images[:0], labels[:0])

    def _stored(self, rows: slice | Tensor) -> tuple[Tensor, Tensor]:
        """The pixels of these rows as they are kept, on the device, and their labels."""
        if self._mapped is not None and self._images.device.type == "cpu":
            if self._used > USED:
                release(self._mapped)
                self._used = 0
            self._used += self._batch_size * pages_of(self._mapped)
        if isinstance(rows, slice):
            return self._images[rows].to(self._device), self._labels[rows]
        images = self._images.index_select(0, rows.to(self._images.device))
        labels = self._labels.index_select(0, rows.to(self._labels.device))
        return images.to(self._device), labels

    def _finish(
        self, images: Tensor, labels: Tensor, random: np.random.Generator | PartOfDraws
    ) -> tuple[Tensor, Tensor]:
        """Stored pixels uint8 (B, C, H, W) to what the network gets."""
        change = self._augmentation
        if change.flip:
            images = augment.flip(images, random)
        if change.crop:
            images = augment.crop(images, change.crop, random)
        if change.cutout:
            mean = torch.tensor(self._normalization.mean, device=self._device)
            fill = (255 * mean).round().to(torch.uint8)
            images = augment.cutout(images, change.cutout, fill, random)
        if change.colour:
            images = 255 * augment.colour(images / 255, change.colour, random)
        if self._size is not None and self._fit == "pad":
            images = resize(images.float(), self._size, self._fit)  # black before normalization
        images = self._normalization.apply(images)
        if self._size is not None:
            # After normalization, while they are small: the two operations commute.
            images = resize(images, self._size, self._fit)
        if change.mixup and isinstance(random, np.random.Generator):
            images, labels = augment.mixup(images, labels, self._classes, change.mixup, random)
        images = images.contiguous(memory_format=self._memory_format)
        if self._memory_format is torch.contiguous_format:
            # Images of one channel count as both layouts; these strides are those of this one.
            images = images.reshape(-1).view(images.shape)
        return images, labels
