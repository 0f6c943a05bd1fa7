import json
import resource
import subprocess
import sys

import pytest
import torch

from convscope.errors import ConvscopeError
from convscope.training.lack_of_memory import explain_lack_of_memory


def test_what_the_system_refuses_is_said_with_the_next_smaller_batch():
    with (
        pytest.raises(ConvscopeError, match=r"batches of 64: .* more were asked for\. .*-size 32,"),
        explain_lack_of_memory(64),
    ):
        torch.empty(2**58, dtype=torch.uint8)


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
        RuntimeError("std::bad_alloc"),
    ],
)
def test_all_kinds_of_it(error):
    with (
        pytest.raises(ConvscopeError, match=r"batches of 1\. Begin anew with --recompute auto;"),
        explain_lack_of_memory(1),
    ):
        raise error


def test_other_errors_stay_what_they_are():
    with pytest.raises(RuntimeError, match="mat1 and mat2"), explain_lack_of_memory(8):
        torch.ones(2, 3) @ torch.ones(2, 3)


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits of Linux")
def test_a_training_under_a_limit_ends_in_a_sentence(tmp_path):
    command = [
        sys.executable, "-m", "convscope", "train", "vgg11", "digits", "--size", "224",
        "--batch-size", "1024", "--epochs", "1", "--precision", "float32", "--out", "run",
    ]  # fmt: skip
    done = subprocess.run(
        command,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (8 * 2**30, 8 * 2**30)),
    )
    assert done.returncode == 1, json.dumps([done.stdout, done.stderr])
    assert "Traceback" not in done.stderr
    assert "The memory doesn't suffice for batches of 1,024" in done.stderr
    assert "--batch-size 512" in done.stderr
