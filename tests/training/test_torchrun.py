"""PyTorch's launcher starts the command, and starts it again after a process was killed.

Tests training/resume.py, training/begin.py.
"""

import os
import signal
import subprocess
import sys
import time
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
    with (tmp_path / "printed").open("w") as printed:
        launcher = subprocess.Popen(
            [sys.executable, "-m", *launch.split(), *arguments.split()],
            env=os.environ | {"OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo"},
            stdout=printed,
            stderr=printed,
        )
        try:
            while len(list(again.glob("checkpoints/step-*.json"))) < 2:
                assert launcher.poll() is None, (tmp_path / "printed").read_text()
                time.sleep(0.005)
            holder = (again / "claim.lock").read_text(encoding="utf-8").split()[1]
            os.kill(int(holder), signal.SIGKILL)
            killed_at = int(newest(again).stem[5:])
            code = launcher.wait(400)
        finally:
            launcher.kill()
    said = (tmp_path / "printed").read_text(encoding="utf-8")
    assert code == 0, said
    assert f"{again}: going on" in said
    assert said.count("test accuracy") == 1
    assert killed_at < int(newest(whole).stem[5:])
    assert newest(again).name == newest(whole).name
    assert newest(again).read_bytes() == newest(whole).read_bytes()
    assert Path(again / "report.html").is_file()
