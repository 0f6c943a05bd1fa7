"""Copy the third-party scripts of Studio out of what npm has installed: `make vendor` runs it.

Each file is taken as published, but for changes without which a browser could not load it as it
lies: imports by package name lead to the file beside it, the line that names a source map goes, and
a script that sets a global variable exports it.
`VENDOR.json` says where each came from, and the hashes of both forms.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from pathlib import Path

HERE = Path(__file__).parent
OUT = HERE.parent / "src" / "convscope" / "studio" / "static" / "vendor"
FILES = {  # the name it gets: (package, published file)
    "preact.js": ("preact", "dist/preact.mjs"),
    "hooks.js": ("preact", "hooks/dist/hooks.mjs"),
    "htm.js": ("htm", "dist/htm.module.js"),
    "signals-core.js": ("@preact/signals-core", "dist/signals-core.mjs"),
    "signals.js": ("@preact/signals", "dist/signals.mjs"),
    "uplot.js": ("uplot", "dist/uPlot.iife.min.js"),
    "uplot.css": ("uplot", "dist/uPlot.min.css"),
}
BESIDE = {
    "preact": "preact.js",
    "preact/hooks": "hooks.js",
    "@preact/signals-core": "signals-core.js",
}


def as_vendored(script: str) -> str:
    """A published script with those changes."""
    without_map = re.sub(r"//# sourceMappingURL=\S+\s*$", "", script).rstrip() + "\n"
    variable = re.search(r"^var (\w+)=function\(\)", without_map, re.MULTILINE)
    if variable:
        without_map += f"export default {variable[1]};\n"
    return re.sub(
        r"""\bfrom\s*(["'])([^."'][^"']*)\1""",
        lambda found: f'from"./{BESIDE[found[2]]}"',
        without_map,
    )


def main() -> None:
    """Write the folder anew."""
    lock = json.loads((HERE / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    shutil.rmtree(OUT, ignore_errors=True)
    OUT.mkdir(parents=True)
    entries = []
    for name, (package, path) in FILES.items():
        folder = HERE / "node_modules" / package
        published = (folder / path).read_bytes()
        script = as_vendored(published.decode("utf-8")).encode()
        (OUT / name).write_bytes(script)
        licence = f"LICENSE.{package.replace('@', '').replace('/', '-')}"
        shutil.copyfile(folder / "LICENSE", OUT / licence)
        facts = lock[f"node_modules/{package}"]
        entries.append(
            {
                "file": name,
                "name": package,
                "version": facts["version"],
                "source": f"npm:{package}@{facts['version']}/{path}",
                "integrity": facts["integrity"],
                "published_sha256": hashlib.sha256(published).hexdigest(),
                "sha256": hashlib.sha256(script).hexdigest(),
                "licence": facts["license"],
                "licence_file": licence,
            }
        )
    text = json.dumps(entries, indent=2) + "\n"
    (OUT / "VENDOR.json").write_text(text, encoding="utf-8")
    print(f"{len(entries)} files, {sum((OUT / name).stat().st_size for name in FILES):,} bytes")


if __name__ == "__main__":
    main()
