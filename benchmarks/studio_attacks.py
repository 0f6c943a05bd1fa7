"""What strangers and broken clients do to a studio, counted: rows 40 and 43 of docs/trust.md.

    python benchmarks/studio_attacks.py [BODIES]

A `convscope studio` of its own gets fuzzed bodies on every path that takes one, a thousand idle
connections, and requests that try to leave its folder, its host or its token. Counted are answers
of 500 and above, the growth of its memory, and how long healthy requests take beside it all.
"""

from __future__ import annotations

import json
import os
import random
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx

SEEDS = {  # bodies that are accepted, to be damaged
    "/api/bench/compute": {
        "image": {"shape": [1, 4, 4], "type": "uint8", "data": "AAECAwQFBgcICQoLDA0ODw=="},
        "kernel": {"shape": [1, 1, 1], "type": "uint8", "data": "AQ=="},
    },
    "/api/runs/curves": {"runs": ["a"], "most": 100},
    "/api/runs/one": {"run": "a"},
    "/api/lessons/exercise": {"exercise": "7.2"},
}
WORDS = ("run", "../..", "\ud800", "<script>", "\0", "9" * 400, "NaN", "image", "shape", "é\u202e")
NEVER = ("/start", "/resume", "/read")  # they may begin something that lasts


def fuzzed(seed: object, dice: random.Random) -> bytes:
    """A body that is damaged, nested or nonsense."""
    kind = dice.randrange(4)
    if kind == 0:
        return dice.randbytes(dice.randrange(200))
    text = bytearray(json.dumps(seed).encode())
    if kind == 1:
        for _ in range(dice.randrange(1, 6)):
            text[dice.randrange(len(text))] = dice.randrange(256)
        return bytes(text)
    if kind == 2:
        return bytes(text[: dice.randrange(len(text))])
    value: object = dice.choice([None, -1, 1e308, 2**70, True, dice.choice(WORDS), [], {}])
    for _ in range(dice.randrange(1, 5)):
        value = dice.choice([[value] * 3, {dice.choice(WORDS): value}])
    changed = {**seed, dice.choice([*seed, "more"]): value} if isinstance(seed, dict) else value
    return json.dumps(changed).encode()


def resident(number: int) -> int:
    """Bytes of memory of a process."""
    pages = int(Path(f"/proc/{number}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def healthy(client: httpx.Client, count: int) -> tuple[float, int]:
    """The 99th percentile of seconds of a request that does nothing, and how many were cut off.

    Each is on a connection of its own, and one that was cut off is asked again: while a thousand
    connections come at once, a newcomer may be among those that are closed.
    """
    times, cut = [], 0
    for _ in range(count):
        begun, answer = time.perf_counter(), None
        while answer is None:
            try:
                answer = client.get("/api/hello", headers={"Connection": "close"})
            except httpx.TransportError:
                cut += 1
        assert answer.status_code == 200
        times.append(time.perf_counter() - begun)
    return statistics.quantiles(times, n=100)[98], cut


def forbidden(base: str, token: str) -> list[tuple[str, int]]:
    """Twenty requests that want what they mustn't have, and what each was answered."""
    key = {"Authorization": f"Bearer {token}"}
    host, port = base.removeprefix("http://").split(":")
    found = []
    for path in (
        "/static/../routes.py", "/static/%2e%2e/%2e%2e/app.py", "/static//etc/passwd",
        "/static/..%5c..%5capp.py", "/static/words/../../serve.py",
    ):  # fmt: skip
        with socket.create_connection((host, int(port)), timeout=30) as raw:
            request = f"GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n\r\n"
            raw.sendall(request.encode())
            found.append((path, int(raw.recv(4096).split()[1])))
    bodies = {"/api/runs/one": {"run": "../../etc"}, "/api/bench/compute": {}}
    with httpx.Client(base_url=base, timeout=60) as client:
        for name in ("../..", "/etc/passwd", "..\\..", "%2e%2e", "a\0b"):
            answer = client.post("/api/runs/one", json={"run": name}, headers=key)
            found.append((f"run {name!r}", answer.status_code))
        for headers in (
            {"Host": "evil.test"}, {"Host": "127.0.0.1.evil.test"},
            {"Origin": "https://evil.test"}, {"Sec-Fetch-Site": "cross-site"},
        ):  # fmt: skip
            for path, body in bodies.items():
                answer = client.post(path, json=body, headers={**key, **headers})
                found.append((f"{headers} {path}", answer.status_code))
        for headers in ({}, {"Authorization": "Bearer x"}):
            answer = client.post("/api/runs/one", json={"run": "a"}, headers=headers)
            found.append((f"token {headers}", answer.status_code))
    return found


def main() -> None:
    """Attack and count; ends with 1 where the figures aren't reached."""
    bodies = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    command = [sys.executable, "-m", "convscope", "studio", tempfile.mkdtemp(), "--no-open"]
    studio = subprocess.Popen([*command, "--port", "0"], stdout=subprocess.PIPE, text=True)
    assert studio.stdout is not None
    found = re.search(r"(http\S+)/\?token=(\S+)", studio.stdout.readline())
    assert found is not None
    try:
        base, token = found.groups()
        dice = random.Random(0)  # noqa: S311
        with httpx.Client(
            base_url=base, timeout=120, headers={"Authorization": f"Bearer {token}"}
        ) as client:
            described = client.get("/openapi.json").json()["paths"]
            paths = [
                path for path, ways in described.items()
                if "post" in ways and "{" not in path and not path.endswith(NEVER)
            ]  # fmt: skip
            seeds = [(path, SEEDS.get(path, {"run": "a", "network": "stored:a"})) for path in paths]
            broken, answers = [], {}

            def attack(count: int) -> None:
                for number in range(count):
                    path, seed = seeds[number % len(seeds)]
                    body = fuzzed(seed, dice)
                    kind = {"Content-Type": dice.choice(["application/json", "image/png", "x"])}
                    status = client.post(path, content=body, headers=kind).status_code
                    answers[status] = answers.get(status, 0) + 1
                    if status >= 500:
                        broken.append((path, status, body[:100]))

            attack(min(2_000, bodies))  # what is loaded once is loaded
            before, (alone, _) = resident(studio.pid), healthy(client, 300)
            attack(bodies)
            growth = resident(studio.pid) / before - 1
            host, port = base.removeprefix("http://").split(":")
            client.get(
                "/api/hello", headers={"Connection": "close"}
            )  # leaves none that could be closed
            idle = [socket.create_connection((host, int(port)), timeout=30) for _ in range(1_000)]
            beside, cut = healthy(client, 300)
            for each in idle:
                each.close()
            tried = forbidden(base, token)
    finally:
        studio.terminate()
    ended = studio.wait(30)
    held = [each for each in tried if 400 <= each[1] < 500]
    print(f"answers {answers}; of 500 and above: {broken or 'none'}")
    print(f"not refused: {[each for each in tried if each not in held] or 'none'}")
    print(f"exit {ended}; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
    good = not broken and growth < 0.05 and beside <= 2 * alone and len(held) == len(tried)
    print(
        f"{sum(answers.values()):,} bodies, {len(broken)} answers of 500 and above; "
        f"memory {100 * growth:+.1f} %; "
        f"p99 {1e3 * alone:.1f} ms alone, {1e3 * beside:.1f} ms beside 1,000 idle connections "
        f"({cut} cut off); "
        f"{len(held)} of {len(tried)} refused"
    )
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
