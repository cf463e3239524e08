"""Accounts, asked of workers that hold them, do not hold them, or cannot be asked."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from app.views import locate
from features.murmur import murmur2_partition
from tests.views.worlds import NOW_MS, PARTITIONS, HeldWorker, paid, received

if TYPE_CHECKING:
    from tests.views.worlds import World

MINUTE_MS = 60_000
PAYERS = "transactions"
PAYEES = "transactions-by-payee"


def two_workers() -> tuple[HeldWorker, HeldWorker]:
    """Return two workers with two empty partitions of each topic."""
    one, two = HeldWorker(), HeldWorker()
    for topic in (PAYERS, PAYEES):
        one.hold(topic, 0).hold(topic, 1)
        two.hold(topic, 2).hold(topic, 3)
    return one, two


@pytest.mark.parametrize("partition", range(PARTITIONS))
async def test_every_worker_answers_for_a_payer_in_any_partition(world: World, partition: int) -> None:
    """A payer is found wherever a producer put it, with the same answer from both workers."""
    one, two = two_workers()
    owner = one if partition < 2 else two
    owner.hold(PAYERS, partition, ravi_okaxis=paid(NOW_MS - 2 * MINUTE_MS, NOW_MS - MINUTE_MS))
    await world.serve(one, two)

    (first, body), (second, other) = [await worker.get("/payers/Ravi@OkAxis") for worker in (one, two)]

    assert (first.status, second.status) == (200, 200)
    assert body == other
    assert ("ravi@okaxis", partition) == (body["payer_vpa"], body["partition"])
    assert body["windows"]["5m"]["payments"] == 2
    assert len(body["payments"]) == 2


async def test_every_worker_answers_for_a_payee(world: World) -> None:
    """A payee is found in the partition that our partitioner gives it."""
    one, two = two_workers()
    home = murmur2_partition(b"shop@ybl", PARTITIONS)
    (one if home < 2 else two).hold(PAYEES, home, shop_ybl=received(NOW_MS - MINUTE_MS))
    await world.serve(one, two)

    for worker in (one, two):
        response, body = await worker.get("/payees/shop@ybl")

        assert response.status == 200
        assert (body["payee_vpa"], body["windows"]["1h"]["distinct_payers"]) == ("shop@ybl", 1)


async def test_an_unknown_account_is_404_when_every_partition_was_looked_into(world: World) -> None:
    """Nobody knows the account, and all of them said so."""
    one, two = two_workers()
    await world.serve(one, two)

    for path in ("/payers/nobody@okaxis", "/payees/nobody@okaxis"):
        response, problem = await one.get(path)

        assert response.status == 404
        assert response.content_type == "application/problem+json"
        assert (problem["status"], problem["title"]) == (404, "Not Found")


async def test_a_silent_peer_makes_503_that_names_what_was_not_asked(world: World) -> None:
    """An account that was not found may be where nobody answered."""
    one, two = two_workers()
    await world.serve(one, two)
    await world.stop()

    response, problem = await one.get("/payers/nobody@okaxis")

    assert response.status == 503
    assert problem["missing_partitions"] == [2, 3]
    assert two.url in problem["detail"]
    assert response.headers["Retry-After"]


async def test_a_frozen_peer_is_not_waited_for(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A peer that takes the connection and says nothing counts as silent after the limit."""
    monkeypatch.setattr(locate, "PEER_TIMEOUT_S", 0.2)
    one, _ = two_workers()
    await world.serve(one)
    with socket.create_server(("127.0.0.1", 0)) as frozen:
        one.peer_urls = [f"http://127.0.0.1:{frozen.getsockname()[1]}"]

        response, problem = await one.get("/payers/nobody@okaxis")

    assert (response.status, problem["missing_partitions"]) == (503, [2, 3])
    assert "0.2 s" in problem["detail"]


async def test_an_account_found_is_shown_although_a_peer_is_silent(world: World) -> None:
    """What is here does not depend on who is away."""
    one, two = two_workers()
    one.hold(PAYERS, 1, ravi_okaxis=paid(NOW_MS - MINUTE_MS))
    await world.serve(one, two)
    await world.stop()

    response, body = await one.get("/payers/ravi@okaxis")

    assert (response.status, body["partition"]) == (200, 1)


async def test_partitions_that_nobody_has_open_make_503(world: World) -> None:
    """During a rebalance a peer answers, but has not restored its partitions: that is no 404."""
    one, two = two_workers()
    del two.held[PAYERS][3]
    await world.serve(one, two)

    response, problem = await one.get("/payers/nobody@okaxis")

    assert (response.status, problem["missing_partitions"]) == (503, [3])


async def test_partitions_that_still_catch_up_make_503(world: World) -> None:
    """What a dead owner had not committed is read again; until then an account may be missing, here and there."""
    one, two = two_workers()
    one.behind = two.behind = frozenset({1, 2})
    one.hold(PAYERS, 1, ravi_okaxis=paid(NOW_MS - MINUTE_MS))
    await world.serve(one, two)

    response, problem = await one.get("/payers/nobody@okaxis")
    found, _ = await two.get("/payers/ravi@okaxis")

    assert (response.status, problem["missing_partitions"]) == (503, [1, 2])
    assert "catching up" in problem["detail"]
    assert found.status == 200


async def test_the_newest_of_two_states_of_one_payer_is_shown(world: World) -> None:
    """Where producers disagreed on a payer's partition, the state with the newest payment answers, from everywhere."""
    one, two = two_workers()
    one.hold(PAYERS, 0, ravi_okaxis=paid(NOW_MS - 3 * MINUTE_MS))
    two.hold(PAYERS, 2, ravi_okaxis=paid(NOW_MS - 2 * MINUTE_MS))
    await world.serve(one, two)

    for worker in (one, two):
        _, body = await worker.get("/payers/ravi@okaxis")

        assert body["partition"] == 2


async def test_the_moment_can_be_chosen(world: World) -> None:
    """`?at=` moves the windows, on the peer that holds the account too."""
    one, two = two_workers()
    two.hold(PAYERS, 3, ravi_okaxis=paid(1_767_225_600_000))
    await world.serve(one, two)

    for at in ("1767225601000", "2026-01-01T05:30:01+05:30", "2026-01-01T00:00:01Z"):
        _, body = await one.get("/payers/ravi@okaxis", params={"at": at})

        assert (body["windows"]["5m"]["payments"], body["at"]) == (1, "2026-01-01T05:30:01.000+05:30")
    _, body = await one.get("/payers/ravi@okaxis")
    assert body["windows"]["5m"]["payments"] == 0


@pytest.mark.parametrize(
    "vpa", ["ravi", "ravi@", "@okaxis", "ra%20vi@okaxis", "a%2Fb@okaxis", "a%0Ab@x", "x" * 260 + "@y"]
)
async def test_a_bad_vpa_is_400(world: World, vpa: str) -> None:
    """What can be no VPA is told so, by either view."""
    one, two = two_workers()
    await world.serve(one, two)

    for path in (f"/payers/{vpa}", f"/payees/{vpa}"):
        response, problem = await one.get(path)

        assert (response.status, response.content_type) == (400, "application/problem+json")
        assert "name@handle" in problem["detail"]


@pytest.mark.parametrize("at", ["yesterday", "2026-01-01", "-5", "99999999999999999999"])
async def test_a_bad_moment_is_400(world: World, at: str) -> None:
    """A moment needs an offset or epoch milliseconds."""
    one, two = two_workers()
    await world.serve(one, two)

    response, _ = await one.get("/payers/ravi@okaxis", params={"at": at})

    assert response.status == 400


async def test_a_peer_does_not_ask_on(world: World) -> None:
    """`?local=1` is answered from what is open here alone."""
    one, two = two_workers()
    two.hold(PAYERS, 3, ravi_okaxis=paid(NOW_MS - MINUTE_MS))
    await world.serve(one, two)

    response, _ = await one.get("/payers/ravi@okaxis", params={"local": "1"})

    assert (response.status, response.headers["Prahari-Partitions"]) == (404, "0,1")
