"""The formulas against the steps of the usual algorithms, counted one by one.

Each test counts what a plain loop multiplies, divides and adds; formulas are leading terms, so they
come near for matrices that aren't small.
"""

from math import log2

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from convscope.graph.capture import capture
from convscope.graph.count import count_operation_costs
from convscope.graph.product_formulas import FORMULAS

N, ROWS, RIGHT = 60, 90, 7


class Part(nn.Module):
    """A weight for every number of an image, and one function of them."""

    def __init__(self, function, height=N, width=N):
        super().__init__()
        self.weight, self.function = nn.Parameter(torch.rand(height, width)), function

    def forward(self, x):
        return self.function(x * self.weight)


def costs(function, height=N, width=N):
    """FLOPs forwards and backwards, and whether nothing was left uncounted."""
    graph = capture(Part(function, height, width), (1, height, width))
    found = count_operation_costs(graph).values()
    is_complete = all(
        node.is_counted or not node.kind.startswith("other: ") or node.arguments.get("output")
        for node in list(graph)[1:]
    )
    return sum(c.flops for c in found), sum(c.backward_flops for c in found), is_complete


def steps_of_lu(rows, columns):
    return sum(
        (rows - k - 1) + 2 * (rows - k - 1) * (columns - k - 1) for k in range(min(rows, columns))
    )


def steps_of_cholesky(n):
    return sum(1 + 2 * k + (n - k - 1) * (2 * k + 1) for k in range(n))


def steps_of_triangular(n, right):
    return right * sum(2 * k + 1 for k in range(n))


def steps_of_householder(rows, columns, applied_to):
    """To apply each reflection to what stands right of it, from the row of its number down."""
    return sum(4 * (rows - k) * applied_to(k) for k in range(columns))


def well(x):
    return x + N * torch.eye(N)


@pytest.mark.parametrize(
    ("function", "steps"),
    [
        (lambda x: torch.linalg.lu_factor(well(x))[0], steps_of_lu(N, N)),
        (lambda x: torch.linalg.det(well(x)), steps_of_lu(N, N)),
        (
            lambda x: torch.linalg.solve(well(x), x[..., :RIGHT]),
            steps_of_lu(N, N) + 2 * steps_of_triangular(N, RIGHT),
        ),
        (  # the inverse: a system with N right sides, of whose zeros a third of the steps is saved
            lambda x: torch.linalg.inv(well(x)),
            steps_of_lu(N, N) + 2 * steps_of_triangular(N, N) - steps_of_triangular(N, N) * 2 / 3,
        ),
        (
            lambda x: torch.linalg.solve_triangular(well(x).tril(), x[..., :RIGHT], upper=False),
            steps_of_triangular(N, RIGHT),
        ),
        (lambda x: torch.linalg.cholesky(well(x)), steps_of_cholesky(N)),
    ],
)
def test_square_matrices(function, steps):
    forward, backward, is_complete = costs(function)
    assert forward == pytest.approx(steps, rel=0.05)
    assert backward > 0
    assert is_complete


@pytest.mark.parametrize(("mode", "width"), [("r", 0), ("reduced", N), ("complete", ROWS)])
def test_householder(mode, width):
    to_r = steps_of_householder(ROWS, N, lambda k: N - k)
    to_q = steps_of_householder(ROWS, N, lambda k: max(0, width - k))
    forward, _, is_complete = costs(lambda x: torch.linalg.qr(x, mode)[1], ROWS, N)
    assert forward == pytest.approx(to_r + to_q, rel=0.05)
    assert is_complete


def steps_of_transform(n):
    """Radix 2 on complex numbers: in each round n/2 products (6 steps) and n sums (2 steps)."""
    return 0 if n == 1 else 2 * steps_of_transform(n // 2) + 6 * (n // 2) + 2 * n


@pytest.mark.parametrize("n", [16, 64])
def test_transforms(n):
    complex_numbers, backward, is_complete = costs(lambda x: torch.fft.fft(x * 1j).real, n, n)
    assert complex_numbers == n * steps_of_transform(n) == n * 5 * n * log2(n)
    assert backward == pytest.approx(complex_numbers, rel=0.01)
    assert is_complete
    real = costs(lambda x: torch.fft.rfft(x).real, n, n)[0]
    assert real == complex_numbers / 2
    assert costs(lambda x: torch.fft.rfft2(x).real, n, n)[0] == 2 * real
    assert costs(lambda x: torch.fft.irfft(torch.fft.rfft(x)), n, n)[0] == 2 * real


def test_distances_and_grids():
    forward, backward, is_complete = costs(lambda x: torch.cdist(x, x[:, :, :8]))
    assert forward == 2 * N * 8 * N
    assert backward == 2 * forward
    assert is_complete
    theta = torch.eye(2, 3)[None]
    grid, _, is_complete = costs(
        lambda x: F.grid_sample(
            x, F.affine_grid(theta * x.mean(), (1, 1, 5, 6), False), align_corners=False
        )
    )
    assert grid == 2 * 5 * 6 * 2 * 3
    assert is_complete


@pytest.mark.parametrize(
    "function",
    [
        F.normalize,
        lambda x: x.argmax(1).float(),
        lambda x: x.std(1),
        lambda x: x.flatten(1).logsumexp(1),
        lambda x: F.one_hot(x.argmax(3), 60).float(),
        lambda x: F.cosine_similarity(x, x.flip(2)),
        lambda x: F.max_unpool2d(*F.max_pool2d(x, 2, return_indices=True), 2),
    ],
)
def test_what_counts_as_nothing_is_not_named(function):
    assert costs(function, 8, 8) == (0, 0, True)


def test_what_has_no_formula_is_named():
    assert costs(torch.matrix_exp, 8, 8)[2] is False
    assert costs(lambda x: torch.linalg.eigvals(x).real, 8, 8)[2] is False


def test_eigenvalues_and_singular_values_are_dearer_with_vectors():
    for function in (torch.linalg.eigvalsh, torch.linalg.svdvals):
        assert 9 * N**3 <= costs(function)[0] <= 22 * N**3  # to learn, vectors are wanted
    alone = FORMULAS[torch.ops.aten._linalg_eigh]((N, N), "L", compute_v=False)
    assert alone == 4 * N**3 / 3
    alone = FORMULAS[torch.ops.aten._linalg_svd]((5, ROWS, N), False, compute_uv=False)
    assert alone == 5 * (4 * ROWS * N**2 - 4 * N**3 / 3)


def test_numbers_of_an_fft_are_those_of_the_transform():
    """The count is of the operation that computes what NumPy computes."""
    x = torch.rand(4, 8)
    assert np.allclose(torch.fft.fft(x), np.fft.fft(x.numpy()), atol=1e-5)
