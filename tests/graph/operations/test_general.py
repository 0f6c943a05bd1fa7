"""Operations without a rule are asked themselves: forwards, backwards, and what they see.

Tests graph/operations/rerun.py, graph/reach.py.
"""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from convscope.errors import UsageError
from convscope.graph.capture import capture
from convscope.graph.operations.forms import Calculated, WeightedSum
from convscope.inspection.unit.backward import explain_number_gradient, explain_weight_gradient
from convscope.inspection.unit.loss import compute_loss
from convscope.inspection.unit.steps import explain_number
from convscope.inspection.unit.unit import unit
from tests.inspection.unit.operations import Own, Scored


class Cubed(torch.autograd.Function):
    """x³, with a backward pass of its own that can be differentiated."""

    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    def backward(ctx, gradient):
        (x,) = ctx.saved_tensors
        return 3 * x**2 * gradient


class Straight(torch.autograd.Function):
    """Rounds, and lets the gradient through as if it didn't (a straight-through estimator)."""

    @staticmethod
    def forward(ctx, x):
        return x.round()

    @staticmethod
    def backward(ctx, gradient):
        return gradient


class Bilinear(nn.Module):
    def __init__(self):
        super().__init__()
        self.mix = nn.Bilinear(6, 6, 5)

    def forward(self, x):
        return self.mix(x, x.tanh())


class Attention(nn.Module):
    def __init__(self, **arguments):
        super().__init__()
        self.attention = nn.MultiheadAttention(4, 2, batch_first=True)
        self.arguments = arguments

    def forward(self, x):
        tokens = x.flatten(2).mT
        return self.attention(tokens, tokens, tokens, **self.arguments)[0]


UNKNOWN = {
    "einsum": Own(lambda x, w: torch.einsum("nchw,wk->nchk", x, w), 6, 5),
    "einsum of two layers": lambda x: torch.einsum("nchw,ndhw->ncd", x, x.tanh()),
    "attention": lambda x: F.scaled_dot_product_attention(x, x.tanh(), x * 2),
    "attention of a module": Attention(need_weights=False),
    "attention with its weights": Attention(),
    "bilinear": Bilinear(),
    "running total": lambda x: x.cumsum(dim=2),
    "running product": lambda x: (x.sigmoid() + 0.5).cumprod(dim=3),
    "sorted": lambda x: x.sort(dim=1).values,
    "size of vectors": lambda x: F.normalize(x, dim=1),
    "distances": lambda x: torch.cdist(x, x.flip(2)),
    "error function": lambda x: torch.erf(x),
    "determinant": lambda x: torch.linalg.det(x[..., :6, :] + torch.eye(6)).reshape(1, -1),
    "custom function": lambda x: Cubed.apply(x),
    "straight through": lambda x: Straight.apply(x * 3),
    "in place": lambda x: (x * 1).sinh_(),
    "sampled": lambda x: F.grid_sample(
        x, torch.linspace(-0.9, 0.8, 24).reshape(1, 3, 4, 2), align_corners=False
    ),
}


def random_place(shape, random):
    return tuple(int(random.integers(size)) for size in shape)


@pytest.mark.parametrize("name", UNKNOWN)
def test_unknown_operations_are_explained_forwards_and_backwards(name):
    network = Scored(UNKNOWN[name])
    graph = capture(network, network.image, gradients=True)
    loss, random = compute_loss(graph, 1), np.random.default_rng(0)
    assert any(node.kind.startswith("other: ") for node in graph)
    for node in graph:
        if not node.dtype.is_floating_point:
            continue
        for _ in range(4):
            place = random_place(node.shape, random)
            step = explain_number(graph, node, place)
            assert step.agrees, step
            if node.edge is not None:
                found = explain_number_gradient(graph, loss, node, place)
                assert found.agrees, found
                assert not found.unexplained
    for path in graph.parameter_names:
        for _ in range(4):
            place = random_place(graph.weights[path].shape, random)
            found = explain_weight_gradient(graph, loss, path, place)
            assert found.agrees, found
            assert not found.unexplained


def test_the_gradients_are_those_of_training():
    network = Scored(UNKNOWN["einsum"])
    graph = capture(network, network.image, gradients=True)
    loss = compute_loss(graph, 1)
    F.cross_entropy(network(network.image), torch.tensor([1])).backward()
    for place in ((0, 0), (3, 4), (5, 1)):
        found = explain_weight_gradient(graph, loss, "operation.weight", place)
        expected = network.operation.weight.grad[place].item()
        assert found.form.result == pytest.approx(expected, rel=1e-5)
        (term,) = found.form.terms
        assert term.products.shape == (4, 7)  # used at each channel and row


def test_attention_is_a_sum_over_the_values_by_its_shares():
    torch.manual_seed(0)

    class Attending(nn.Module):
        def forward(self, x):
            return F.scaled_dot_product_attention(x, x.flip(2), x * 2)

    image = torch.randn(1, 2, 5, 3)
    graph = capture(Attending(), image)
    form = explain_number(graph, graph.output, (0, 1, 4, 2)).form
    shares = ((image[0, 1, 4] @ image[0, 1].flip(0).T) / 3**0.5).softmax(0)
    (term,) = form.terms
    assert term.left.name == "product"
    assert term.left.values == pytest.approx(2 * image[0, 1, :, 2].numpy())
    assert term.right.values == pytest.approx(shares.numpy(), abs=1e-6)
    assert form.formula == (
        "y[1, 4, 2] = Σ ∂y/∂x · x, as scaled_dot_product_attention is a sum over x = product; "
        "∂y/∂x follows from image and reordering"
    )


def test_a_bias_is_what_comes_out_for_zeros():
    network = Scored(UNKNOWN["bilinear"])
    graph = capture(network, network.image)
    node = next(node for node in graph if node.kind == "other: bilinear")
    form = explain_number(graph, node, (0, 2, 3, 4)).form
    assert isinstance(form, WeightedSum)
    assert float(form.bias.values) == pytest.approx(network.operation.mix.bias[4].item())
    assert form.bias.name == "bilinear of zeros"


def test_what_is_no_sum_is_explained_to_first_order():
    network = Scored(UNKNOWN["error function"])
    graph = capture(network, network.image)
    node = next(node for node in graph if node.kind == "other: erf")
    form = explain_number(graph, node, (0, 2, 3, 4)).form
    assert isinstance(form, Calculated)
    (term,) = form.first_order
    x = float(node.inputs[0].value[0, 2, 3, 4])
    assert float(term.left.values) == x
    assert float(term.right.values) == pytest.approx(2 / np.pi**0.5 * np.exp(-(x**2)))
    assert form.formula == (
        "y[2, 3, 4] = erf(…) of 1 number; to first order it changes by Σ ∂y/∂x · change of x"
    )


def test_what_has_no_derivative_says_so():
    class Counted(nn.Module):
        def forward(self, x):
            return x + (x > 0).float()

    graph = capture(Counted(), torch.randn(1, 2, 3, 3))
    node = next(node for node in graph if node.kind == "other: float")
    step = explain_number(graph, node, (0, 1, 2, 0))
    assert step.agrees
    assert step.form.formula == "y[1, 2, 0] = float(…), which has no derivative"


def test_complex_numbers_are_named_and_gradients_pass_them():
    class Spectrum(nn.Module):
        def forward(self, x):
            return torch.fft.rfft(x, dim=3).abs()

    network = Scored(Spectrum())
    graph = capture(network, network.image, gradients=True)
    step = explain_number(graph, graph["operation"], (0, 1, 2, 3))
    assert step.agrees
    assert step.form.formula == (
        "y[1, 2, 3] = abs(…) of complex numbers, whose arithmetic isn't shown"
    )
    found = explain_number_gradient(graph, compute_loss(graph, 1), graph["first"], (0, 1, 2, 3))
    assert found.agrees
    assert found.unexplained == ("operation.fft_rfft",)


def test_random_numbers_are_not_explained():
    class Noisy(nn.Module):
        def forward(self, x):
            return F.rrelu(-x.abs(), 0.1, 0.9, training=True)

    graph = capture(Noisy(), torch.randn(1, 2, 3, 3))
    state = torch.random.get_rng_state()
    with pytest.raises(UsageError, match="draws random numbers and gives another result each time"):
        explain_number(graph, graph.output, (0, 1, 1, 1))
    assert torch.equal(state, torch.random.get_rng_state())


def test_the_whole_story_of_a_number_behind_attention():
    torch.manual_seed(0)
    network = Scored(Attention(need_weights=False))
    name = "operation.attention.multi_head_attention_forward"
    found = unit(network, network.image[0], f"{name}:5,2", backward=True)
    assert found.agrees
    assert found.backward.weight.name == "operation.attention.in_proj_weight"
    assert found.backward.weight.form.formula == (
        f"through {name}: gradient · local derivative ∂y/∂x, summed over the 168 positions where "
        "it is used"
    )
    assert found.backward.source.name == "operation.attention.permutation"
    assert "gradient · local derivative ∂y/∂x" in str(found)
    behind = unit(network, network.image[0], "operation.attention:5,2", backward=True)
    assert [step.layer for step in behind.steps] == [name, "operation.attention"]
    assert behind.agrees
    assert behind.sees.rows.all()
    assert found.as_dict()["agrees"]


def test_the_story_to_first_order_prints_and_draws(tmp_path):
    network = Scored(UNKNOWN["size of vectors"])
    found = unit(network, network.image[0], "normalize:2,3,4")
    assert found.agrees
    assert "to first order it changes by" in str(found)
    assert found.figure(tmp_path / "unit.png").axes
    first = found.as_dict()["steps"][found.asked]["arithmetic"]["first_order"]
    assert len(first) == 1
