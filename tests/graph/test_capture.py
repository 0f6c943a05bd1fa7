"""The graph is the real one, for any module, and the module is left as it was found.

Tests graph/calls.py, graph/graph.py, graph/naming.py, graph/nesting.py,
graph/operations/understand.py, graph/recorder.py.
"""

import copy
import random

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from convscope.errors import UsageError
from convscope.graph.capture import capture
from convscope.networks.catalog import build
from tests.inspection import odd_networks as odd

OURS = ["lenet-bn", "googlenet-32px", "resnet18-32px", "densenet-32px", "mobilenet-v2-32px"]


def edges(graph):
    return {node.name: [source.name for source in node.inputs] for node in graph}


def images(channels=1, size=12, count=2):
    return torch.rand(count, channels, size, size, generator=torch.Generator().manual_seed(0))


def message(call):
    with pytest.raises(UsageError) as caught:
        call()
    return str(caught.value)


def test_a_residual_block_with_in_place_sums_and_relus():
    graph = capture(build("resnet18"), (1, 96, 96))
    found = edges(graph)
    assert found["layer2.0.sum"] == ["layer2.0.bn2", "layer2.0.downsample.1"]
    assert found["layer2.0.downsample.0"] == ["layer1.1.relu2"]
    assert found["layer2.1.sum"] == ["layer2.1.bn2", "layer2.0.relu2"]
    node = graph["layer2.0.conv1"]
    assert (node.kind, node.shape, node.module) == (
        "convolution",
        (1, 128, 12, 12),
        "layer2.0.conv1",
    )
    assert node.arguments["stride"] == (2, 2)
    assert node.arguments["padding"] == (1, 1)
    assert node.parameters == {"weight": "layer2.0.conv1.weight"}
    assert graph["layer2.0.relu2"].changes_input
    assert graph["layer2"] is graph["layer2.1.relu2"]
    assert graph.output is graph["fc"]


def test_branches_that_are_concatenated():
    found = edges(capture(build("googlenet"), (1, 96, 96)))
    assert found["inception3a.concatenation"] == [
        "inception3a.branch1.relu",
        "inception3a.branch2.1.relu",
        "inception3a.branch3.1.relu",
        "inception3a.branch4.1.relu",
    ]
    assert found["inception3a.branch4.0"] == ["maxpool2"]


def test_a_module_that_is_called_again_has_numbered_nodes():
    graph = capture(odd.Recurrent(), (1, 12, 12))
    found = edges(graph)
    assert found["again"] == ["relu"]
    assert found["again:2"] == ["relu:2"]
    assert found["again:3"] == ["relu:3"]
    assert found["mean:3"] == ["relu:4"]
    assert {graph[f"again{n}"].parameters["weight"] for n in ("", ":2")} == {"again.weight"}
    assert [call.name for call in graph.root.calls][:4] == ["first", "relu", "again", "relu:2"]


def test_control_flow_on_numbers_is_followed_on_a_random_image_and_said_so():
    shape_only = capture(odd.Recurrent(), (1, 12, 12))
    assert "looks at the numbers it computes" in shape_only.notes[0]
    assert capture(odd.Recurrent(), images()).notes == ()
    assert shape_only["again"].value is None


def test_functions_views_and_gates():
    graph = capture(odd.Shuffled(), images(3, 16))
    found = edges(graph)
    assert found["split"] == found["split:2"] == ["stem"]
    assert found["product"] == ["SiLU", "slice"]
    assert found["concatenation"] == ["split", "product"]
    assert graph["slice"].shape == (2, 4, 1, 1)
    assert graph["concatenation"].arguments["dim"] == 1
    assert graph["split:2"].shares_memory
    assert not graph["split:2"].changes_input
    assert graph["softmax"].arguments == {"dim": 1}


def test_in_place_writes_through_views_reach_all_who_look():
    graph = capture(odd.Written(), images())
    found = edges(graph)
    assert found["conv.padding"] == ["image"]
    assert found["conv"] == ["conv.padding"]
    assert found["product"] == ["slice"]
    assert found["overwritten"] == ["conv", "product"]
    assert found["assignment"] == ["overwritten"]
    assert found["product:2"] == ["assignment"]
    assert graph["product:2"].parameters == {"other": "mask"}
    assert found["sum"] == ["product:2", "assignment"]  # `same` looks at the memory written to


def test_tied_and_transposed_weights():
    network = odd.Tied()
    graph = capture(network, (1, 8, 8))
    assert graph.tied == {"encode.weight": ("same.weight",)}
    assert graph["same"].parameters == {"weight": "encode.weight"}
    transposed = graph["permutation"]
    assert transposed.parameters == {"input": "encode.weight"}
    assert not transposed.depends_on_images
    assert edges(graph)["dense"] == ["tanh", "permutation"]
    assert graph["difference"].arguments["input"] == 1
    assert graph.weights["encode.weight"] is network.encode.weight


def test_unknown_functions_stay_and_their_operations_are_found_by_pytorchs_counter():
    class Attention(nn.Module):
        def forward(self, x):
            x = torch.fft.fft2(x).real.flatten(2)
            return F.scaled_dot_product_attention(x, x, x)

    graph = capture(Attention(), (1, 4, 6))
    assert graph["fft_fft2"].kind == "other: fft_fft2"
    attention = graph["scaled_dot_product_attention"]
    assert attention.kind == "other: scaled_dot_product_attention"
    assert [source.name for source in attention.inputs] == ["flatten"] * 3


@pytest.mark.parametrize("name", OURS)
def test_values_are_those_of_a_plain_call_and_of_the_graph_run_again(name):
    channels = 1 if name.startswith("lenet") else 3
    network = build(name, channels).eval()
    given = images(channels, 28)
    graph = capture(network, given)
    with torch.no_grad():
        assert torch.equal(graph.output.value, network(given))
    for node in graph.nodes[1:]:
        again = node.replay(*(source.value for source in node.inputs))
        torch.testing.assert_close(again, node.value, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("network", [odd.Shuffled(), odd.Recurrent(), odd.Written()])
def test_odd_graphs_run_again_give_the_same(network):
    channels = 3 if isinstance(network, odd.Shuffled) else 1
    graph = capture(network, images(channels, 16))
    for node in graph.nodes[1:]:
        if node.kind != "overwritten" and node.depends_on_images:
            again = node.replay(*(source.value for source in node.inputs))
            torch.testing.assert_close(again, node.value)


@pytest.mark.slow
def test_shapes_alone_give_the_same_graph():
    for name in OURS:
        channels = 1 if name.startswith("lenet") else 3
        network = build(name, channels)
        real, fake = (
            capture(network, images(channels, 28, 1)),
            capture(network, (channels, 28, 28)),
        )
        assert edges(real) == edges(fake)
        assert [node.shape for node in real] == [node.shape for node in fake]
        assert all(node.value is None for node in fake)


def test_gradients_are_those_of_backward_also_of_what_was_overwritten():
    network = build("resnet18-32px", 3).eval()
    given, labels = images(3, 28), torch.tensor([1, 2])
    graph = capture(network, given, gradients=True)
    loss = F.cross_entropy(graph.result, labels)
    weight = "layer1.0.conv1.weight"
    normalized, rectified = graph["layer1.0.bn1"], graph["layer1.0.relu1"]
    found, before, behind = graph.gradients(loss, [weight, normalized, rectified])
    torch.testing.assert_close(before, behind * (normalized.value > 0))
    F.cross_entropy(network(given), labels).backward()
    torch.testing.assert_close(found, network.layer1[0].conv1.weight.grad)
    # the gradient of a weight is a sum over positions, of what the layer took and what came back
    node = graph["layer1.0.conv1"]
    (back,) = graph.gradients(loss, [node])
    summed = torch.nn.grad.conv2d_weight(node.inputs[0].value, found.shape, back, padding=1)
    torch.testing.assert_close(summed, found, rtol=1e-3, atol=1e-6)


def test_gradients_of_a_frozen_network_and_of_one_unit():
    network = build("lenet").requires_grad_(False)
    graph = capture(network, images(1, 28), gradients=True)
    seed = torch.zeros(graph["features.conv1"].shape)
    seed[0, 0, 5, 5] = 1
    (by_image,) = graph.gradients(graph["features.conv1"], [graph.input], seed)
    expected = torch.zeros(2, 1, 28, 28)
    expected[0, 0, 3:8, 3:8] = network.features.conv1.weight[0, 0]
    torch.testing.assert_close(by_image, expected)
    assert not any(p.requires_grad for p in network.parameters())
    assert message(
        lambda: capture(network, images(1, 28)).gradients(graph.output, [graph.input])
    ).startswith("This graph was captured without gradients.")


def state_of(network):
    hooks = [name for name in vars(network) if name.endswith("hooks")]
    return {
        "tensors": {k: (id(v), v.clone()) for k, v in network.state_dict(keep_vars=True).items()},
        "modes": [module.training for module in network.modules()],
        "hooks": [
            {name: [*getattr(module, name)] for name in hooks} for module in network.modules()
        ],
        "gradients": {k: v.grad for k, v in network.named_parameters()},
        "wanted": {k: v.requires_grad for k, v in network.named_parameters()},
        "attributes": [sorted(vars(module)) for module in network.modules()],
    }


def assert_same(found, before):
    for key, (identity, tensor) in before.pop("tensors").items():
        assert found["tensors"][key][0] == identity
        assert torch.equal(found["tensors"][key][1], tensor)
    found.pop("tensors")
    assert found == before


@pytest.mark.parametrize("way", ["shape", "images", "gradients", "failure"])
@pytest.mark.parametrize("make", [lambda: build("lenet-bn"), odd.Recurrent, odd.Written])
def test_everything_is_left_as_found(make, way):
    network = make().train()
    next(network.children()).eval()
    first, second, *_ = network.parameters()
    first.requires_grad_(False)
    second.grad = torch.ones_like(second)
    called = []
    network.register_forward_hook(lambda *_: called.append(1))
    before, seen = state_of(network), list(getattr(network, "seen", []))
    torch.manual_seed(5)
    generators = torch.get_rng_state(), random.getstate()
    given = images(1, 28).requires_grad_()
    if way == "shape":
        capture(network, (1, 28, 28))
    elif way == "failure":
        with pytest.raises(UsageError):
            capture(network, (7, 28, 28))
    else:
        capture(network, given, gradients=way == "gradients")
    assert_same(state_of(network), before)
    assert getattr(network, "seen", []) == seen
    assert given.grad is None
    assert torch.equal(torch.get_rng_state(), generators[0])
    assert random.getstate() == generators[1]
    assert torch.is_grad_enabled()
    assert not torch.nn.modules.module._global_forward_hooks
    assert not torch.nn.modules.module._global_forward_pre_hooks


def test_dropout_and_batch_norm_predict():
    graph = capture(build("alexnet", size=65).train(), (1, 65, 65))
    assert graph["classifier.2"].kind == "dropout"
    assert not graph["classifier.2"].arguments["training"]


def test_a_image_without_batch_axis_and_one_with():
    network = build("lenet")
    given = images(1, 28, 1)
    assert torch.equal(
        capture(network, given[0]).output.value, capture(network, given).output.value
    )


def test_a_network_without_weights_and_one_in_half_precision():
    assert capture(nn.Sequential(nn.AvgPool2d(2)), (1, 4, 4)).output.shape == (1, 1, 2, 2)
    half = capture(copy.deepcopy(build("lenet")).bfloat16(), (1, 28, 28))
    assert half.output.dtype == torch.bfloat16


def test_several_inputs():
    assert message(lambda: capture(odd.TwoInputs(), (1, 4, 4))) == (
        "TwoInputs needs 2 inputs (x, mask), and one tensor of images is given. Wrap it in a "
        "module whose forward(x) fills in the others."
    )


def test_several_outputs():
    graph = capture(odd.TwoOutputs(), (1, 4, 4))
    assert graph.notes == ("TwoOutputs returns a tuple of 2; the main one is shown.",)
    graph = capture(odd.Named(), (1, 4, 4))
    assert graph.notes == ("Named returns a dict with 'logits', 'maps'; the main one is shown.",)


def test_outputs_among_which_none_is_the_main_one():
    class Maps(nn.Module):
        def forward(self, x):
            return {"low": x, "high": x * 2}

    assert message(lambda: capture(Maps(), (1, 4, 4))) == (
        "Maps returns a dict with 'low', 'high', and one tensor is needed. Wrap it in a module "
        "whose forward returns one of them, as in: return self.network(x)['low']."
    )


def test_what_cannot_be_watched():
    words = message(lambda: capture(odd.OutsidePyTorch(), images()))
    assert words.startswith("What OutsidePyTorch returns was not computed from its images by")
    with pytest.warns(DeprecationWarning, match="deprecated"):
        scripted = torch.jit.script(nn.Sequential(nn.ReLU()))
    assert "is a TorchScript module" in message(lambda: capture(scripted, (1, 4, 4)))


def test_images_that_do_not_fit():
    assert "was built for images with in_channels=1 and got 3 channels" in message(
        lambda: capture(build("lenet"), (3, 28, 28))
    )
    assert "The least size that works is 12×12." in message(
        lambda: capture(build("lenet"), (1, 8, 8))
    )
    words = message(lambda: capture(nn.Sequential(nn.Conv2d(1, 2, 5)), (1, 3, 3)))
    assert words.startswith(
        "Sequential cannot compute images of shape (1, 1, 3, 3): it fails in '0' with "
        "RuntimeError: "
    )
    assert message(lambda: capture(build("lenet"), (1, 28, 28), gradients=True)) == (
        "gradients=True needs images, not only their shape."
    )


def test_an_unknown_layer():
    graph = capture(build("lenet"), (1, 28, 28))
    assert message(lambda: graph["features.conv3"]) == (
        "Unknown layer of lenet: 'features.conv3'. Did you mean 'features.conv2' or "
        "'features.conv1'?"
    )


def test_what_leaves_pytorch_is_said():
    class Outside(nn.Module):
        def forward(self, x):
            return torch.from_numpy(x.numpy() + 1)

    with pytest.raises(UsageError, match="hands a tensor to NumPy, where it can't be followed"):
        capture(Outside(), (1, 2, 2))

    class Mapped(nn.Module):
        def forward(self, x):
            return torch.func.vmap(torch.relu)(x)

    with pytest.raises(UsageError, match=r"not computed from its images .* in torch\.func\.vmap"):
        capture(Mapped(), (1, 2, 2))
