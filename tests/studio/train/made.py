"""A training that needs no torch: a small program that writes a run folder as training does."""

import json
import sys

PROGRAM = """
import json, os, pathlib, signal, sys, time
folder, pause, fault = pathlib.Path(sys.argv[1]), float(sys.argv[4]), sys.argv[5]
start, steps = map(int, sys.argv[2:4])
(folder / "checkpoints").mkdir(parents=True, exist_ok=True)
recipe = f'network = "lenet"\\ndata = "digits"\\nepochs = {steps // 10}\\n'
(folder / "recipe.toml").write_text(recipe)
(folder / "environment.json").write_text("{}")
asked = []
signal.signal(signal.SIGTERM, lambda *_: asked.append(1))
for step in range(start + 1, steps + 1):
    time.sleep(pause)
    row = {"kind": "step", "step": step, "loss": 2.0 / step}
    if step % 10 == 0:
        row = {"kind": "epoch", "step": step, "epoch": step // 10, "train_loss": 2.0 / step,
               "validation_loss": 2.1 / step, "train_accuracy": step / steps,
               "validation_accuracy": step / steps, "seconds": 0.1 * step}
        (folder / "checkpoints" / f"step-{step:08d}.json").write_text("{}")
    if fault == "nan" and step == 5:
        row["loss"] = float("nan")
    if fault == "error" and step == 7:
        row = {"kind": "error", "step": step, "message": "The loss became nan"}
    with (folder / "metrics.jsonl").open("a") as file:
        file.write(json.dumps(row) + "\\n")
    if row["kind"] == "error":
        sys.exit("convscope: The loss became nan after step 7.")
    if asked:
        sys.exit("convscope: Stopped; everything is kept. Go on with: convscope resume it")
(folder / "evaluation.json").write_text("{}")
print("accuracy 1")
"""


def made_command(folder, steps=20, pause=0.0, fault="none", start=0):
    """The command of such a training."""
    return [sys.executable, "-c", PROGRAM, str(folder), str(start), str(steps), str(pause), fault]


def write_rows(file, steps):
    """Rows of steps at the end of a metrics.jsonl."""
    with file.open("a") as stream:
        stream.writelines(
            json.dumps({"kind": "step", "step": step, "loss": 1.0}) + "\n" for step in steps
        )
