"""Operations are those that PyTorch's own counter finds, forwards and backwards.

Tests graph/detached.py, graph/product_counter.py, graph/recomputed.py.
"""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils.checkpoint import checkpoint
from torch.utils.flop_counter import FlopCounterMode

from convscope.graph.capture import capture
from convscope.graph.count import count_operation_costs
from convscope.inspection.open.network import open_for_shape
from convscope.inspection.trace.trace import trace_graph
from convscope.networks.catalog import list_networks
from tests.inspection import odd_networks as odd
from tests.networks.test_contract import cases


def counted(network, shape):
    """Forward and backward, by PyTorch."""
    device = next(network.parameters()).device
    network.eval()
    # in plain steps, as the counter overlooks the fused attention of CPUs
    with sdpa_kernel(SDPBackend.MATH), FlopCounterMode(display=False) as forward:
        logits = network(torch.rand(1, *shape, device=device))
    with FlopCounterMode(display=False) as backward:
        logits.sum().backward()
    return forward.get_total_flops(), backward.get_total_flops()


def ours(network, shape):
    found = count_operation_costs(capture(network, shape)).values()
    assert all(cost.flops == 2 * cost.macs for cost in found)
    return sum(cost.flops for cost in found), sum(cost.backward_flops for cost in found)


@pytest.mark.parametrize("name", cases(list_networks()))
def test_the_catalog(name):
    network, shape = open_for_shape(name)
    forward, backward = counted(network, shape)
    found = ours(network, shape)
    assert found[0] == forward
    if "mobilenet" in name:  # there PyTorch's counter overlooks that the channels are in groups
        assert 2 * forward > found[1] > 1.9 * forward
    else:
        assert found[1] == backward


@pytest.mark.parametrize(
    "network",
    [
        nn.Sequential(nn.Conv2d(3, 8, 3, padding="same", dilation=2), nn.Conv2d(8, 4, (1, 3))),
        nn.Sequential(nn.Conv2d(3, 4, 3), nn.ConvTranspose2d(4, 6, 3, stride=2)),
        nn.Sequential(nn.Conv2d(3, 4, 3), nn.Flatten(2), nn.Linear(196, 5)),
        nn.utils.parametrizations.weight_norm(nn.Conv2d(3, 4, 3)),
    ],
)
def test_other_layers(network):
    assert ours(network, (3, 16, 16)) == counted(network, (3, 16, 16))


def test_groups():
    network = nn.Sequential(nn.Conv2d(4, 8, 3, groups=4))
    assert ours(network, (4, 6, 6))[0] == counted(network, (4, 6, 6))[0] == 2 * 8 * 9 * 16


@pytest.mark.parametrize(
    "product",
    [
        lambda x, w: x @ w,
        lambda x, w: w.t() @ x,
        lambda x, w: torch.einsum("nchw,wk->nchk", x, w),
        lambda x, w: torch.nn.functional.scaled_dot_product_attention(x, x, x) @ w,
        lambda x, w: x @ x.mT,
    ],
)
def test_matrix_products(product):
    class Product(nn.Module):
        def __init__(self):
            super().__init__()
            self.w = nn.Parameter(torch.rand(16, 16))

        def forward(self, x):
            return product(x, self.w) + self.w.sum()

    forward, backward = ours(Product(), (3, 16, 16))
    found = counted(Product(), (3, 16, 16))
    assert forward == found[0] > 0
    if "attention" not in str(product.__code__.co_names):  # whose backward pass computes again
        assert backward == found[1]


class Attention(nn.Module):
    """16 tokens of 8 numbers look at each other."""

    def __init__(self, *, need_weights):
        super().__init__()
        self.first = nn.Conv2d(3, 8, 2, stride=2)
        self.attention = nn.MultiheadAttention(8, 2, batch_first=True)
        self.need_weights = need_weights

    def forward(self, x):
        x = self.first(x).flatten(2).mT
        return self.attention(x, x, x, need_weights=self.need_weights)[0]


@pytest.mark.parametrize("images", [(3, 8, 8), torch.rand(1, 3, 8, 8)], ids=["shape", "images"])
@pytest.mark.parametrize("need_weights", [True, False])
def test_an_operation_of_unknown_kind_costs_twice_as_much_backwards(need_weights, images):
    found = count_operation_costs(capture(Attention(need_weights=need_weights), images))
    (cost,) = (c for node, c in found.items() if "attention" in node.kind and c.macs)
    # four products with 8×8 weights, and two of 16×8 with 8×16, for 16 positions
    assert cost.macs == 16 * 4 * 8 * 8 + 2 * 16 * 16 * 8
    assert cost.backward_flops == 2 * cost.flops


@pytest.mark.parametrize("images", [(3, 8, 8), torch.rand(1, 3, 8, 8)], ids=["shape", "images"])
def test_layers_of_transformers_are_counted_whole(images):
    layer = nn.TransformerEncoderLayer(8, 2, dim_feedforward=12, batch_first=True)
    tokens = nn.Sequential(nn.Conv2d(3, 8, 2, stride=2), nn.Flatten(2))

    class Transformer(nn.Module):
        def __init__(self):
            super().__init__()
            self.tokens, self.layer = tokens, layer

        def forward(self, x):
            return self.layer(self.tokens(x).mT)

    macs = sum(cost.macs for cost in count_operation_costs(capture(Transformer(), images)).values())
    attention = 16 * 4 * 8 * 8 + 2 * 16 * 16 * 8
    assert macs == 16 * 8 * 12 + attention + 2 * 16 * 8 * 12


def test_a_reused_layer_counts_each_time():
    forward, _ = ours(odd.Recurrent(steps=3), (1, 12, 12))
    assert forward == 2 * 9 * 144 * (4 + 3 * 16) + 2 * 40


def test_a_convolution_costs_what_the_curriculum_says():
    network = nn.Conv2d(100, 100, 5, padding=2, bias=False)
    cost = count_operation_costs(capture(network, (100, 64, 64)))
    (macs,) = {each.macs for each in cost.values() if each.macs}
    assert macs == 100 * 100 * 5 * 5 * 64 * 64  # about one thousand million


def test_many_images_cost_their_number():
    network = nn.Sequential(nn.Conv2d(1, 2, 3))
    one, three = (ours(network, (count, 1, 8, 8))[0] for count in (1, 3))
    assert three == 3 * one


class Blocks(nn.Module):
    """Three blocks and a head; between them what stops gradients, and a branch that is unused."""

    def __init__(self, *, tied=False):
        super().__init__()
        self.c1, self.c2 = nn.Conv2d(3, 4, 3, padding=1), nn.Conv2d(4, 4, 3, padding=1)
        self.c3, self.fc = nn.Conv2d(4, 4, 3, padding=1), nn.Linear(4, 4)
        if tied:
            self.c3.weight = self.c2.weight
        self.stops = ("", "", "")

    def forward(self, x):
        for stop, block in zip(self.stops, (self.c1, self.c2, self.c3), strict=True):
            if stop == "no_grad":
                with torch.no_grad():
                    made = block(x)
            else:
                made = block(x)
            if stop == "unused":
                made = x[:, :1].expand(-1, 4, -1, -1) * 1
            elif stop == "detach":
                made = made.detach().contiguous()
            elif stop == "residual":
                made = made.detach() + block(x)
            elif stop == "data":
                made = made.data.relu()
            elif stop == "within":
                with torch.no_grad():
                    made.mul_(2)
            elif stop == "clone":
                with torch.no_grad():
                    made = made.clone()
            x = made
        x = x.mean((2, 3))
        return self.fc(x) + x @ self.fc.weight.t() + F.linear(x, self.fc.weight.detach())


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(
    frozen=st.sets(st.sampled_from(["c1", "c2", "c3", "fc"])),
    part=st.sampled_from(["", ".weight", ".bias"]),
    stops=st.tuples(
        *[
            st.sampled_from(
                ["", "", "no_grad", "detach", "residual", "data", "within", "clone", "unused"]
            )
        ]
        * 3
    ),
    tied=st.booleans(),
    real=st.booleans(),
)
def test_frozen_and_detached_parts_cost_nothing_backwards(frozen, part, stops, tied, real):
    network = Blocks(tied=tied)
    network.stops = stops
    for path, parameter in network.named_parameters():
        if any(path.startswith(name) and path.endswith(part) for name in frozen):
            parameter.requires_grad_(False)
    asked = {path: p.requires_grad for path, p in network.named_parameters()}
    with FlopCounterMode(display=False) as forward:
        logits = network(torch.rand(1, 3, 8, 8))
    with FlopCounterMode(display=False) as backward:
        if logits.requires_grad:
            logits.sum().backward()
    images = torch.rand(1, 3, 8, 8) if real else (3, 8, 8)
    assert ours(network, images) == (forward.get_total_flops(), backward.get_total_flops())
    assert asked == {path: p.requires_grad for path, p in network.named_parameters()}


@pytest.mark.slow
@settings(max_examples=30, deadline=None)
@given(st.sets(st.sampled_from(["first", "in_proj", "out_proj"])), st.booleans(), st.booleans())
def test_frozen_parts_of_attention(frozen, need_weights, images):
    network = Attention(need_weights=need_weights)
    for path, parameter in network.named_parameters():
        parameter.requires_grad_(not any(name in path for name in frozen))
    with sdpa_kernel(SDPBackend.MATH):
        tokens = network(torch.rand(1, 3, 8, 8))
        with FlopCounterMode(display=False) as backward:
            if tokens.requires_grad:
                tokens.sum().backward()
    given_images = torch.rand(1, 3, 8, 8) if images else (3, 8, 8)
    assert ours(network, given_images)[1] == backward.get_total_flops()


def test_the_frozen_part_of_a_small_network():
    network = nn.Sequential(nn.Conv2d(1, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(8, 10))
    network[0].requires_grad_(False)
    assert ours(network, (1, 3, 3)) == (2 * (72 + 80), 2 * 80)


def test_what_is_returned_detached_or_computed_in_inference_mode_costs_nothing():
    class Returned(nn.Module):
        def __init__(self):
            super().__init__()
            self.c1, self.c2 = nn.Conv2d(1, 4, 3), nn.Conv2d(4, 2, 3)
            self.detaches = False

        def forward(self, x):
            with torch.inference_mode():
                x = self.c1(x)
            x = self.c2(x.clone())
            return x.detach() if self.detaches else x

    network = Returned()
    forward, backward = ours(network, (1, 8, 8))
    assert (forward, backward) == (2 * 9 * (4 * 36 + 8 * 16), 2 * 9 * 8 * 16)
    network.detaches = True
    assert ours(network, (1, 8, 8)) == (forward, 0)


def test_products_that_only_part_is_counted_of_are_said():
    def mixed(x):
        return torch.matrix_exp(x) @ x

    mixed_function = torch.overrides.wrap_torch_function(lambda x: (x,))(mixed)  # seen as one

    class Network(nn.Module):
        def forward(self, x):
            return mixed_function(x)

    (node,) = list(capture(Network(), (1, 8, 8)))[1:]
    assert node.pytorch_flops == 2 * 8**3
    assert node.overlooked == ("linalg_matrix_exp",)


class Recurrent(nn.Module):
    """What is used of a recurrent layer: all its outputs, the last state, or both."""

    def __init__(self, kind, used):
        super().__init__()
        self.layer, self.head, self.used = kind(9, 5, 2, batch_first=True), nn.Linear(5, 3), used

    def forward(self, x):
        all_outputs, state = self.layer(x[:, 0])
        last = state[0] if isinstance(state, tuple) else state
        used = {"all": all_outputs[:, -1], "last": last[-1], "both": all_outputs.mean(1) + last[0]}
        return self.head(used[self.used])


@pytest.mark.parametrize("used", ["all", "last", "both"])
@pytest.mark.parametrize("kind", [nn.RNN, nn.GRU, nn.LSTM])
def test_recurrent_layers_whatever_is_used_of_them(kind, used):
    network = Recurrent(kind, used)
    found = ours(network, (1, 7, 9))
    if kind is not nn.LSTM:  # which oneDNN computes as one operation, that isn't counted
        assert found == counted(network, (1, 7, 9))
    gates = {nn.RNN: 1, nn.GRU: 3, nn.LSTM: 4}[kind]
    steps, width = 7, 5
    inputs = 9 + width  # of the first layer, and of the second
    macs = gates * width * (inputs + 2 * width) * steps + 3 * width
    assert found[0] == 2 * macs
    weights_and_inputs = 2 * found[0] - 2 * gates * width * 9 * steps  # the image asks for none
    assert 0.8 * weights_and_inputs < found[1] <= weights_and_inputs  # first and last steps do less


class Twice(nn.Module):
    """Two forms of an image, and a layer that multiplies them."""

    def __init__(self, product):
        super().__init__()
        self.a, self.b = nn.Linear(9, 5), nn.Linear(9, 3)
        self.weight, self.product = nn.Parameter(torch.rand(4, 5, 3)), product

    def forward(self, x):
        x = x.flatten(1)
        return self.product(self.a(x), self.weight, self.b(x))


def test_a_bilinear_layer_costs_what_the_same_products_cost():
    """x·W for every output and number of y, then · y: as the two products it is made of."""
    one = ours(Twice(lambda x, w, y: F.bilinear(x, y, w)), (1, 3, 3))
    other = ours(Twice(lambda x, w, y: torch.einsum("noj,nj->no", x @ w, y).mT), (1, 3, 3))
    assert one[0] == 2 * (9 * (5 + 3) + 4 * 5 * 3 + 4 * 3) == other[0]
    # three gradients: of both inputs and of the weights, each as dear as the products it is made of
    assert one[1] >= other[1] > 2 * one[0] - 2 * 2 * 9 * 8


def test_products_of_vectors_and_added_ones():
    class Products(nn.Module):
        def __init__(self):
            super().__init__()
            self.bias, self.weight = nn.Parameter(torch.rand(4)), nn.Parameter(torch.rand(4, 9))

        def forward(self, x):
            x = x.flatten(1)
            made = torch.addmv(self.bias, self.weight, x[0]) + torch.dot(x[0], self.weight[0])
            batches = torch.addbmm(self.bias, x[:, None], self.weight.mT[None].expand(len(x), 9, 4))
            return made + batches

    found = count_operation_costs(capture(Products(), (1, 3, 3)))
    assert sum(cost.flops for cost in found.values()) == 2 * (4 * 9 + 9 + 4 * 9)
    assert not any(cost.overlooked for cost in found.values())


@pytest.mark.parametrize("images", [(1, 7, 7), torch.rand(1, 1, 7, 7)], ids=["shape", "images"])
@pytest.mark.parametrize("use_reentrant", [True, False])
def test_what_a_checkpoint_recomputes_is_counted_beside_the_operations(use_reentrant, images):
    class Checkpointed(nn.Module):
        def __init__(self):
            super().__init__()
            self.first, self.head = nn.Conv2d(1, 4, 3), nn.Flatten()
            self.block = nn.Sequential(nn.Conv2d(4, 4, 3, padding=1), nn.ReLU(), nn.Conv2d(4, 4, 3))

        def forward(self, x):
            x = checkpoint(self.block, self.first(x), use_reentrant=use_reentrant)
            return self.head(x)

    network = Checkpointed()
    before = [*network.parameters()]
    plain = nn.Sequential(network.first, network.block, network.head)
    assert ours(network, images) == ours(plain, images) == counted(plain, (1, 7, 7))
    graph = capture(network, images)
    recomputed = counted(network, (1, 7, 7))[1] - counted(plain, (1, 7, 7))[1]
    assert graph.recomputed_flops == recomputed > 0
    assert capture(plain, images).recomputed_flops == 0
    assert all(
        p is q and p.grad is not None for p, q in zip(before, network.parameters(), strict=True)
    )
    trace = trace_graph(graph)
    assert trace.backward_flops == sum(row.backward_flops for row in trace.layers) + recomputed
    assert "that the network's checkpoints compute once more" in " ".join(trace.notes)


def test_what_cannot_be_counted_of_checkpoints_is_said():
    class ByNumbers(nn.Module):
        def __init__(self):
            super().__init__()
            self.block = nn.Conv2d(1, 1, 1)

        def forward(self, x):
            x = checkpoint(self.block, x, use_reentrant=False)
            return x.flatten(1) * (2 if x.mean().item() > 0 else 1)

    graph = capture(ByNumbers(), (1, 3, 3))
    assert graph.recomputed_flops is None
    assert "leave out what the network's checkpoints compute" in " ".join(trace_graph(graph).notes)


@pytest.mark.parametrize(
    ("function", "is_said"),
    [
        (lambda x: F.fold(F.unfold(x, 3), 8, 3), False),
        (lambda x: F.embedding((x > 0).long().flatten(1), torch.eye(2)), False),
        (torch.fft.fft2, False),  # counted
        (torch.linalg.inv, False),
        (torch.linalg.matrix_exp, True),
        (torch.linalg.eigvals, True),
    ],
)
def test_only_what_may_multiply_is_called_uncounted(function, is_said):
    class Network(nn.Module):
        def forward(self, x):
            return function(x)

    assert bool(trace_graph(capture(Network(), (1, 8, 8))).uncounted) is is_said
