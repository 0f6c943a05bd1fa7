"""Floating-point operations of products that PyTorch's own counter has no formula for.

Each function takes the shapes of PyTorch's arguments and gives operations of real numbers, of which
two make a MAC. What they take is nominal: that of the usual algorithm, by its leading terms, not
of the one that a library chooses.

Transforms: 5 N log2 n for N complex numbers in rows of n, half of it for real ones, as in Frigo and
Johnson (2005), "The Design and Implementation of FFTW3", section V. Matrices: Golub and Van Loan
(2013), "Matrix Computations", 4th edition: LU 3.2, triangular systems 3.1, Cholesky 4.2, QR 5.2,
symmetric eigenvalues 8.3, singular values 8.6; inverses and systems from these. Distances: one MAC
for each pair of numbers, whatever the power. What has no formula here, as the exponential of a
matrix, least squares and eigenvalues of matrices that aren't symmetric, stays uncounted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import log2, prod
from typing import Any, TypeAlias

import torch
from torch.utils.flop_counter import sdpa_flop_count

Shape: TypeAlias = Sequence[int]

ON_PROCESSORS = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu
"""Attention, which the counter knows on GPUs alone."""


def count_attention(query: Shape, key: Shape, value: Shape, *_: Any, **__: Any) -> int:
    """Queries times keys, and the shares that come of them times values."""
    return int(sdpa_flop_count(query, key, value))  # type: ignore[no-untyped-call]


def count_trilinear(
    first: Shape,
    second: Shape,
    third: Shape,
    expand_first: Shape,
    expand_second: Shape,
    expand_third: Shape,
    sum_dim: Shape,
    *_: Any,
    **__: Any,
) -> int:
    """Bilinear layers: the first two are multiplied and added up, what comes out with the third.

    As in ATen's `_trilinear`. Each tensor lacks the axes that it is expanded by.
    """
    sizes: dict[int, int] = {}
    given = ((first, expand_first), (second, expand_second), (third, expand_third))
    axes = range(len(first) + len(expand_first))
    for shape, expanded in given:
        own = (axis for axis in axes if axis not in expanded)
        for axis, size in zip(own, shape, strict=True):
            sizes[axis] = max(size, sizes.get(axis, 1))
    of_two = [axis for axis in axes if not (axis in expand_first and axis in expand_second)]
    added_up = [axis for axis in sum_dim if axis in expand_third]
    then = [axis for axis in axes if axis not in added_up]
    return 2 * (prod(sizes[axis] for axis in of_two) + prod(sizes[axis] for axis in then))


def _addmv(_: Shape, matrix: Shape, *__: Any, **___: Any) -> int:
    return 2 * prod(matrix)


def _addbmm(_: Shape, left: Shape, right: Shape, *__: Any, **___: Any) -> int:
    return 2 * prod(left) * right[-1]


def _dot(vector: Shape, *_: Any, **__: Any) -> int:
    return 2 * prod(vector)


def _complex_transform(images: Shape, axes: Shape, *_: Any, **__: Any) -> int:
    return round(5 * prod(images) * log2(prod(images[axis] for axis in axes)))


def _real_transform(images: Shape, axes: Shape, *_: Any, **__: Any) -> int:
    return round(2.5 * prod(images) * log2(prod(images[axis] for axis in axes)))


def _transform_to_real(
    _: Shape, axes: Shape, __: int, ___: int, *, out_shape: Shape, **____: Any
) -> int:
    return _real_transform(out_shape, axes)


def _distances(first: Shape, second: Shape, *_: Any, **__: Any) -> int:
    """Of (…, P, M) and (…, R, M), P·R·M; the axes before may be 1 in one of them."""
    before = prod(first[:-2]), prod(second[:-2])
    return 2 * max(before) * first[-2] * second[-2] * first[-1]


def _distances_backward(_: Shape, first: Shape, second: Shape, *__: Any, **___: Any) -> int:
    return _distances(first, second)


def _own_distances(points: Shape, *_: Any, **__: Any) -> int:
    count, width = points
    return count * (count - 1) * width


def _own_distances_backward(_: Shape, points: Shape, *__: Any, **___: Any) -> int:
    return _own_distances(points)


def _grid(theta: Shape, size: Shape, *_: Any, **__: Any) -> int:
    """Each place of the output, with a 1 behind it, times a matrix."""
    return 2 * theta[0] * prod(size[2:]) * theta[1] * theta[2]


def _grid_backward(_: Shape, size: Shape, *__: Any, **___: Any) -> int:
    dimensions = len(size) - 2
    return _grid((size[0], dimensions, dimensions + 1), size)


def _lu(matrix: Shape, *_: Any, **__: Any) -> int:
    """Of m×n, with k the smaller and l the larger: k²·(l − k/3), 2/3 n³ if it is square."""
    small, large = sorted(matrix[-2:])
    return round(prod(matrix[:-2]) * small**2 * (large - small / 3))


def _triangular(matrix: Shape, right: Shape, *_: Any, **__: Any) -> int:
    """n² for each number of columns of the right side, or of rows, if it stands on the left."""
    return matrix[-1] * prod(right)


def _lu_solve(matrix: Shape, _: Shape, right: Shape, *__: Any, **___: Any) -> int:
    return 2 * _triangular(matrix, right)


def _solve(matrix: Shape, right: Shape, *_: Any, **__: Any) -> int:
    return _lu(matrix) + 2 * _triangular(matrix, right)


def _cholesky_solve(right: Shape, matrix: Shape, *_: Any, **__: Any) -> int:
    return 2 * _triangular(matrix, right)


def _older_triangular(right: Shape, matrix: Shape, *_: Any, **__: Any) -> int:
    return _triangular(matrix, right)


def _cubed(factor: float) -> Callable[..., int]:
    """A share of n³ for each n×n matrix."""

    def count(matrix: Shape, *_: Any, **__: Any) -> int:
        return round(factor * prod(matrix) * matrix[-1])

    return count


def _qr(matrix: Shape, mode: str = "reduced", *_: Any, **__: Any) -> int:
    """Householder: 2k²·(l − k/3) for R, and to multiply Q out of the reflections."""
    rows, columns = matrix[-2:]
    small, large = sorted((rows, columns))
    made = 2 * small**2 * (large - small / 3)
    if mode != "r":
        width = rows if mode == "complete" else small
        made += 4 * rows * width * small - 2 * (rows + width) * small**2 + 4 / 3 * small**3
    return round(prod(matrix[:-2]) * made)


def _symmetric_eigenvalues(
    matrix: Shape, _: str = "L", compute_v: bool = True, *__: Any, **___: Any
) -> int:
    """4/3 n³, with vectors 9n³; PyTorch computes these whenever something may ask for gradients."""
    return _cubed(9 if compute_v else 4 / 3)(matrix)


def _singular_values(
    matrix: Shape,
    full_matrices: bool = False,
    compute_uv: bool = True,
    *_: Any,
    **__: Any,
) -> int:
    """Golub and Reinsch, of m×n, m ≥ n: 4mn² − 4/3 n³, with vectors 14mn² + 8n³."""
    small, large = sorted(matrix[-2:])
    made = (
        14 * large * small**2 + 8 * small**3
        if compute_uv
        else 4 * large * small**2 - 4 / 3 * small**3
    )
    return round(prod(matrix[:-2]) * made)


_aten = torch.ops.aten

FORMULAS: Mapping[Any, Callable[..., int]] = {
    ON_PROCESSORS: count_attention,
    _aten._trilinear: count_trilinear,
    _aten.addmv: _addmv,
    _aten.addbmm: _addbmm,
    _aten.dot: _dot,
    _aten.vdot: _dot,
    _aten._fft_c2c: _complex_transform,
    _aten._fft_r2c: _real_transform,
    _aten._fft_c2r: _transform_to_real,
    _aten._cdist_forward: _distances,
    _aten._cdist_backward: _distances_backward,
    _aten._euclidean_dist: _distances,
    _aten._pdist_forward: _own_distances,
    _aten._pdist_backward: _own_distances_backward,
    _aten.affine_grid_generator: _grid,
    _aten.affine_grid_generator_backward: _grid_backward,
    _aten.linalg_lu_factor_ex: _lu,
    _aten._linalg_det: _lu,
    _aten._linalg_slogdet: _lu,
    _aten.linalg_lu_solve: _lu_solve,
    _aten._linalg_solve_ex: _solve,
    _aten.linalg_inv_ex: _cubed(2),
    _aten.linalg_cholesky_ex: _cubed(1 / 3),
    _aten.cholesky_solve: _cholesky_solve,
    _aten.cholesky_inverse: _cubed(2 / 3),
    _aten.linalg_solve_triangular: _triangular,
    _aten.triangular_solve: _older_triangular,
    _aten.linalg_qr: _qr,
    _aten._linalg_eigh: _symmetric_eigenvalues,
    _aten._linalg_svd: _singular_values,
}
"""PyTorch's operation → operations by the shapes of its arguments."""
