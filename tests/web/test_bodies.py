"""Bodies that are too much together: read later, in turn, and refused only after a while."""

import asyncio

import pytest
from starlette.requests import Request

from convscope.web import bodies as module
from convscope.web.bodies import Bodies
from convscope.web.failures import Refused


class Sender:
    """A client of which the test decides when it sends."""

    def __init__(self):
        self.parts = asyncio.Queue()

    def send(self, size, more=True):
        self.parts.put_nowait({"type": "http.request", "body": bytes(size), "more_body": more})

    def request(self):
        return Request({"type": "http", "headers": []}, self.parts.get)


async def read(bodies, sender, held=None):
    with bodies.room() as taken:
        body = await bodies.read(sender.request(), taken)
        if held:
            await held.wait()
        return len(body)


def test_bodies_that_are_too_much_together_are_all_read():
    async def work():
        bodies = Bodies(100, 150, "Send less.")
        senders = [Sender() for _ in range(5)]
        tasks = [asyncio.create_task(read(bodies, each)) for each in senders]
        for each in senders:  # halves of all: 250 bytes, and none can be finished without room
            each.send(50)
        await asyncio.sleep(0.01)
        assert not any(task.done() for task in tasks)
        for each in senders:
            each.send(50, more=False)
        return await asyncio.gather(*tasks)

    assert asyncio.run(work()) == [100] * 5


def test_no_room_for_long(monkeypatch):
    monkeypatch.setattr(module, "BODIES_SECONDS", 0.01)

    async def work():
        bodies = Bodies(100, 150, "Send less.")
        first, second = Sender(), Sender()
        held = asyncio.Event()
        one = asyncio.create_task(read(bodies, first, held))
        first.send(100, more=False)
        await asyncio.sleep(0)
        third = Sender()
        stays = asyncio.create_task(read(bodies, third))
        third.send(50)
        await asyncio.sleep(0)
        second.send(60, more=False)
        with pytest.raises(Refused) as refused:
            await read(bodies, second)
        assert refused.value.status == 503
        assert refused.value.headers["Retry-After"] == "1"
        held.set()
        third.send(50, more=False)
        assert await one == 100
        assert await stays == 100
        second.send(100, more=False)  # what was given back can be had again
        assert await read(bodies, second) == 100

    asyncio.run(work())


def test_one_body_that_is_too_long():
    async def work():
        bodies = Bodies(100, 150, "Send less.")
        sender = Sender()
        sender.send(101)
        with pytest.raises(Refused, match="Send less") as refused:
            await read(bodies, sender)
        assert refused.value.status == 413

    asyncio.run(work())
