"""Traces agree with the curriculum's figures, with PyTorch, and cost nothing.

Tests inspection/trace/layers.py.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

import convscope as cs
from convscope.errors import UsageError
from convscope.inspection.open.network import open_for_shape
from convscope.inspection.trace.trace import trace
from convscope.networks.catalog import build
from tests.inspection import odd_networks as odd
from tests.networks.test_contract import LIGHT, TWINS, cases

# Curriculum, D2 to D10: what the layers make of one image, in their order. The first is D2's.
SHAPES = {
    "small": "6×30×30 6×15×15 16×13×13 16×6×6 576 120 84 10",
    "lenet": "6×28×28 6×14×14 16×10×10 16×5×5 400 120 84 10",
    "alexnet": "96×54×54 96×26×26 256×26×26 256×12×12 384×12×12 384×12×12 256×12×12 256×5×5 6400 "
    "4096 4096 10",
    "vgg11": "64×112×112 128×56×56 256×28×28 512×14×14 512×7×7 25088 4096 4096 10",
    "nin": "96×54×54 96×26×26 256×26×26 256×12×12 384×12×12 384×5×5 10×5×5 10×1×1 10",
    "googlenet": "64×24×24 192×12×12 480×6×6 832×3×3 1024 10",
    "resnet18": "64×24×24 64×24×24 128×12×12 256×6×6 512×3×3 512 10",
}


def message(call):
    with pytest.raises(UsageError) as caught:
        call()
    return str(caught.value)


@pytest.mark.parametrize("name", SHAPES)
def test_shapes_of_the_curriculum(name):
    blocks = iter(trace(name).blocks)
    for wanted in SHAPES[name].split():
        shape = tuple(int(size) for size in wanted.split("×"))
        assert any(row.output_shape == shape for row in blocks), f"{wanted} does not follow"


@pytest.mark.parametrize("name", cases([*LIGHT, *TWINS]))
def test_rows_add_up_to_the_network(name):
    traced = trace(name)
    network, _ = open_for_shape(name)
    parameters = sum(parameter.numel() for parameter in network.parameters())
    for rows in (traced.layers, traced.blocks):
        assert sum(row.parameters for row in rows) == traced.parameters == parameters
        for total in ("macs", "flops", "backward_flops", "activation_bytes"):
            assert sum(getattr(row, total) for row in rows) == getattr(traced, total)
    assert traced.uncounted == ()
    assert traced.notes == ()


class NewMemory(TorchDispatchMode):
    """The memory of all floating-point results that lie in no memory known before."""

    def __init__(self, *known):
        super().__init__()
        self.held = {tensor.untyped_storage()._cdata: tensor for tensor in known}
        self.bytes = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        for tensor in result if isinstance(result, tuple) else (result,):
            memory = tensor.untyped_storage()
            if tensor.is_floating_point() and memory._cdata not in self.held:
                self.held[memory._cdata] = tensor
                self.bytes += memory.nbytes()
        return result


@pytest.mark.parametrize("name", ["lenet", "alexnet-32px", "resnet18-32px", "densenet-32px"])
def test_activation_bytes_are_what_a_call_allocates(name):
    network = build(name).eval()
    image = torch.rand(1, 1, 28, 28)
    with torch.no_grad(), NewMemory(image, *network.parameters()) as memory:
        network(image)
    assert trace(network, 28).activation_bytes == memory.bytes


def test_rows_of_layers():
    row = trace("resnet18", 96).layers[0]
    assert row.as_dict() == {
        "name": "conv1",
        "kind": "convolution",
        "description": "convolution 7×7, stride 2",
        "output_shape": [64, 48, 48],
        "parameters": 64 * 49,
        "shared": [],
        "macs": 64 * 49 * 48 * 48,
        "flops": 2 * 64 * 49 * 48 * 48,
        "backward_flops": 2 * 64 * 49 * 48 * 48,  # of the weights; nobody wants the image's
        "activation_bytes": 4 * 64 * 48 * 48,
        "receptive_field": {
            "size": [7, 7],
            "stride": [2, 2],
            "start": [-3, -3],
            "whole_image": False,
            "is_known": True,
        },
    }


def names_and_kinds(traced):
    return [(row.name, row.description) for row in traced.blocks]


def test_blocks_of_a_residual_network():
    found = names_and_kinds(trace("resnet50"))
    assert found == [
        ("conv1", "convolution 7×7, stride 2"),
        ("bn1", "batch norm"),
        ("relu", "ReLU"),
        ("maxpool", "max pooling 3×3, stride 2"),
        ("layer1", "3 × Bottleneck"),
        ("layer2", "4 × Bottleneck"),
        ("layer3", "6 × Bottleneck"),
        ("layer4", "3 × Bottleneck"),
        ("avgpool", "global average pooling"),
        ("flatten", "flatten"),
        ("fc", "dense"),
    ]


def test_blocks_unfold():
    (stage,) = (row for row in trace("resnet18").blocks if row.name == "layer2")
    assert [(row.name, row.description) for row in stage.parts] == [
        ("layer2.0", "BasicBlock"),
        ("layer2.1", "BasicBlock"),
    ]
    parts = [(row.name, row.description) for row in stage.parts[0].parts]
    assert parts[:3] == [
        ("layer2.0.conv1", "convolution 3×3, stride 2"),
        ("layer2.0.bn1", "batch norm"),
        ("layer2.0.relu1", "ReLU"),
    ]
    assert ("layer2.0.downsample", "convolution 1×1, stride 2 + batch norm") not in parts
    assert ("layer2.0.downsample.0", "convolution 1×1, stride 2") in parts
    assert ("layer2.0.sum", "sum") in parts


@pytest.mark.slow
def test_blocks_of_other_networks():
    assert ("inception4a – 4c", "3 × Inception") in names_and_kinds(trace("googlenet"))
    assert ("conv3", "convolution 3×3 + ReLU") in names_and_kinds(trace("googlenet"))
    assert ("features.8 – 13", "6 × (depthwise convolution 3×3 + convolution 1×1)") in (
        names_and_kinds(trace("mobilenet-v1"))
    )
    assert ("features.denseblock2", "DenseBlock of 12 × DenseLayer") in (
        names_and_kinds(trace("densenet121"))
    )
    assert ("features.2", "convolution 5×5 + convolution 1×1 + convolution 1×1") not in (
        names_and_kinds(trace("lenet"))
    )
    lenet = trace("lenet")
    assert len(lenet.blocks) == len(lenet.layers) == 12  # nothing repeats


def test_a_network_inside_a_module_of_its_own_is_opened():
    class Wrapper(nn.Module):
        def __init__(self):
            super().__init__()
            self.backbone = build("resnet18")

        def forward(self, x):
            return self.backbone(x).softmax(1)

    found = names_and_kinds(trace(Wrapper(), (1, 96, 96)))
    assert ("backbone.layer1", "2 × BasicBlock") in found
    assert found[-1] == ("softmax", "softmax")


def test_odd_networks():
    traced = trace(odd.Shuffled(), (3, 16, 16))
    assert ("deep", "grouped convolution 3×3, dilation 2") in names_and_kinds(traced)
    assert traced.parameters == sum(p.numel() for p in odd.Shuffled().parameters())
    assert trace(odd.Written(), (1, 9, 9)).uncounted == ()


def test_reused_tied_and_unused_parameters_are_counted_once_and_said_so():
    again = trace(odd.Recurrent(), (1, 12, 12))
    rows = {row.name: row for row in again.layers}
    assert rows["again"].parameters == 4 * 4 * 9 + 4
    assert rows["again:2"].parameters == 0
    assert rows["again:2"].shared == ("again.weight", "again.bias")
    assert rows["again:2"].macs == rows["again"].macs > 0
    assert "Used more than once, counted once: again.bias, again.weight." in again.notes
    tied = trace(odd.Tied(), (1, 8, 8))
    assert tied.parameters == 64 * 16 + 6
    assert "encode.weight is also same.weight: tied, counted once." in tied.notes
    assert "Parameters that this call does not use: unused.weight, unused.bias." in tied.notes


def test_all_weights_of_a_function_are_its_parameters():
    class Rows(nn.Module):
        def __init__(self):
            super().__init__()
            self.lstm = nn.LSTM(8, 4)

        def forward(self, x):
            return self.lstm(x[:, 0])[0]

    traced = trace(Rows(), (1, 8, 8))
    assert traced.parameters == sum(row.parameters for row in traced.layers) == 4 * 4 * (8 + 4 + 2)
    assert not any("does not use" in note for note in traced.notes)
    assert traced.uncounted == ()
    assert traced.macs == 8 * 4 * 4 * (8 + 4)  # rows, gates, units, what each adds up


def test_what_is_not_known_is_named():
    class Unknown(nn.Module):
        def __init__(self, function):
            super().__init__()
            self.function = function

        def forward(self, x):
            return self.function(x).abs().mean((2, 3))

    assert trace(Unknown(torch.matrix_exp), (1, 8, 8)).uncounted == ("matrix_exp",)
    traced = trace(Unknown(torch.fft.fft2), (1, 8, 8))
    assert traced.uncounted == ()  # what it sees isn't known, what it costs is
    assert traced.notes[0] == (
        "Not known to Convscope, so taken to see all of their inputs: fft_fft2."
    )


def test_what_is_only_partly_counted_is_named():
    def mixed(x):
        return torch.matrix_exp(x) @ x

    seen_as_one = torch.overrides.wrap_torch_function(lambda x: (x,))(mixed)

    class Network(nn.Module):
        def forward(self, x):
            return seen_as_one(x)

    traced = trace(Network(), (1, 8, 8))
    assert traced.macs == 8**3
    assert traced.uncounted == ()
    assert traced.notes[-1] == (
        "Only partly counted, for want of a rule for what is in brackets: mixed "
        "(linalg_matrix_exp)."
    )


def test_json_and_rows_are_plain_data():
    traced = trace("googlenet-32px")
    read = json.loads(json.dumps(traced.as_dict()))
    assert read == traced.as_dict()
    assert read["layers"] == traced.rows()
    assert len(read["layers"]) == len(traced.layers) > 150
    assert {"parameters", "macs", "flops", "network", "image"} <= read.keys()


def test_by_name_by_module_and_by_size():
    wanted = trace("lenet", (1, 28, 28))
    assert cs.trace is trace
    assert trace("lenet") == trace(build("lenet")) == trace("lenet", 28) == wanted
    assert trace(build("lenet"), (7, 1, 28, 28)) == wanted
    assert trace("resnet18", 64) == trace(build("resnet18"), 64)
    assert trace("resnet18", (3, 64, 32)).image == (3, 64, 32)
    assert trace("alexnet", 96).image == (1, 96, 96)


def test_shapes_that_cannot_be():
    module = nn.Sequential(nn.Conv2d(3, 4, 3))
    assert message(lambda: trace(module)) == (
        "Sequential needs the shape of an image, (channels, height, width) as in (3, 224, 224); "
        "got nothing."
    )
    assert "got 224." in message(lambda: trace(module, 224))
    assert "got 28.5." in message(lambda: trace("lenet", 28.5))
    assert "got (0, 4, 4)." in message(lambda: trace(module, (0, 4, 4)))
    assert message(lambda: trace("lenet", (1, 28, 32))) == ("lenet takes square images, not 28×32.")
    assert "The least size that works is 67×67." in message(lambda: trace("nin", 40))
    assert "Unknown network or run folder 'resnet81'." in message(lambda: trace("resnet81"))


def test_images_far_too_large_to_compute():
    """The first feature maps alone would take 230 GB."""
    traced = trace(build("resnet18"), (1, 60_000, 60_000))
    assert traced.layers[0].activation_bytes > 200e9
    assert traced.blocks[-1].output_shape == (10,)


MEMORY = r"""
import re, time
from convscope.inspection.trace.trace import trace
from convscope.networks.catalog import build
trace("lenet")  # loads what PyTorch loads late
network = build("resnet152", 3)
def memory(kind):  # in kB: VmRSS is now, VmHWM the most so far
    return int(re.search(kind + r":\s+(\d+)", open("/proc/self/status").read())[1]) * 1000
before, began = memory("VmRSS"), time.process_time()
trace(network, 224)
trace("densenet201", (3, 224, 224))
print(memory("VmHWM") - before, time.process_time() - began)
"""


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads Linux's own counts")
def test_deep_networks_take_seconds_and_no_memory():
    """The weights of ResNet-152 are 233 MB, its feature maps 181 MB: neither is copied or made."""
    done = subprocess.run(
        [sys.executable, "-c", MEMORY], capture_output=True, text=True, check=True
    )
    grown, seconds = (float(word) for word in done.stdout.split())
    assert grown < 60e6
    assert seconds < 10  # both together; each under 5


def test_products_of_weights_alone_that_are_not_counted_are_said():
    layer = nn.utils.parametrizations.orthogonal(nn.Linear(9, 4))
    (name,) = trace(nn.Sequential(nn.Flatten(), layer), (1, 3, 3)).uncounted
    assert name.endswith("linalg_householder_product")
