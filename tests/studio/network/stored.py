"""A folder of runs for the network view's tests: trained, hostile, unfinished, broken."""

import shutil

import convscope as cs

HOSTILE = ("<img src=x onerror=alert(1)>", "a‮b" + "n" * 200, "😀 group")


def stored_runs(folder):
    """Train one run, and put others around it."""
    cs.train("lenet", "digits", "fast", epochs=1, size=28, out=folder / "first", quiet=True)
    for name in HOSTILE:
        (folder / name).mkdir()
        for file in ("recipe.toml", "model.safetensors"):
            shutil.copy(folder / "first" / file, folder / name / file)
    shutil.copy(folder / "first" / "model.safetensors", folder / "alone.safetensors")
    (folder / "broken.safetensors").write_bytes(b"no weights")
    (folder / "unfinished").mkdir()
    shutil.copy(folder / "first" / "recipe.toml", folder / "unfinished" / "recipe.toml")
    return folder
