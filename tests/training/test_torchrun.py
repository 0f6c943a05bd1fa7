"""PyTorch's launcher starts the command, and starts it again after a process was killed.

Tests training/resume.py, training/begin.py.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import convscope as cs
from tests.training.several_processes import train_in

RECIPE = {
    "epochs": 6,
    "batch_size": 128,
    "learning_rate": 0.1,
    "threads": 1,
    "precision": "float32",
}


# Python imports it by itself where it begins: the first process is killed where its fifth
# checkpoint would get its name, at any speed of the machine, and not again when started anew.
KILLING = """
import os, signal, sys

begun, names = os.environ.get("TORCHELASTIC_RESTART_COUNT"), []

def watch(event, arguments):
    if event == "os.rename" and "step-" in os.path.basename(str(arguments[1])):
        names.append(arguments[1])
        if len(names) == 5:
            os.kill(os.getpid(), signal.SIGKILL)

if begun == "0" and os.environ.get("RANK") == "0":
    sys.addaudithook(watch)
"""


def newest(folder):
    return max((folder / "checkpoints").glob("step-*.safetensors"))


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.skipif(sys.platform != "linux", reason="forks, and names the loopback device")
@pytest.mark.usefixtures("without_figures")
def test_a_killed_process_is_started_again_and_goes_on_bit_for_bit(tmp_path):
    recipe = cs.Recipe(**RECIPE, checkpoint_minutes=1e-6)
    recipe.write(tmp_path / "recipe.toml")
    whole, again = tmp_path / "whole", tmp_path / "again"
    train_in(2, tmp_path / "said", lambda: cs.train("mlp", "digits", recipe, out=whole, quiet=True))
    launch = "torch.distributed.run --nproc-per-node 2 --max-restarts 1 --standalone -m convscope"
    arguments = f"train mlp digits --recipe {tmp_path / 'recipe.toml'} --out {again}"
    (tmp_path / "path").mkdir()
    (tmp_path / "path" / "sitecustomize.py").write_text(KILLING, encoding="utf-8")
    path = os.pathsep.join([str(tmp_path / "path"), *sys.path])
    settings = {"OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo", "PYTHONPATH": path}
    with (tmp_path / "printed").open("w") as printed:
        launcher = subprocess.run(
            [sys.executable, "-m", *launch.split(), *arguments.split()],
            env=os.environ | settings, stdout=printed, stderr=printed, check=False, timeout=500,
        )  # fmt: skip
    said = (tmp_path / "printed").read_text(encoding="utf-8")
    assert launcher.returncode == 0, said
    assert f"{again}: going on" in said
    assert said.count("test accuracy") == 1
    assert newest(again).name == newest(whole).name
    assert newest(again).read_bytes() == newest(whole).read_bytes()
    assert Path(again / "report.html").is_file()
