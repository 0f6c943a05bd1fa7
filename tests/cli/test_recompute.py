"""`convscope train --recompute`."""

import pytest

from convscope.runs.recipe import read


@pytest.mark.slow
def test_train_recomputes_and_resumes(convscope, tmp_path):
    done = convscope(
        "train", "resnet9", "digits", "--epochs", "1", "--size", "16", "--recompute",
        "--precision", "float32", "--out", "run",
    )  # fmt: skip
    assert "Computed again instead of kept:" in done.stderr
    assert "less memory in a step of many images" in done.stderr
    blocks = read(tmp_path / "run" / "recipe.toml").recompute
    assert blocks
    assert all(block.startswith("features") for block in blocks)
    convscope("resume", "run", "--quiet")


@pytest.mark.slow
def test_an_unknown_block(command):
    done = command(
        "train", "lenet", "digits", "--epochs", "1", "--set", 'recompute=["feature"]', code=2
    )
    assert "Unknown block to recompute 'feature'. Did you mean 'features'" in done.stderr
