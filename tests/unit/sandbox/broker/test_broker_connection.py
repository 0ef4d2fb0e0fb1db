"""One connection, frame by frame: how it opens, what it refuses, and how it ends."""

from __future__ import annotations

import pytest
from unit.sandbox.broker.wire_peer import Bench, a_raw

from sandbox.broker.frames import (
    AMQP_HEADER,
    ATTACH,
    BEGIN,
    CLOSE,
    DETACH,
    EMPTY_FRAME,
    END,
    FLOW,
    OPEN,
    SASL_FRAME,
    SASL_HEADER,
    SASL_INIT,
    SASL_MECHANISMS,
    SASL_OUTCOME,
    TRANSFER,
    Fields,
    frame,
)
from sandbox.broker.values import Described, Symbol, UInt, ULong, Value


@pytest.fixture
def bench() -> Bench:
    return Bench()


def _error(heard: list[tuple[int, Fields, bytes]], code: int = CLOSE) -> str:
    for found, fields, _ in heard:
        if found == code:
            error = fields.any(2 if code == DETACH else 0)
            assert isinstance(error, Described)
            assert len(error.value) == 3, "the Python SDK reads all three fields"
            return str(error.value[0])
    raise AssertionError(f"no {code:#x} among {[hex(c) for c, _, _ in heard]}")


def test_it_opens_with_sasl_as_the_sdks_do(bench: Bench) -> None:
    peer = bench.peer()
    peer.say(SASL_HEADER)
    ((code, mechanisms, _),) = peer.heard()
    assert code == SASL_MECHANISMS
    assert "ANONYMOUS" in mechanisms.any(0).items
    peer.say(frame(0, SASL_INIT, [Symbol("ANONYMOUS"), b""], SASL_FRAME))
    ((code, outcome, _),) = peer.heard()
    assert (code, outcome.number(0)) == (SASL_OUTCOME, 0)
    peer.say(AMQP_HEADER)
    peer.send(0, OPEN, ["peer"])

    assert peer.codes() == [OPEN]
    assert peer.headers == [SASL_HEADER, AMQP_HEADER]


def test_it_opens_without_sasl_too(bench: Bench) -> None:
    peer = bench.peer()
    peer.say(AMQP_HEADER)
    peer.send(0, OPEN, ["peer"])
    peer.send(7, BEGIN, [None, UInt(0), UInt(10), UInt(10)])

    heard = peer.heard()
    assert [code for code, _, _ in heard] == [OPEN, BEGIN]
    assert heard[1][1].number(0) == 7, "begin names the client's channel"


def test_everything_may_come_in_one_piece_or_byte_by_byte(bench: Bench) -> None:
    whole = SASL_HEADER + frame(0, SASL_INIT, [Symbol("PLAIN"), b"\0u\0p"], SASL_FRAME)
    whole += AMQP_HEADER + frame(0, OPEN, ["peer"])
    whole += frame(1, BEGIN, [None, UInt(0), UInt(10), UInt(10)])
    at_once, slowly = bench.peer(), bench.peer()
    at_once.say(whole)
    for byte in whole:
        slowly.say(bytes((byte,)))

    expected = [SASL_MECHANISMS, SASL_OUTCOME, OPEN, BEGIN]
    assert at_once.codes() == expected
    assert slowly.codes() == expected


@pytest.mark.parametrize("header", [b"AMQP\x02\x01\x00\x00", b"GET / HT", b"AMQP\x00\x00\x09\x01"])
def test_another_protocol_is_told_ours_and_hung_up_on(bench: Bench, header: bytes) -> None:
    peer = bench.peer()
    peer.say(header)

    assert peer.heard() == []
    assert peer.headers == [SASL_HEADER]
    assert peer.connection.is_finished


def test_an_unknown_mechanism_is_refused(bench: Bench) -> None:
    peer = bench.peer()
    peer.say(SASL_HEADER)
    peer.say(frame(0, SASL_INIT, [Symbol("GSSAPI")], SASL_FRAME))

    code, outcome, _ = peer.heard()[-1]
    assert (code, outcome.number(0)) == (SASL_OUTCOME, 1)
    assert peer.connection.is_finished


def test_a_silent_connection_is_hung_up_on(bench: Bench) -> None:
    peer = bench.peer()
    bench.pass_time(60)

    assert peer.connection.is_finished
    assert len(bench.timers) == 0


def test_heartbeats_come_at_half_the_clients_time_out(bench: Bench) -> None:
    peer = bench.opened(idle_ms=60_000)
    bench.pass_time(29)
    assert peer.connection.take() == b""
    bench.pass_time(1)
    assert peer.connection.take() == EMPTY_FRAME
    peer.say(EMPTY_FRAME)
    peer.connection.lost()

    assert len(bench.timers) == 0


def test_close_is_answered(bench: Bench) -> None:
    peer = bench.opened()
    peer.send(0, CLOSE, [])

    assert peer.codes() == [CLOSE]
    assert peer.connection.is_finished


@pytest.mark.parametrize(
    ("raw", "condition"),
    [
        (b"\xff\xff\xff\xff\x02\x00\x00\x00", "amqp:connection:framing-error"),
        (b"\x00\x00\x00\x04\x02\x00\x00\x00", "amqp:connection:framing-error"),
        (b"\x00\x00\x00\x10\x01\x00\x00\x00", "amqp:connection:framing-error"),
        (b"\x00\x00\x00\x10\xff\x00\x00\x00", "amqp:connection:framing-error"),
        (b"\x00\x00\x00\x10\x02\x07\x00\x00", "amqp:connection:framing-error"),
        (b"\x00\x00\x00\x08\x02\x01\x00\x00", "amqp:connection:framing-error"),
        (b"\x00\x00\x00\x0b\x02\x00\x00\x01\x00\x53\x13", "amqp:decode-error"),
        (b"\x00\x00\x00\x0c\x02\x00\x00\x01\x01\x01\x01\x01", "amqp:decode-error"),
        (b"\x00\x00\x00\x09\x02\x00\x00\x01\x45", "amqp:decode-error"),
        (frame(1, FLOW, [UInt(0), "no number"]), "amqp:invalid-field"),
        (frame(1, ATTACH, [None, UInt(0), True]), "amqp:invalid-field"),
        (frame(1, ATTACH, ["l", UInt(0), True, None, None, "no source"]), "amqp:invalid-field"),
        (frame(1, 0x15, [True, UInt(0), None, True, "no state"]), "amqp:invalid-field"),
        (frame(1, 0x77, []), "amqp:illegal-state"),
        (frame(0, OPEN, ["again"]), "amqp:illegal-state"),
        (frame(1, BEGIN, [None, UInt(0), UInt(1), UInt(1)]), "amqp:illegal-state"),
        (frame(2, FLOW, [UInt(0), UInt(1)]), "amqp:connection:framing-error"),
        (frame(5000, BEGIN, [None, UInt(0), UInt(1), UInt(1)]), "amqp:connection:framing-error"),
    ],
)
def test_a_bad_frame_closes_with_its_error(bench: Bench, raw: bytes, condition: str) -> None:
    peer, other = bench.opened(), bench.opened()
    peer.say(raw)

    assert _error(peer.heard()) == condition
    assert not peer.connection.is_finished, "the client may still read why"
    peer.say(frame(0, CLOSE, []))
    assert peer.connection.is_finished
    other.attach_sender(0, "q")
    assert other.codes() == [ATTACH, FLOW]


def test_a_client_that_does_not_answer_the_close_is_cut(bench: Bench) -> None:
    peer = bench.opened()
    peer.say(b"\xff" * 64)
    peer.heard()
    peer.say(b"\x00" * 1000)
    bench.pass_time(5)

    assert peer.connection.is_finished
    assert len(bench.timers) == 0


def test_an_open_with_tiny_frames_is_refused_with_an_open_first(bench: Bench) -> None:
    peer = bench.peer()
    peer.say(AMQP_HEADER)
    peer.send(0, OPEN, ["peer", None, UInt(100)])

    heard = peer.heard()
    assert [code for code, _, _ in heard] == [OPEN, CLOSE]
    assert _error(heard) == "amqp:invalid-field"


@pytest.mark.parametrize(
    ("handle", "condition"),
    [(0, "amqp:session:handle-in-use"), (5000, "amqp:invalid-field")],
)
def test_a_bad_handle_ends_only_the_session(bench: Bench, handle: int, condition: str) -> None:
    peer = bench.opened()
    peer.attach_sender(0, "q")
    peer.heard()
    peer.attach_sender(handle, "q")
    assert _error(peer.heard(), END) == condition
    peer.attach_sender(1, "q")
    assert peer.heard() == [], "what was on its way is ignored"
    peer.send(1, END, [])
    peer.send(1, BEGIN, [None, UInt(0), UInt(10), UInt(10)])

    assert peer.codes() == [BEGIN]


def test_a_transfer_on_no_link_ends_only_the_session(bench: Bench) -> None:
    peer = bench.opened()
    peer.transfer(9, 0, a_raw())

    assert _error(peer.heard(), END) == "amqp:session:unattached-handle"


def test_late_frames_for_links_and_sessions_that_are_gone_are_ignored(bench: Bench) -> None:
    """The Python SDK detaches its management links after it has ended the session."""
    peer = bench.opened()
    peer.send(1, DETACH, [UInt(5), True])
    peer.credit(5, 10)
    peer.send(1, END, [])
    peer.send(1, DETACH, [UInt(0), False])

    assert peer.codes() == [END]


@pytest.mark.parametrize(
    "address", ["nope", "amqps://127.0.0.1:5672/nope", "nope/$management", ""]
)
def test_an_address_that_leads_nowhere_refuses_the_link(bench: Bench, address: str) -> None:
    peer = bench.opened()
    peer.attach_receiver(0, address)
    heard = peer.heard()
    assert [code for code, _, _ in heard] == [ATTACH, DETACH]
    assert (heard[0][1].any(5), heard[0][1].any(6)) == (None, None)
    assert _error(heard, DETACH) == "amqp:not-found"
    peer.send(1, DETACH, [UInt(0), True])
    peer.attach_receiver(0, "Q")

    assert peer.codes() == [ATTACH]


def test_a_transaction_coordinator_is_refused(bench: Bench) -> None:
    peer = bench.opened()
    coordinator: Value = Described(ULong(0x30), [None])
    source = Described(ULong(0x28), [])
    peer.send(1, ATTACH, ["tx", UInt(0), False, None, None, source, coordinator])

    assert _error(peer.heard(), DETACH) == "amqp:not-implemented"


def test_a_transfer_after_close_is_not_taken(bench: Bench) -> None:
    peer = bench.opened()
    peer.attach_sender(0, "q")
    peer.say(b"\xff" * 8)
    peer.transfer(0, 0, a_raw())

    assert list(bench.namespace.find("q")) == []
    assert TRANSFER not in peer.codes()
