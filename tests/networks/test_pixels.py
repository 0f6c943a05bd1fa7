"""The arithmetic of image sizes, against the layers themselves."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from convscope.networks.pixels import OutOfPixelsError, count_flattened

windows = st.builds(
    lambda kernel, stride, padding: (kernel, stride, min(padding, kernel // 2)),
    st.integers(1, 5),
    st.integers(1, 3),
    st.integers(0, 2),
)
layers = st.lists(st.tuples(st.sampled_from(["conv", "max", "average"]), windows), max_size=4)


def chain(kinds):
    made, channels = [], 2
    for i, (kind, (kernel, stride, padding)) in enumerate(kinds):
        if kind == "conv":
            made.append(nn.Conv2d(channels, i + 3, kernel, stride, padding))
            channels = i + 3
        else:
            pool = nn.MaxPool2d if kind == "max" else nn.AvgPool2d
            made.append(pool(kernel, stride, padding))
    return nn.Sequential(*made)


@given(layers, st.integers(1, 40))
def test_flattened_counts_what_the_layers_give(kinds, size):
    features = chain(kinds)
    try:
        expected = features(torch.zeros(1, 2, size, size)).numel()
    except RuntimeError:
        with pytest.raises(OutOfPixelsError) as caught:
            count_flattened(features, 2, size)
        least = caught.value.shortage.least
        assert least > size
        assert features(torch.zeros(1, 2, least, least)).numel() == count_flattened(
            features, 2, least
        )
    else:
        assert count_flattened(features, 2, size) == expected
