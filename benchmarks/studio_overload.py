"""A studio with ten times the clients that it has processors for, and ended in the middle of it.

    python benchmarks/studio_overload.py [ROUNDS]

Clients that ask again as soon as they were answered let a `convscope studio` of its own compute
outputs of the bench: in turn four of them, and forty, whose answers are compared with the numbers
that they sent, so that one that went to somebody else would be seen. Then fifty requests are in
flight when SIGTERM comes. Printed are answers by the second and by the studio's own processor
time, for on a machine that does other things as well only the latter tells much.
"""

from __future__ import annotations

import base64
import json
import os
import re
import signal
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx

FEW, MANY = 4, 40
SECONDS = 6.0
IN_FLIGHT = 50
SIDE = 48


def body_of(number: int) -> bytes:
    """A setting whose whole output is the number."""
    image = base64.b64encode(bytes([number]) * SIDE * SIDE).decode()
    return json.dumps({
        "image": {"shape": [1, SIDE, SIDE], "type": "uint8", "data": image},
        "kernel": {"shape": [1, 1, 1], "type": "uint8", "data": "AQ=="},
    }).encode()  # fmt: skip


def is_answer_to(number: int, content: bytes) -> bool:
    """Whether an answer's output is the number everywhere."""
    found = json.loads(content)["output"]
    expected = struct.pack("<d", float(number)) * (SIDE * SIDE)
    return base64.b64decode(found["data"]) == expected


def used(number: int) -> float:
    """Processor time of a process so far."""
    fields = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def ask_for(address: str, token: str, clients: int) -> dict[str, int]:
    """What so many clients were told in `SECONDS`."""
    counts = {"answered": 0, "swapped": 0, "failed": 0}
    lock, end = threading.Lock(), time.monotonic() + SECONDS

    def one(client: int) -> None:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        number = client + 1
        with httpx.Client(base_url=address, headers=headers, timeout=60) as own:
            while time.monotonic() < end:
                answer = own.post("/api/bench/compute", content=body_of(number))
                if answer.status_code != 200:
                    kind = "failed"
                else:
                    kind = "answered" if is_answer_to(number, answer.content) else "swapped"
                with lock:
                    counts[kind] += 1

    with ThreadPoolExecutor(clients) as threads:
        list(threads.map(one, range(clients)))
    return counts


def end_in_flight(studio: subprocess.Popen[str], port: int, token: str) -> tuple[int, float]:
    """How many requests in flight were answered after SIGTERM, and the seconds to the end."""
    doors = []
    for number in range(1, IN_FLIGHT + 1):
        door = socket.create_connection(("127.0.0.1", port), timeout=60)
        door.sendall(
            f"POST /api/bench/compute HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
            f"Authorization: Bearer {token}\r\nContent-Type: application/json\r\n"
            f"Expect: 100-continue\r\nContent-Length: {len(body_of(number))}\r\n\r\n".encode()
        )
        doors.append(door)
    for door in doors:
        door.recv(100)  # its body is asked for
    studio.send_signal(signal.SIGTERM)
    begun, answered = time.perf_counter(), 0
    for number, door in enumerate(doors, start=1):
        door.sendall(body_of(number))
    for number, door in enumerate(doors, start=1):
        content = b"".join(iter(lambda door=door: door.recv(65536), b""))
        head, _, body = content.partition(b"\r\n\r\n")
        answered += head.startswith(b"HTTP/1.1 200 ") and is_answer_to(number, body)
        door.close()
    studio.wait(60)
    return answered, time.perf_counter() - begun


def main() -> None:
    """Measure and print."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    runs = tempfile.mkdtemp()
    command = [sys.executable, "-m", "convscope", "studio", runs, "--no-open", "--port", "0"]
    studio = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert studio.stdout is not None
    found = re.search(r"(http\S+:(\d+))/\?token=(\S+)", studio.stdout.readline())
    assert found is not None
    address, port, token = found.groups()
    rates: dict[int, list[tuple[float, float]]] = {FEW: [], MANY: []}
    total = {"answered": 0, "swapped": 0, "failed": 0}
    ask_for(address, token, FEW)  # what is loaded once
    for turn in range(rounds):
        for clients in (FEW, MANY) if turn % 2 else (MANY, FEW):
            before, begun = used(studio.pid), time.perf_counter()
            counts = ask_for(address, token, clients)
            wall, processor = time.perf_counter() - begun, used(studio.pid) - before
            rates[clients].append((counts["answered"] / wall, counts["answered"] / processor))
            total = {name: total[name] + counts[name] for name in total}
    for kind, name in enumerate(("by the clock", "by processor time")):
        few, many = (statistics.median(each[kind] for each in rates[n]) for n in (FEW, MANY))
        print(f"{name}: {few:.0f} answers a second to {FEW} clients, {many:.0f} to {MANY}: "
              f"{100 * many / few:.0f} %")  # fmt: skip
    print(total)
    answered, seconds = end_in_flight(studio, int(port), token)
    print(f"SIGTERM with {IN_FLIGHT} in flight: {answered} answered, ended after {seconds:.1f} s, "
          f"code {studio.returncode}; load {os.getloadavg()[0]:.1f}")  # fmt: skip


if __name__ == "__main__":
    main()
