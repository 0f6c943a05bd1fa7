"""Processes that train together, started by the tests without the launcher."""

import multiprocessing
import os
import signal
import socket
import sys
import traceback

from convscope.errors import ConvscopeError


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Started:
    """Processes that run a function each; what they print or raise lies in the folder."""

    def __init__(self, count, folder, function, *args, environment=None):
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        variables = {
            "WORLD_SIZE": str(count),
            "MASTER_ADDR": "127.0.0.1",
            "MASTER_PORT": str(free_port()),
            "GLOO_SOCKET_IFNAME": "lo",
            "TMPDIR": str(folder),
            "CONVSCOPE_WAIT": "120",
            **(environment or {}),
        }
        context = multiprocessing.get_context("fork")
        self.processes = [
            context.Process(target=self._run, args=(rank, variables, function, args))
            for rank in range(count)
        ]
        for each in self.processes:
            each.start()

    def _run(self, rank, variables, function, args):
        os.environ.update(variables, RANK=str(rank), LOCAL_RANK=str(rank))
        said = os.open(self.folder / f"said-{rank}", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(said, 2)
        sys.stderr = os.fdopen(said, "w", buffering=1)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        try:
            function(*args)
        except ConvscopeError as error:
            print(error, file=sys.stderr)
            os._exit(error.exit_code)
        except BaseException:
            traceback.print_exc()
            os._exit(70)
        os._exit(0)

    def end(self):
        """Wait for all; their exit codes."""
        for each in self.processes:
            each.join(200)
            if each.exitcode is None:
                each.kill()
        return [each.exitcode for each in self.processes]

    def said(self, rank):
        return (self.folder / f"said-{rank}").read_text(encoding="utf-8")


def train_in(count, folder, function, *args, **environment):
    """Let a function run in several processes, all of which must end well."""
    started = Started(count, folder, function, *args, environment=environment)
    codes = started.end()
    assert codes == [0] * count, [started.said(rank) for rank in range(count)]
    return started
