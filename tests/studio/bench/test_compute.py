"""The bench's numbers, for random settings, against PyTorch and against sums written out.

Tests studio/bench/settings.py, studio/bench/compute.py, studio/bench/check.py,
studio/bench/routes.py.
"""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from convscope.studio.numbers import SentArray
from tests.studio.conftest import received, sent

MODES = {
    "zeros": "constant",
    "reflect": "reflect",
    "replicate": "replicate",
    "circular": "circular",
}
EDGES = np.array([[[-1.0, 0, 1], [-2, 0, 2], [-1, 0, 1]]])


def random_setting(seed):
    """A setting that is possible, of any kind."""
    random = np.random.default_rng(seed)
    channels = int(random.choice([1, 3]))
    image = random.integers(0, 256, (channels, *random.integers(9, 15, 2))).astype(np.uint8)
    operation = str(random.choice(["cross-correlation", "convolution", "max", "average"]))
    pools = operation in ("max", "average")
    kernel = random.normal(size=(channels, *random.integers(1, 5, 2)))
    stride = int(random.integers(1, 4))
    padding = int(random.integers(0, min(kernel.shape[1:]) // 2 + 1 if pools else 4))
    if not pools and stride == 1 and random.random() < 0.5:
        padding = "same"
    return {
        "image": sent(image), "kernel": sent(kernel), "operation": operation, "stride": stride,
        "padding": padding, "mode": str(random.choice(list(MODES))),
        "dilation": 1 if pools else int(random.integers(1, 3)),
        "bias": float(random.normal()), "relu": bool(random.random() < 0.5),
    }  # fmt: skip


def by_torch(asked):
    """The same output, by PyTorch's functions rather than its layers."""
    image, kernel = (
        torch.tensor(SentArray(**asked[name]).array().astype(float))[None]
        for name in ("image", "kernel")
    )
    window, stride = kernel.shape[2:], asked["stride"]
    if asked["operation"] == "max":
        output = F.max_pool2d(image, window, stride, asked["padding"])
    elif asked["operation"] == "average":
        output = F.avg_pool2d(image, window, stride, asked["padding"])
    else:
        if asked["operation"] == "convolution":
            kernel = kernel.flip(2, 3)
        spans = [asked["dilation"] * (side - 1) for side in window]
        around = []
        for span in reversed(spans):
            same = asked["padding"] == "same"
            around += [span // 2, span - span // 2] if same else [asked["padding"]] * 2
        padded = F.pad(image, around, MODES[asked["mode"]])
        bias = torch.tensor([asked["bias"]], dtype=torch.float64)
        output = F.conv2d(padded, kernel, bias, stride, 0, asked["dilation"])
    return (output.relu() if asked["relu"] else output)[0].numpy()


@pytest.mark.parametrize("seed", range(50))
def test_outputs_equal_pytorch(ask, seed):
    asked = random_setting(seed)
    found = ask("bench/compute", asked)
    output, theirs = received(found["output"]), by_torch(asked)
    assert output.shape == theirs.shape
    np.testing.assert_allclose(output, theirs, rtol=0, atol=1e-10 * max(1, abs(theirs).max()))
    assert [each["out"] for each in found["size"]] == list(theirs.shape[1:])
    for size in found["size"]:
        n, k, p, s, d = (size[name] for name in "nkpsd")
        assert size["out"] == (n - (d * (k - 1) + 1) + p + s) // s
    checked = ask("bench/check", asked)
    assert checked["difference"] <= 1e-10 * max(1, checked["largest"])


@pytest.mark.parametrize("seed", range(0, 50, 7))
def test_one_output_is_the_sum_that_the_page_shows(ask, seed):
    """The page multiplies `padded` and `slid`; that must be what `sums` holds at every place."""
    asked = random_setting(seed)
    if asked["operation"] in ("max", "average"):
        asked |= {"operation": "convolution", "padding": 1}
    found = ask("bench/compute", asked)
    padded, slid, partial, sums = (
        received(found[name]) for name in ("padded", "slid", "partial", "sums")
    )
    stride, dilation = asked["stride"], asked["dilation"]
    height, width = slid.shape[1:]
    for row, column in np.ndindex(sums.shape[1:]):
        rows = slice(row * stride, row * stride + dilation * (height - 1) + 1, dilation)
        columns = slice(column * stride, column * stride + dilation * (width - 1) + 1, dilation)
        products = padded[:, rows, columns] * slid
        np.testing.assert_allclose(products.sum(axis=(1, 2)), partial[:, row, column], atol=1e-9)
        assert sums[0, row, column] == pytest.approx(products.sum() + asked["bias"], abs=1e-9)


def setting(**changes):
    image = np.arange(36, dtype=np.uint8).reshape(1, 6, 6)
    return {"image": sent(image), "kernel": sent(EDGES)} | changes


def test_the_flip_is_told(ask):
    assert ask("bench/compute", setting())["flip"] == {"symmetric": False, "difference": 16.0}
    even = sent(np.array([[[1.0, 2, 1], [0, 0, 0], [1, 2, 1]]]))
    found = ask("bench/compute", setting(kernel=even))["flip"]
    assert found == {"symmetric": True, "difference": 0.0}
    nearly = sent(np.array([[[1.0, 1 + 1e-13]]]))
    assert ask("bench/compute", setting(kernel=nearly))["flip"]["symmetric"]
    assert ask("bench/compute", setting(operation="max"))["flip"] is None


def test_pixels_that_no_window_reads_are_told(ask):
    found = ask("bench/compute", setting(stride=2))
    assert found["read"] == [[True] * 5 + [False]] * 2
    apart = ask("bench/compute", setting(stride=4, kernel=sent(np.ones((1, 1, 1)))))
    assert apart["read"] == [[True, False, False, False, True, False]] * 2


def test_even_kernels_get_their_extra_row_below(ask):
    found = ask("bench/compute", setting(kernel=sent(np.ones((1, 2, 4))), padding="same"))
    assert (found["before"], found["after"]) == ([0, 1], [1, 2])
    assert received(found["output"]).shape == (1, 6, 6)


def test_max_pooling_pads_with_what_never_wins(ask):
    image = sent(np.full((1, 4, 4), -5.0))
    found = ask("bench/compute", setting(image=image, operation="max", padding=1, stride=2))
    assert received(found["output"]).max() == -5
    assert np.isneginf(received(found["padded"])[0, 0]).all()


REFUSED = {
    "stride": setting(stride=0),
    "dilation": setting(dilation=0),
    "larger": setting(kernel=sent(np.ones((1, 7, 7)))),
    "padding": setting(padding=-1),
    "same_stride": setting(padding="same", stride=2),
    "mode": setting(padding=6, mode="reflect"),
    "kernel": setting(kernel=sent(np.ones((1, 13, 13)))),
    "image": setting(image=sent(np.ones((1, 0, 3)))),
    "channels": setting(kernel=sent(np.ones((3, 3, 3)))),
    "numbers": setting(kernel=sent(np.full((1, 3, 3), np.nan))),
    "pooling_dilation": setting(operation="max", dilation=2),
    "pooling_padding": setting(operation="average", padding=2),
    "pooling_same": setting(operation="max", padding="same", kernel=sent(np.ones((1, 2, 2)))),
}


@pytest.mark.parametrize("key", REFUSED)
def test_what_is_impossible_is_refused_with_the_words_of_the_page(ask, key):
    for path in ("bench/compute", "bench/check"):
        answer = ask(path, REFUSED[key], status=422)
        assert answer["key"] == f"refused.bench.{key}"
        assert "{" not in answer["error"]


@pytest.mark.parametrize(
    "changes",
    [{"stride": 1.5}, {"stride": "one"}, {"operation": "x"}, {"more": 1}, {"image": 1},
     {"bias": "a"}, {"kernel": {"shape": [1], "type": "float64", "data": "AA"}}, {"stride": 10**30},
     {"image": {"shape": [1, 9999999, 9999999], "type": "uint8", "data": ""}}],
)  # fmt: skip
def test_nonsense_is_refused(ask, changes):
    assert ask("bench/compute", setting(**changes), status=422)["error"]


def test_the_choices_are_those_of_the_library(ask):
    from convscope.inspection.kernels.kernel import GALLERY

    found = ask("bench/choices")
    assert [each["name"] for each in found["kernels"]] == list(GALLERY)
    for each in found["kernels"]:
        np.testing.assert_array_equal(received(each["weights"])[0], GALLERY[each["name"]].weights)
