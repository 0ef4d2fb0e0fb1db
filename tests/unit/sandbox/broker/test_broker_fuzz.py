"""Nonsense from one client: it ends that client's connection with an error of the standard, and
nobody else notices. The broker's own bugs would show as `amqp:internal-error`: never seen here."""

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from unit.sandbox.broker.test_broker_codec import VALUES
from unit.sandbox.broker.wire_peer import Bench, Peer, a_raw, outcome

from sandbox.broker.encoding import encode_section
from sandbox.broker.frames import (
    ACCEPTED,
    AMQP_HEADER,
    ATTACH,
    CLOSE,
    DETACH,
    DISPOSITION,
    END,
    FLOW,
    TRANSFER,
    frame,
)
from sandbox.broker.message import APPLICATION_PROPERTIES, DATA, PROPERTIES, VALUE
from sandbox.broker.values import Described, Symbol, UInt, ULong, Value

ALLOWED = {
    "amqp:decode-error",
    "amqp:invalid-field",
    "amqp:illegal-state",
    "amqp:connection:framing-error",
    "amqp:session:unattached-handle",
    "amqp:session:handle-in-use",
}
FUZZ = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def _busy_peer(bench: Bench) -> Peer:
    """A client in the middle of everything: links of every kind, messages on their way."""
    peer = bench.opened()
    peer.attach_sender(0, "q")
    peer.attach_receiver(1, "q")
    peer.attach_receiver(2, "s", session="A")
    peer.attach_receiver(3, "s", session=None)
    peer.attach_receiver(4, "q/$management")
    peer.attach_sender(5, "q/$management")
    peer.attach_sender(6, "$cbs")
    peer.transfer(0, 0, a_raw())
    peer.credit(1, 1)
    peer.credit(4, 10)
    peer.heard()
    return peer


def _still_served(bench: Bench, other: Peer) -> None:
    before = len(list(bench.namespace.find("q")))
    other.attach_sender(9, "q")
    other.transfer(9, 0, a_raw(b"still here"))
    codes = other.codes()
    assert codes[-3:] == [ATTACH, FLOW, DISPOSITION]
    assert len(list(bench.namespace.find("q"))) >= before


def _conditions(peer: Peer) -> set[str]:
    """The errors of every close and end that the client got; the reader is strict."""
    found = set()
    for code, fields, _ in peer.heard():
        if code in (CLOSE, END) and fields.any(0) is not None:
            found.add(str(fields.any(0).value[0]))
    return found


@FUZZ
@given(st.binary(max_size=400))
def test_any_bytes_after_the_open_are_survived(raw: bytes) -> None:
    bench = Bench()
    peer, other = _busy_peer(bench), bench.opened()
    peer.say(raw)

    assert _conditions(peer) <= ALLOWED
    _still_served(bench, other)


@FUZZ
@given(st.binary(max_size=100))
def test_any_first_bytes_are_survived(raw: bytes) -> None:
    bench = Bench()
    peer = bench.peer()
    peer.say(raw)
    peer.say(AMQP_HEADER + raw)

    assert _conditions(peer) <= ALLOWED


@FUZZ
@given(
    st.sampled_from([*range(0x10, 0x19), 0x24, 0x41, 0x70]),
    st.sampled_from([0, 1, 1, 1, 2]),
    st.lists(VALUES, max_size=14),
    st.binary(max_size=50),
)
def test_any_fields_in_any_performative_are_survived(
    code: int, channel: int, fields: list[Value], payload: bytes
) -> None:
    bench = Bench()
    peer, other = _busy_peer(bench), bench.opened()
    peer.send(channel, code, fields, payload)
    peer.transfer(0, 1, a_raw())
    bench.pass_time(301)

    assert _conditions(peer) <= ALLOWED
    _still_served(bench, other)


_GOOD = [
    (FLOW, [UInt(0), UInt(10), UInt(0), UInt(10), UInt(1), UInt(0), UInt(5)]),
    (ATTACH, ["l", UInt(8), True, None, None, Described(ULong(0x28), ["q"])]),
    (TRANSFER, [UInt(0), UInt(1), b"\0", UInt(0), False, False]),
    (DISPOSITION, [True, UInt(0), UInt(3), False, outcome(ACCEPTED)]),
    (DISPOSITION, [True, UInt(0), None, False, outcome(0x25, Described(ULong(0x1D), ["x"]))]),
    (DISPOSITION, [True, UInt(0), None, False, outcome(0x27, None, None, {Symbol("k"): "v"})]),
    (DETACH, [UInt(1), True]),
]


@FUZZ
@given(st.sampled_from(_GOOD), st.integers(0, 20), VALUES)
def test_a_good_frame_with_one_wrong_field_is_survived(
    good: tuple[int, list[Value]], index: int, wrong: Value
) -> None:
    bench = Bench()
    peer, other = _busy_peer(bench), bench.opened()
    code, fields = good
    fields = [*fields]
    fields[index % len(fields)] = wrong
    peer.send(1, code, fields, a_raw() if code == TRANSFER else b"")

    assert _conditions(peer) <= ALLOWED
    _still_served(bench, other)


@FUZZ
@given(st.sampled_from(_GOOD), st.data())
def test_a_good_frame_with_one_wrong_byte_is_survived(
    good: tuple[int, list[Value]], data: st.DataObject
) -> None:
    bench = Bench()
    peer, other = _busy_peer(bench), bench.opened()
    raw = bytearray(frame(1, good[0], good[1]))
    raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    peer.say(bytes(raw))
    peer.say(frame(0, CLOSE, []))

    assert _conditions(peer) <= ALLOWED
    _still_served(bench, other)


@FUZZ
@given(st.binary(max_size=200), st.sampled_from([0, 0x80013700]))
def test_any_message_is_taken_or_rejected(raw: bytes, message_format: int) -> None:
    bench = Bench()
    peer = _busy_peer(bench)
    peer.transfer(0, 1, raw, message_format=message_format)
    peer.transfer(0, 2, a_raw())
    heard = peer.heard()

    assert CLOSE not in [code for code, _, _ in heard]
    assert [f.number(1) for code, f, _ in heard if code == DISPOSITION] == [1, 2]


@FUZZ
@given(
    st.sampled_from(
        [
            "renew-lock",
            "renew-session-lock",
            "get-session-state",
            "set-session-state",
            "peek-message",
            "schedule-message",
            "cancel-scheduled-message",
            "receive-by-sequence-number",
            "update-disposition",
            "get-message-sessions",
        ]
    ),
    st.dictionaries(
        st.sampled_from(
            [
                "lock-tokens",
                "session-id",
                "session-state",
                "from-sequence-number",
                "message-count",
                "messages",
                "sequence-numbers",
                "receiver-settle-mode",
                "disposition-status",
                "last-updated-time",
                "skip",
                "top",
            ]
        ),
        VALUES,
    ),
)
def test_any_request_is_answered(operation: str, body: dict[str, Value]) -> None:
    bench = Bench()
    peer = _busy_peer(bench)
    request = (
        encode_section(PROPERTIES, ["id", None, None, None, None])
        + encode_section(APPLICATION_PROPERTIES, {"operation": f"com.microsoft:{operation}"})
        + encode_section(VALUE, body)
    )
    peer.transfer(5, 1, request)
    heard = peer.heard()

    assert [code for code, _, _ in heard if code in (TRANSFER, CLOSE)] == [TRANSFER]


@FUZZ
@given(VALUES, VALUES)
def test_any_annotations_and_properties_come_out_again(first: Value, second: Value) -> None:
    """A message with odd but well-formed parts reaches the dead letters and a reader."""
    bench = Bench()
    peer = bench.opened()
    peer.attach_sender(0, "q")
    peer.attach_receiver(1, "q")
    peer.credit(1, 5)
    annotations = {Symbol("x-opt-scheduled-enqueue-time"): first, Symbol("x"): second}
    raw = (
        encode_section(0x70, [None, None, first, None, second])
        + encode_section(0x72, annotations)
        + encode_section(APPLICATION_PROPERTIES, {"a": first, "b": second})
        + encode_section(DATA, b"x")
    )
    peer.transfer(0, 0, raw)
    peer.settle(0, outcome(0x25, Described(ULong(0x1D), [Symbol("c"), "d", {"k": second}])))

    assert CLOSE not in peer.codes()
    assert all(
        message.encode()
        for part in ("q", "q/$deadletterqueue")
        for message in bench.namespace.find(part)
    )
