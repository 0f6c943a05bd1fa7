"""The order of an epoch in which every class comes equally often, however many images it has."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def balanced_order(labels: NDArray[np.int64], random: np.random.Generator) -> NDArray[np.intp]:
    """As many rows as there are images, the same number of each class, in random order.

    Of a large class some images are left out this time; those of a small class come several times,
    and no image once more than another of its class. Where the numbers don't divide, it is drawn
    which classes get one more.

    Args:
        labels: (N,), the class of each image; classes without images have no part.
        random: Decides all of it.

    Returns:
        Rows, shape (N,).
    """
    present = random.permutation(np.unique(labels))
    share, more = divmod(len(labels), len(present))
    rows: list[NDArray[np.intp]] = []
    for place, label in enumerate(present.tolist()):
        members = np.flatnonzero(labels == label)
        wanted = share + (place < more)
        rounds = [random.permutation(members) for _ in range(-(-wanted // len(members)))]
        rows.append(np.concatenate(rounds or [members[:0]])[:wanted])
    return random.permutation(np.concatenate(rows))
