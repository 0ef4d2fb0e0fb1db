"""Links, frame by frame, as the JavaScript SDK and clients that nobody has met would use them."""

from __future__ import annotations

import uuid

import pytest
from unit.sandbox.broker.wire_peer import Bench, Peer, a_raw, outcome

from sandbox.broker.decoding import decode_whole
from sandbox.broker.encoding import encode_section
from sandbox.broker.frames import (
    ACCEPTED,
    ATTACH,
    DETACH,
    DISPOSITION,
    FLOW,
    MODIFIED,
    RECEIVED,
    REJECTED,
    RELEASED,
    TRANSFER,
    Fields,
)
from sandbox.broker.links import IncomingLink
from sandbox.broker.message import (
    APPLICATION_PROPERTIES,
    BATCH_FORMAT,
    DATA,
    MESSAGE_ANNOTATIONS,
    PROPERTIES,
    VALUE,
    sections,
)
from sandbox.broker.values import Described, Symbol, UInt, ULong, Value

ABANDON: list[Value] = [None, False]
DEFER: list[Value] = [None, True]


@pytest.fixture
def bench() -> Bench:
    return Bench()


def _sender(bench: Bench) -> Peer:
    peer = bench.opened()
    peer.attach_sender(0, "q")
    peer.heard()
    return peer


def _receiver(bench: Bench, **options: int) -> Peer:
    peer = bench.opened(**options)
    peer.attach_receiver(0, "q")
    peer.heard()
    return peer


def _fill(bench: Bench, *bodies: bytes) -> None:
    peer = _sender(bench)
    for number, body in enumerate(bodies):
        peer.transfer(0, number, a_raw(body))


def _transfers(peer: Peer) -> list[tuple[Fields, bytes]]:
    return [(fields, payload) for code, fields, payload in peer.heard() if code == TRANSFER]


def _state(peer: Peer) -> tuple[int, list[Value]]:
    (disposition,) = [fields for code, fields, _ in peer.heard() if code == DISPOSITION]
    assert disposition.flag(3), "settled"
    state = disposition.any(4)
    assert isinstance(state, Described)
    return int(state.descriptor), state.value


# -- sending


def test_a_sender_gets_credit_and_more_before_it_runs_out(bench: Bench) -> None:
    peer = bench.opened()
    peer.attach_sender(0, "q")
    heard = peer.heard()
    assert [code for code, _, _ in heard] == [ATTACH, FLOW]
    assert heard[0][1].number(10) == 200_000
    assert heard[1][1].number(6) == 1000
    for number in range(500):
        peer.transfer(0, number, a_raw())

    flows = [fields for code, fields, _ in peer.heard() if code == FLOW]
    assert [(flow.number(5), flow.number(6)) for flow in flows] == [(500, 1000)]


def test_a_message_in_pieces_arrives_whole_and_an_aborted_one_not(bench: Bench) -> None:
    peer = _sender(bench)
    raw = a_raw(b"in pieces")
    peer.transfer(0, 0, raw[:10], more=True)
    peer.transfer(0, 0, raw[10:])
    peer.transfer(0, 1, raw[:10], more=True)
    peer.transfer(0, 1, b"", aborted=True)
    peer.transfer(0, 2, a_raw(b"next"))

    settled = [fields.number(1) for code, fields, _ in peer.heard() if code == DISPOSITION]
    assert settled == [0, 2]
    assert [m.body[5:] for m in bench.namespace.find("q")] == [b"in pieces", b"next"]


@pytest.mark.parametrize(
    ("raw", "message_format", "condition"),
    [
        (b"no message", 0, "amqp:decode-error"),
        (b"\x00\x53\x75", 0, "amqp:decode-error"),
        (encode_section(PROPERTIES, {"no": "list"}), 0, "amqp:decode-error"),
        (encode_section(APPLICATION_PROPERTIES, [1]), 0, "amqp:decode-error"),
        (encode_section(0x99, "no section"), 0, "amqp:decode-error"),
        (encode_section(DATA, "no binary"), BATCH_FORMAT, "amqp:decode-error"),
        (a_raw(key="k" * 129), 0, "com.microsoft:argument-out-of-range"),
    ],
)
def test_a_malformed_message_is_rejected_and_the_link_lives_on(
    bench: Bench, raw: bytes, message_format: int, condition: str
) -> None:
    peer = _sender(bench)
    peer.transfer(0, 0, raw, message_format=message_format)
    code, (error,) = _state(peer)
    assert (code, error.value[0]) == (REJECTED, condition)
    assert len(error.value) == 3
    peer.transfer(0, 1, a_raw())

    assert _state(peer) == (ACCEPTED, [])


def test_a_batch_is_taken_whole_or_not_at_all(bench: Bench) -> None:
    peer = _sender(bench)
    good = encode_section(DATA, a_raw(b"1")) + encode_section(DATA, a_raw(b"2"))
    bad = encode_section(DATA, a_raw(b"3")) + encode_section(DATA, b"no message")
    peer.transfer(0, 0, bad, message_format=BATCH_FORMAT)
    assert _state(peer)[0] == REJECTED
    peer.transfer(0, 1, good, message_format=BATCH_FORMAT)

    assert _state(peer)[0] == ACCEPTED
    assert [m.body[5:] for m in bench.namespace.find("q")] == [b"1", b"2"]


def test_too_large_a_message_is_counted_not_kept(bench: Bench) -> None:
    peer = _sender(bench)
    for _ in range(4):
        peer.transfer(0, 0, b"x" * 60_000, more=True)
    link = peer.connection._channels[1]._links[0]
    assert isinstance(link, IncomingLink)
    assert link._chunks == []
    peer.transfer(0, 0, b"x")
    code, (error,) = _state(peer)

    assert (code, error.value[0]) == (REJECTED, "amqp:link:message-size-exceeded")
    assert "240001" in error.value[1]


def test_long_descriptors_are_shortened_for_the_python_sdk(bench: Bench) -> None:
    def long_form(code: int, section: bytes) -> bytes:
        return b"\x00\x80" + code.to_bytes(8, "big") + section[3:]

    peer = _sender(bench)
    properties = encode_section(PROPERTIES, ["id"])
    data = encode_section(DATA, b"x")
    peer.transfer(0, 0, long_form(PROPERTIES, properties) + long_form(DATA, data))

    (message,) = bench.namespace.find("q")
    assert message.encode().endswith(properties + data)


# -- receiving


def test_a_delivery_carries_what_the_sdks_read(bench: Bench) -> None:
    _fill(bench, b"x")
    peer = _receiver(bench)
    peer.credit(0, 1)
    ((fields, payload),) = _transfers(peer)
    (message,) = bench.namespace.find("q")

    assert message.token is not None
    assert fields.binary(2) == message.token.bytes_le
    assert not fields.flag(4)
    found = {code: decode_whole(payload, value, end) for code, _, value, end in sections(payload)}
    assert found[DATA] == b"x"
    annotations = found[MESSAGE_ANNOTATIONS]
    assert annotations["x-opt-sequence-number"] == 1
    assert annotations["x-opt-locked-until"] == round(message.locked_until * 1000)
    assert annotations["x-opt-message-state"] == 0


def test_credit_is_absolute_and_never_turns_negative(bench: Bench) -> None:
    _fill(bench, *[b"x"] * 5)
    peer = _receiver(bench)
    peer.credit(0, 3)
    assert len(_transfers(peer)) == 3
    peer.credit(0, 3, seen=0)
    assert _transfers(peer) == []
    peer.credit(0, 0, seen=1)
    assert _transfers(peer) == []
    peer.credit(0, 1, seen=3)

    assert len(_transfers(peer)) == 1


def test_draining_gives_the_rest_of_the_credit_back(bench: Bench) -> None:
    _fill(bench, b"x")
    peer = _receiver(bench)
    peer.credit(0, 10, drain=True)
    heard = peer.heard()

    assert [code for code, _, _ in heard] == [TRANSFER, FLOW]
    flow = heard[1][1]
    assert (flow.number(5), flow.number(6), flow.flag(8)) == (10, 0, True)
    _fill(bench, b"later")
    assert peer.heard() == []


def test_the_clients_window_is_never_overrun(bench: Bench) -> None:
    _fill(bench, *[b"x"] * 5)
    peer = _receiver(bench, window=2)
    peer.credit(0, 5, window=2)
    assert len(_transfers(peer)) == 2
    assert bench.namespace.find("q").counts().locked == 2, "no lock runs for what cannot be sent"
    peer.window(2, 2)
    assert len(_transfers(peer)) == 2
    peer.window(4, 2)

    assert len(_transfers(peer)) == 1


def test_a_large_message_waits_for_the_window_frame_by_frame(bench: Bench) -> None:
    _fill(bench, b"y" * 2000, b"z")
    peer = _receiver(bench, max_frame=512, window=2)
    peer.credit(0, 5, window=2)
    first = _transfers(peer)
    assert [fields.flag(5) for fields, _ in first] == [True, True]
    seen = 2
    while True:
        peer.window(seen, 2)
        more = _transfers(peer)
        first += more
        seen += len(more)
        if not more:
            break

    ids = [fields.number(1) for fields, _ in first]
    assert ids == sorted(ids)
    assert set(ids) == {0, 1}
    whole = b"".join(payload for fields, payload in first if fields.number(1) == 0)
    assert whole.endswith(b"y" * 2000)


def test_a_message_that_waits_for_the_window_ends_with_its_link(bench: Bench) -> None:
    sender = bench.opened()
    sender.attach_sender(0, "s")
    sender.transfer(0, 0, a_raw(b"y" * 2000, session_id="A"))
    peer = bench.opened(max_frame=512, window=2)
    peer.attach_receiver(0, "s", session="A")
    peer.credit(0, 5, window=2)
    peer.heard()
    bench.pass_time(300)
    assert peer.codes() == [DETACH]
    peer.window(2, 100)

    assert peer.codes() == []


def test_no_frame_is_larger_than_the_client_allows(bench: Bench) -> None:
    _fill(bench, b"y" * 20_000)
    peer = _receiver(bench, max_frame=700)
    peer.credit(0, 1)
    out = peer.connection.take()
    sizes = []
    while out:
        size = int.from_bytes(out[:4], "big")
        sizes.append(size)
        out = out[size:]

    assert max(sizes) == 700


def test_a_full_transport_stops_deliveries_until_it_has_room(bench: Bench) -> None:
    _fill(bench, *[b"x"] * 3)
    peer = _receiver(bench)
    peer.connection.set_writable(writable=False)
    peer.credit(0, 3, drain=True)
    assert peer.heard() == []
    other = _receiver(bench)
    other.credit(0, 1)
    assert len(_transfers(other)) == 1, "another client is served meanwhile"
    peer.connection.set_writable(writable=True)

    assert [code for code, _, _ in peer.heard()] == [TRANSFER, TRANSFER, FLOW]


@pytest.mark.parametrize(
    ("state", "answer", "counts"),
    [
        (outcome(ACCEPTED), (ACCEPTED, []), (0, 0, 0)),
        (outcome(MODIFIED, *ABANDON), (MODIFIED, ABANDON), (1, 0, 0)),
        (outcome(MODIFIED, *DEFER), (MODIFIED, DEFER), (0, 1, 0)),
        (outcome(RELEASED), (RELEASED, []), (1, 0, 0)),
        (outcome(REJECTED), (REJECTED, []), (0, 0, 1)),
    ],
    ids=["complete", "abandon", "defer", "release", "dead-letter"],
)
def test_every_outcome_is_echoed_as_it_was_applied(
    bench: Bench,
    state: Described,
    answer: tuple[int, list[Value]],
    counts: tuple[int, int, int],
) -> None:
    _fill(bench, b"x")
    peer = _receiver(bench)
    peer.credit(0, 1)
    peer.heard()
    peer.settle(0, state)
    now = bench.namespace.find("q").counts()

    assert _state(peer) == answer
    assert (now.active, now.deferred, now.dead_lettered) == counts


def test_abandoning_counts_though_javascript_leaves_the_flag_out(bench: Bench) -> None:
    _fill(bench, b"x")
    peer = _receiver(bench)
    peer.credit(0, 1)
    changes = {Symbol("k"): "new"}
    peer.settle(0, outcome(MODIFIED, None, None, changes))
    (message,) = bench.namespace.find("q")

    assert message.delivery_count == 1
    assert b"new" in message.application


def test_a_dead_letter_is_echoed_without_its_error(bench: Bench) -> None:
    _fill(bench, b"x")
    peer = _receiver(bench)
    peer.credit(0, 1)
    peer.heard()
    info = {Symbol("DeadLetterReason"): "R", Symbol("DeadLetterErrorDescription"): None}
    error = outcome(0x1D, Symbol("com.microsoft:dead-letter"), "D", info)
    peer.settle(0, outcome(REJECTED, error))
    (dead,) = bench.namespace.find("q/$DeadLetterQueue")

    assert _state(peer) == (REJECTED, [])
    assert b"DeadLetterReason" in dead.application
    assert b"DeadLetterErrorDescription" not in dead.application


def test_a_lost_lock_is_said_and_a_settled_outcome_needs_no_answer(bench: Bench) -> None:
    _fill(bench, b"x", b"y")
    peer = _receiver(bench)
    peer.credit(0, 2)
    peer.heard()
    peer.settle(1, outcome(RECEIVED, UInt(0), UInt(0)))
    peer.settle(1, outcome(ACCEPTED), settled=True)
    assert peer.heard() == []
    bench.pass_time(300)
    peer.settle(0, outcome(ACCEPTED))
    code, (error,) = _state(peer)

    assert (code, error.value[0]) == (REJECTED, "com.microsoft:message-lock-lost")


def test_a_range_of_outcomes_is_applied_whatever_its_end(bench: Bench) -> None:
    _fill(bench, b"x", b"y", b"z")
    peer = _receiver(bench)
    peer.credit(0, 3)
    peer.heard()
    everything = [True, UInt(0), UInt(4_294_967_295), False, outcome(ACCEPTED)]
    peer.send(1, DISPOSITION, everything)

    assert peer.codes() == [DISPOSITION] * 3
    assert bench.namespace.find("q").counts().active == 0


def test_an_older_sdk_that_settles_by_itself_is_served(bench: Bench) -> None:
    """azure-servicebus up to 7.14 sends settled outcomes and waits for nothing."""
    _fill(bench, b"x")
    peer = bench.opened()
    peer.attach_receiver(0, "q", modes=(0, 0))
    peer.credit(0, 1)
    peer.heard()
    peer.settle(0, outcome(ACCEPTED), settled=True)

    assert peer.heard() == []
    assert bench.namespace.find("q").counts().active == 0


def test_receive_and_delete_is_asked_for_by_the_settle_mode(bench: Bench) -> None:
    _fill(bench, b"x")
    peer = bench.opened()
    peer.attach_receiver(0, "q", modes=(1, 0))
    peer.credit(0, 1)
    ((fields, _),) = _transfers(peer)

    assert fields.flag(4)
    assert bench.namespace.find("q").counts().active == 0


# -- sessions


def _session_attach(heard: list[tuple[int, Fields, bytes]]) -> tuple[Value, Value]:
    attach = next(fields for code, fields, _ in heard if code == ATTACH)
    return attach.any(5), attach.any(13)


def test_a_session_is_granted_with_its_id_and_its_end(bench: Bench) -> None:
    peer = bench.opened()
    peer.attach_receiver(0, "amqps://host/s", session="A")
    source, properties = _session_attach(peer.heard())

    assert source.value[0] == "amqps://host/s", "the address exactly as the client sent it"
    assert source.value[7] == {"com.microsoft:session-filter": "A"}
    end = bench.clock.wall() + 300
    assert properties["com.microsoft:locked-until-utc"] == round(end * 1e7) + 621355968000000000


def test_the_next_session_is_withheld_until_there_is_one(bench: Bench) -> None:
    peer = bench.opened()
    peer.attach_receiver(0, "s", session=None)
    peer.credit(0, 5)
    assert ATTACH not in peer.codes()
    sender = bench.opened()
    sender.attach_sender(0, "s")
    sender.transfer(0, 0, a_raw(session_id="A"))
    heard = peer.heard()

    assert [code for code, _, _ in heard] == [ATTACH, TRANSFER]
    assert _session_attach(heard)[0].value[7] == {"com.microsoft:session-filter": "A"}


def test_a_drain_before_the_grant_is_answered_after_it(bench: Bench) -> None:
    peer = bench.opened()
    peer.attach_receiver(0, "s", session=None)
    peer.credit(0, 5, drain=True)
    assert peer.heard() == []
    sender = bench.opened()
    sender.attach_sender(0, "s")
    sender.transfer(0, 0, a_raw(session_id="A"))

    assert peer.codes() == [ATTACH, TRANSFER, FLOW]


def test_waiting_for_a_session_ends_as_the_sdks_expect(bench: Bench) -> None:
    peer = bench.opened()
    peer.attach_receiver(0, "s", session=None, timeout_ms=2000)
    bench.pass_time(1.9)
    assert peer.heard() == []
    bench.pass_time(0.1)
    (_, attach, _), (code, detach, _) = peer.heard()

    assert (attach.any(5), attach.any(6), code) == (None, None, DETACH)
    error = detach.any(2)
    assert (detach.flag(1), error.value[0]) == (True, "com.microsoft:timeout")
    sender = bench.opened()
    sender.attach_sender(0, "s")
    sender.transfer(0, 0, a_raw(session_id="A"))
    assert peer.heard() == [], "who gave up is not served"


@pytest.mark.parametrize("how", ["detach", "die"])
def test_who_leaves_while_waiting_is_forgotten(bench: Bench, how: str) -> None:
    peer = bench.opened()
    peer.attach_receiver(0, "s", session=None)
    if how == "detach":
        peer.send(1, DETACH, [UInt(0), True])
    else:
        peer.connection.lost()
    sender = bench.opened()
    sender.attach_sender(0, "s")
    sender.transfer(0, 0, a_raw(session_id="A"))
    other = bench.opened()
    other.attach_receiver(0, "s", session=None)

    assert other.codes() == [ATTACH]


def test_a_lost_session_lock_detaches_its_link(bench: Bench) -> None:
    peer = bench.opened()
    peer.attach_receiver(0, "s", session="A")
    peer.heard()
    bench.pass_time(300)
    ((code, detach, _),) = peer.heard()

    assert (code, detach.flag(1)) == (DETACH, True)
    assert detach.any(2).value[0] == "com.microsoft:session-lock-lost"
    peer.send(1, DETACH, [UInt(0), True])
    peer.attach_receiver(0, "s", session="A")
    assert peer.codes() == [ATTACH]


@pytest.mark.parametrize(
    ("queue", "session", "condition"),
    [
        ("q", "A", "amqp:not-allowed"),
        ("s", "no session", "amqp:not-allowed"),
        ("s", "held", "com.microsoft:session-cannot-be-locked"),
    ],
)
def test_a_session_that_cannot_be_had_is_refused(
    bench: Bench, queue: str, session: str, condition: str
) -> None:
    holder = bench.opened()
    holder.attach_receiver(0, "s", session="held")
    peer = bench.opened()
    peer.attach_receiver(0, queue, session=session)
    heard = peer.heard()

    assert [code for code, _, _ in heard] == [ATTACH, DETACH]
    assert heard[1][1].any(2).value[0] == condition


def test_a_described_session_filter_is_read_too(bench: Bench) -> None:
    peer = bench.opened()
    filters = {Symbol("com.microsoft:session-filter"): Described(ULong(0x137), "A")}
    source = Described(ULong(0x28), ["s", *[None] * 6, filters])
    target = Described(ULong(0x29), [None])
    peer.send(1, ATTACH, ["l", UInt(0), True, None, None, source, target])

    assert peer.codes() == [ATTACH]


# -- $cbs and $management


def _request(operation: str, body: Value, *, reply_to: str | None, number: Value) -> bytes:
    return (
        encode_section(PROPERTIES, [number, None, None, None, reply_to])
        + encode_section(APPLICATION_PROPERTIES, {"operation": operation, "name": "sb://x/q"})
        + encode_section(VALUE, body)
    )


def _answers(peer: Peer) -> list[tuple[Value, Value, Value]]:
    """(correlation id, application properties, body) of each answer."""
    found = []
    for _, payload in _transfers(peer):
        parts = {c: decode_whole(payload, value, end) for c, _, value, end in sections(payload)}
        found.append((parts[PROPERTIES][5], parts[APPLICATION_PROPERTIES], parts.get(VALUE)))
    return found


SAS = "SharedAccessSignature sr=sb%3A%2F%2Fx&sig=abc%3D&se=1790000000&skn=key"


@pytest.mark.parametrize(
    ("token", "status"), [(SAS, 202), ("a.b.c", 202), ("rubbish", 401), (None, 401), ("a..c", 401)]
)
def test_a_token_is_judged_by_its_shape(bench: Bench, token: str | None, status: int) -> None:
    """As JavaScript attaches: the answer link has an empty source's counterpart as its target."""
    peer = bench.opened()
    peer.attach_receiver(0, "$cbs", target="cbs-reply")
    peer.attach_sender(1, "$cbs")
    peer.credit(0, 10)
    peer.transfer(1, 0, _request("put-token", token, reply_to="cbs-reply", number="id-1"))

    ((correlation, properties, _),) = _answers(peer)
    assert (type(correlation), correlation) == (str, "id-1")
    assert properties["status-code"] == status


def test_answers_go_where_the_request_says(bench: Bench) -> None:
    peer = bench.opened()
    peer.attach_receiver(0, "q/$management", target="one")
    peer.attach_receiver(1, "q/$management", target="two")
    peer.attach_sender(2, "q/$management")
    peer.credit(0, 10)
    peer.credit(1, 10)
    body = {"from-sequence-number": 1, "message-count": UInt(1)}
    number = uuid.uuid4()
    for reply_to in ("one", "two", "nowhere"):
        request = _request("com.microsoft:peek-message", body, reply_to=reply_to, number=number)
        peer.transfer(2, 0, request)

    assert [fields.number(0) for fields, _ in _transfers(peer)] == [0, 1, 1]


def test_an_answer_waits_for_credit(bench: Bench) -> None:
    peer = bench.opened()
    peer.attach_receiver(0, "q/$management")
    peer.attach_sender(1, "q/$management")
    body = {"from-sequence-number": 1, "message-count": UInt(1)}
    number = uuid.uuid4()
    peer.transfer(1, 0, _request("com.microsoft:peek-message", body, reply_to=None, number=number))
    assert _transfers(peer) == []
    peer.credit(0, 1)
    ((correlation, properties, _),) = _answers(peer)

    assert correlation == number
    assert properties["statusCode"] == 204


def test_a_dynamic_answer_link_gets_an_address(bench: Bench) -> None:
    peer = bench.opened()
    peer.attach_receiver(0, "", dynamic=True)
    peer.attach_sender(1, "$cbs")
    peer.credit(0, 10)
    (attach, *_) = [fields for code, fields, _ in peer.heard() if code == ATTACH]
    address = attach.any(5).value[0]
    peer.transfer(1, 0, _request("put-token", SAS, reply_to=address, number=ULong(7)))

    ((correlation, properties, _),) = _answers(peer)
    assert (type(correlation), correlation) == (ULong, 7)
    assert properties["status-code"] == 202


@pytest.mark.parametrize(
    ("operation", "body", "status", "condition"),
    [
        ("dance", {}, 501, "amqp:not-implemented"),
        ("renew-lock", {}, 400, "com.microsoft:argument-error"),
        ("renew-lock", "no map", 400, "com.microsoft:argument-error"),
        (
            "renew-lock",
            {"lock-tokens": [uuid.UUID(int=1)]},
            410,
            "com.microsoft:message-lock-lost",
        ),
        ("renew-session-lock", {"session-id": "A"}, 410, "com.microsoft:session-lock-lost"),
        ("get-session-state", {}, 400, "com.microsoft:argument-error"),
        ("set-session-state", {"session-id": "A", "session-state": 7}, 400, None),
        ("peek-message", {"from-sequence-number": 1}, 400, "com.microsoft:argument-error"),
        ("peek-message", {"from-sequence-number": 1, "message-count": 0}, 400, None),
        ("schedule-message", {"messages": [{"message": b"no message"}]}, 400, "amqp:decode-error"),
        ("schedule-message", {"messages": [{}]}, 400, "com.microsoft:argument-error"),
        ("cancel-scheduled-message", {"sequence-numbers": [7]}, 404, None),
        ("update-disposition", {"disposition-status": "eaten"}, 400, None),
        ("get-message-sessions", {"last-updated-time": 0, "skip": -1, "top": 1}, 400, None),
    ],
)
def test_a_request_that_cannot_be_met_says_why(
    bench: Bench, operation: str, body: Value, status: int, condition: str | None
) -> None:
    peer = bench.opened()
    peer.attach_receiver(0, "q/$management")
    peer.attach_sender(1, "q/$management")
    peer.credit(0, 10)
    name = f"com.microsoft:{operation}"
    peer.transfer(1, 0, _request(name, body, reply_to=None, number="n"))
    ((_, properties, _),) = _answers(peer)

    assert properties["statusCode"] == status
    assert properties["statusDescription"]
    assert condition is None or properties["errorCondition"] == condition
