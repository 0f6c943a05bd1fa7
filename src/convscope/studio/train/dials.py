"""The process that forecasts, kept while it is asked: `forecast_worker.py`."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from convscope.studio.refusals import refuse

IDLE_SECONDS = 300.0
"""After which the process is ended, for its memory."""
MOST_SECONDS = 120.0
"""After which a forecast isn't waited for."""
LINE_BYTES = 1 << 24
WORKER = [sys.executable, "-m", "convscope.studio.train.forecast_worker"]


class Dials:
    """Asks the process; of several questions at once, only the last is answered.

    Args:
        worker: The command that begins the process.
    """

    def __init__(self, worker: Sequence[str] = WORKER) -> None:
        self._worker = worker
        self._process: asyncio.subprocess.Process | None = None
        self._lock = asyncio.Lock()
        self._newest = 0
        self._rest: asyncio.TimerHandle | None = None

    async def forecast(self, asked: dict[str, Any]) -> dict[str, Any]:
        """The worker's answer.

        Raises:
            Refused: It can't be forecast, a newer question came, or the process ended.
        """
        self._newest += 1
        number = self._newest
        async with self._lock:
            if number != self._newest:
                raise refuse("refused.train.newer", status=409)
            process = await self._started()
            assert process.stdin is not None and process.stdout is not None  # noqa: S101, PT018
            try:
                process.stdin.write(json.dumps(asked).encode() + b"\n")
                line = await asyncio.wait_for(process.stdout.readline(), MOST_SECONDS)
            except asyncio.CancelledError:
                self.end()
                raise
            except (asyncio.TimeoutError, TimeoutError):
                await self.close()
                reason = f"it takes longer than {MOST_SECONDS:.0f} s"
                raise refuse("refused.train.forecast", reason=reason) from None
            except OSError:
                line = b""  # it has just ended
            if not line:
                await self.close()
                raise refuse("refused.train.forecast", reason="the process that forecasts ended")
        found: dict[str, Any] = json.loads(line)
        if "error" in found:
            raise refuse("refused.train.forecast", reason=found["error"])
        return found

    async def _started(self) -> asyncio.subprocess.Process:
        if self._rest is not None:
            self._rest.cancel()
        self._rest = asyncio.get_running_loop().call_later(IDLE_SECONDS, self._end_if_idle)
        if self._process is None or self._process.returncode is not None:
            self._process = await asyncio.create_subprocess_exec(
                *self._worker,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                limit=LINE_BYTES,
                start_new_session=True,  # Ctrl-C in the terminal is for Studio
                env={**os.environ, "GOMP_SPINCOUNT": "10000"},
            )
        return self._process

    def _end_if_idle(self) -> None:
        if not self._lock.locked():
            self.end()

    async def close(self) -> None:
        """End the process and wait until it has."""
        process = self._process
        if self._rest is not None:
            self._rest.cancel()
        self.end()
        if process is not None:
            if process.stdin is not None:
                process.stdin.close()
                with suppress(OSError):  # it ended before it read all
                    await process.stdin.wait_closed()
            await process.communicate()  # its pipes are closed as well then

    def end(self) -> None:
        """End the process; the next question starts another one."""
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            process.kill()
