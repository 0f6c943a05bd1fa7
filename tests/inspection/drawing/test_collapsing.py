"""Blocks that a reader folds are drawn as one step."""

import pytest
import torch

import convscope as cs
from convscope.graph.capture import capture
from convscope.inspection.drawing.drawing import draw_graph
from convscope.inspection.open.network import open_for_shape


@pytest.fixture(scope="module")
def resnet():
    return capture(cs.build("resnet18"), torch.rand(1, 1, 32, 32))


def test_a_folded_block_is_one_step_and_the_others_stay(resnet):
    whole = draw_graph(resnet, expand=True)
    folded = draw_graph(resnet, expand=True, collapse=["layer2.0", "layer4.1"])
    [block] = [block for block in whole.blocks if block.name == "layer2.0"]
    steps = [step for step in folded.steps if step.label[0] == "layer2.0"]
    assert len(steps) == 1
    assert {node.name for node in steps[0].nodes} == {
        node.name for step in block.steps for node in step.nodes
    }
    assert steps[0].shapes == block.steps[-1].shapes
    assert {block.name for block in folded.blocks} == {block.name for block in whole.blocks} - {
        "layer2.0",
        "layer4.1",
    }
    every = {node.name for step in whole.steps for node in step.nodes}
    assert {node.name for step in folded.steps for node in step.nodes} == every
    for number, step in enumerate(folded.steps):  # each stands behind all that it takes
        assert set(step.inputs) <= set(folded.steps[:number])
    assert "layer2.0" in folded.svg()


def test_repeats_are_still_drawn_once_and_unknown_names_change_nothing(resnet):
    plain = draw_graph(resnet)
    assert draw_graph(resnet, collapse=["no-such-block"]).svg() == plain.svg()
    folded = draw_graph(resnet, collapse=["layer1.0"])
    assert len(folded.steps) != len(plain.steps)


@pytest.mark.slow
def test_every_block_of_networks_with_branches_can_be_asked_for():
    for name in ("googlenet-32px", "densenet-32px"):
        graph = capture(*open_for_shape(name))
        whole = draw_graph(graph, expand=True)
        for block in whole.blocks:
            folded = draw_graph(graph, expand=True, collapse=[block.name])
            assert folded.svg().startswith("<?xml")
            for number, step in enumerate(folded.steps):
                assert set(step.inputs) <= set(folded.steps[:number])
