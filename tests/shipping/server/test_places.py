"""Who gets room in the server, in which order, and who waits in vain."""

import asyncio

import pytest

from convscope.shipping.server import places as module
from convscope.shipping.server.places import NoRoomError, Places, Reservation


def run(work):
    return asyncio.run(work)


def test_those_who_wait_are_let_in_in_their_order():
    async def work():
        counts = []
        places = Places(2, counts.append)
        await places.take(2, places.ticket())
        order = []

        async def ask(name):
            await places.take(1, places.ticket())
            order.append(name)

        tasks = [asyncio.create_task(ask(name)) for name in "abcd"]
        await asyncio.sleep(0)
        assert places.taken == 2
        places.give_back(1)
        newcomer = asyncio.create_task(ask("e"))
        await asyncio.sleep(0.01)
        assert order == ["a"]
        for _ in range(4):
            places.give_back(1)
        await asyncio.gather(*tasks, newcomer)
        assert max(counts) == 2
        return order

    assert run(work()) == list("abcde")


def test_waiting_in_vain(monkeypatch):
    monkeypatch.setattr(module, "LINE_SECONDS", 0.01)

    async def work():
        places = Places(4)
        await places.take(4, places.ticket())
        with pytest.raises(NoRoomError):
            await places.take(1, places.ticket())
        places.give_back(4)
        await places.take(4, places.ticket())
        assert places.taken == 4

    run(work())


def test_one_that_needs_more_than_there_is_comes_in_alone():
    async def work():
        places = Places(4)
        await places.take(1, places.ticket())
        large = asyncio.create_task(places.take(9, places.ticket()))
        await asyncio.sleep(0)
        small = asyncio.create_task(places.take(1, places.ticket()))
        await asyncio.sleep(0.01)
        assert not large.done()
        assert not small.done()
        places.give_back(1)
        await large
        assert places.taken == 9
        places.give_back(9)
        await small

    run(work())


def test_one_that_leaves_the_line_lets_the_others_see(monkeypatch):
    async def work():
        places = Places(4)
        await places.take(2, places.ticket())
        monkeypatch.setattr(module, "LINE_SECONDS", 0.02)
        large = asyncio.create_task(places.take(3, places.ticket()))
        await asyncio.sleep(0)
        monkeypatch.setattr(module, "LINE_SECONDS", 60)
        await places.take(2, places.ticket())  # behind the other one, which waits in vain
        with pytest.raises(NoRoomError):
            await large
        assert places.taken == 4

    run(work())


def test_a_cancelled_wait_takes_nothing():
    async def work():
        places = Places(1)
        await places.take(1, places.ticket())
        waiting = asyncio.create_task(places.take(1, places.ticket()))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        places.give_back(1)
        assert places.taken == 0

    run(work())


def test_a_slow_sender_keeps_nobody_out_and_is_first_when_all_is_there(monkeypatch):
    monkeypatch.setattr(module, "KEPT_SECONDS", 0.01)

    async def work():
        places = Places(1)
        slow, quick, last = Reservation(places), Reservation(places), Reservation(places)
        await slow.enter()
        await quick.enter()  # once the slow one has lost its place
        await quick.settle(1)
        order = []

        async def come(name, coroutine):
            await coroutine
            order.append(name)

        waiting = asyncio.create_task(come("last", last.enter()))
        await asyncio.sleep(0)
        back = asyncio.create_task(come("slow", slow.settle(1)))
        await asyncio.sleep(0)
        quick.leave()
        await back
        slow.leave()
        slow.leave()
        await waiting
        last.leave()
        assert places.taken == 0
        return order

    assert run(work()) == ["slow", "last"]


def test_lists_that_grow_do_not_wait_for_one_another():
    async def work():
        places = Places(4)
        lists = [Reservation(places) for _ in range(4)]
        for each in lists:
            await each.enter()
        done = []

        async def grow(place):
            await place.settle(3)
            done.append(place)
            await asyncio.sleep(0)
            place.leave()

        await asyncio.gather(*map(grow, lists))
        assert len(done) == 4
        assert places.taken == 0

    run(work())


def test_large_lists_do_not_push_in():
    """Many lists, each with more images than there are places, come after who was there before."""

    async def work():
        places = Places(2)
        busy = Reservation(places)
        await busy.enter()
        await busy.settle(2)
        order = []

        async def ask(name, images):
            mine = Reservation(places)
            await mine.enter()
            await mine.settle(images)
            order.append(name)
            await asyncio.sleep(0)
            mine.leave()

        names = [("small", 1), *(("list", 9) for _ in range(3)), ("late", 1)]
        tasks = []
        for each in names:
            tasks.append(asyncio.create_task(ask(*each)))
            await asyncio.sleep(0)
        busy.leave()
        await asyncio.gather(*tasks)
        assert places.taken == 0
        return order

    served = run(work())
    assert served[:2] == ["small", "list"]
    assert sorted(served) == ["late", "list", "list", "list", "small"]


def test_those_let_in_from_the_line_are_expected_until_they_come():
    async def work():
        expected = []
        places = Places(2, expect=expected.append)
        first, list_of_two, gone = (Reservation(places) for _ in range(3))
        await first.enter()
        await first.settle(2)
        first.submitted()
        assert expected == []  # nobody waited
        waiting = [asyncio.create_task(each.enter()) for each in (list_of_two, gone)]
        await asyncio.sleep(0)
        first.leave()
        await asyncio.gather(*waiting)
        assert expected == [1, 1]
        settling = asyncio.create_task(list_of_two.settle(2))
        await asyncio.sleep(0)
        assert expected == [1, 1, -1]
        gone.leave()
        await settling
        assert expected == [1, 1, -1, -1, 2]
        list_of_two.submitted()
        list_of_two.leave()
        assert expected == [1, 1, -1, -1, 2, -2]

    run(work())
