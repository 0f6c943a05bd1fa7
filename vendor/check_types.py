"""Check the JSDoc types of Studio's scripts with TypeScript: `make check` runs it.

TypeScript comes from npm, in the version of package-lock.json. Where there is no npm, or it can't
reach the registry, that is said and nothing is checked. The third-party scripts are not ours to
check: what is said of them is left out.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
COMPILER = HERE / "node_modules" / "typescript" / "bin" / "tsc"
SECONDS = 120
"""Until the registry counts as out of reach."""


def find_compiler() -> str:
    """Have TypeScript there; gives why it isn't, or nothing."""
    if shutil.which("node") is None:
        return "there is no node"
    if COMPILER.is_file():
        return ""
    if shutil.which("npm") is None:
        return "there is no npm"
    install = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    try:
        done = subprocess.run(install, cwd=HERE, capture_output=True, text=True, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        return f"npm didn't answer within {SECONDS} seconds"
    return (
        "" if done.returncode == 0 else f"npm: {(done.stderr.strip() or 'failed').splitlines()[0]}"
    )


def own_complaints(said: str) -> list[str]:
    """What TypeScript said of our own scripts, without the lines that only go on with others'."""
    kept: list[str] = []
    ours = True
    for line in said.splitlines():
        if not line.startswith(" "):
            ours = "/static/vendor/" not in line
        if ours and line.strip():
            kept.append(line)
    return kept


def main() -> int:
    """Check; gives the exit status."""
    missing = find_compiler()
    if missing:
        print(f"The types of Studio's scripts were not checked: {missing}.")
        return 0
    command = ["node", str(COMPILER), "--project", str(HERE / "tsconfig.json")]
    done = subprocess.run(command, cwd=HERE, capture_output=True, text=True)
    complaints = own_complaints(done.stdout)
    if done.returncode != 0 and not done.stdout.strip():
        complaints = [done.stderr.strip() or f"tsc ended with {done.returncode}"]
    print("\n".join(complaints) or "The types of Studio's scripts are right.")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
