"""Every frame that can come is a value, and every frame that goes is one that comes back."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocpp16.rpc.frames import (
    MAX_DEPTH,
    Bad,
    Call,
    Error,
    Frame,
    Ignored,
    Result,
    Unreadable,
    call,
    error,
    parse,
    result,
)

ID = "19223201-1e2d-4dd1-9d5f-0e0d0c3f1a22"


def seen(frame: Frame) -> tuple[Any, ...]:
    """The frame as plain values, raw JSON as text."""
    values = (getattr(frame, name) for name in frame.__struct_fields__)
    return (type(frame), *(v if isinstance(v, str) else bytes(v).decode() for v in values))


# --- good frames ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text, frame",
    [
        ('[2,"a","Reset",{"type":"Hard"}]', (Call, "a", "Reset", '{"type":"Hard"}')),
        (' [ 2 , "a" , "Reset" , { "type" : "Hard" } ] ', (Call, "a", "Reset", '{ "type" : "Hard" }')),
        ('[3,"a",{"status":"Accepted"}]', (Result, "a", '{"status":"Accepted"}', "")),
        ('[4,"a","GenericError","so",{"x":1}]', (Error, "a", "GenericError", "so", '{"x":1}')),
        ('[2,"' + "i" * 36 + '","Reset",{}]', (Call, "i" * 36, "Reset", "{}")),
        ('[2,"","Reset",{}]', (Call, "", "Reset", "{}")),
        ('[2,"a","Reset",{"x":"\\u0022:"}]', (Call, "a", "Reset", '{"x":"\\u0022:"}')),
        ('[2,"a","Reset",{"x":18446744073709551616}]', (Call, "a", "Reset", '{"x":18446744073709551616}')),
    ],
)
def test_good(text: str, frame: tuple[Any, ...]) -> None:
    """A frame of J 4.2 is taken apart, its payload left as it stands."""
    assert seen(parse(text)) == frame


def test_null_is_an_empty_payload() -> None:
    """J 4.2.1: null stands for an empty payload."""
    assert seen(parse('[2,"a","ClearCache",null]')) == (Call, "a", "ClearCache", "{}")
    assert seen(parse('[3,"a",null]')) == (Result, "a", "{}", "")


@pytest.mark.parametrize("before", ["", "\ufeff", "\0", "\r\n ", "\ufeff\0\t"])
@pytest.mark.parametrize("after", ["", "\0", "\0\0", "\n", "\r\n", "  \t", "\ufeff", "\n\0\n", "\u00a0"])
def test_what_stands_around_a_frame(before: str, after: str) -> None:
    """A byte order mark, NUL, line ends and blanks before or behind a frame are passed over."""
    assert seen(parse(f'{before}[2,"a","ClearCache",{{}}]{after}')) == (Call, "a", "ClearCache", "{}")
    assert seen(parse(f'{before}[3,"a",{{}}]{after}')) == (Result, "a", "{}", "")


@pytest.mark.parametrize(
    "text, frame",
    [
        ('[4,"a"]', (Error, "a", "GenericError", "", "{}")),
        ('[4,"a","InternalError"]', (Error, "a", "InternalError", "", "{}")),
        ('[4,"a","InternalError",null,null]', (Error, "a", "InternalError", "", "{}")),
        ('[4,"a","InternalError","so",[],7]', (Error, "a", "InternalError", "so", "{}")),
        ('[4,"a",7,7,7]', (Error, "a", "GenericError", "", "{}")),
        ('[4,"a","X","' + "d" * 300 + '",{}]', (Error, "a", "X", "d" * 255, "{}")),
    ],
)
def test_lazy_callerror(text: str, frame: tuple[Any, ...]) -> None:
    """A CALLERROR without its last elements, or with odd ones, still says what it has to say."""
    assert seen(parse(text)) == frame


# --- what is no frame -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text, reason",
    [
        ("", "not JSON"),
        ("   ", "not JSON"),
        ("hello", "not JSON"),
        ("[", "not JSON"),
        ('[2,"a","Reset",{', "not JSON"),
        ('[2,"a","Reset",{}] x', "not JSON"),
        ("[2,'a','Reset',{}]", "not JSON"),
        ("{}", "not an array"),
        ('"[2]"', "not an array"),
        ("null", "not an array"),
        ("7", "not an array"),
        ("[]", "no known message type"),
        ('[0,"a","Reset",{}]', "no known message type"),
        ('[1,"a"]', "no known message type"),
        ('[5,"a","Reset",{}]', "no known message type"),
        ('["2","a","Reset",{}]', "no known message type"),
        ('["3","a",{}]', "no known message type"),
        ('[true,"a"]', "no known message type"),
        ('[[2],"a"]', "no known message type"),
        ('[null,"a"]', "no known message type"),
        ("[2]", "no id"),
        ('[2,7,"Reset",{}]', "no id"),
        ("[3,null,{}]", "no id"),
        ('[4,{},"GenericError","",{}]', "no id"),
    ],
)
def test_nothing_to_answer(text: str, reason: str) -> None:
    """J 4.1.3: unknown message types are ignored; so is what cannot be answered because its id cannot be read."""
    assert parse(text) == Ignored(reason)


@pytest.mark.parametrize(
    "text, description",
    [
        ('[2,"a"]', "CALL of 2 elements"),
        ('[2,"a","Reset"]', "CALL of 3 elements"),
        ('[2,"a","Reset",{},{}]', "CALL of 5 elements"),
        ('[2,"a","Reset",{},{},{}]', "CALL of 6 elements"),
        ('[2,"a",7,{}]', "action is no text"),
        ('[2,"a",null,{}]', "action is no text"),
        ('[2,"a","Reset",{"x":1,"x":1}]', "a key stands twice in an object"),
        ('[2,"a","Reset",{"x":[{"y":1,"y":2}]}]', "a key stands twice in an object"),
        ('[2,"a","Reset",{"x":1,"\\u0078":2}]', "a key stands twice in an object"),
        ('[2,"a","Reset",{"x":"","x":"\\u0022\\u0022\\u0022\\u0022"}]', "a key stands twice in an object"),
        ('[2,"a","Reset",{"x":18446744073709551616,"x":1}]', "a key stands twice in an object"),
        ('[2,"a","Reset",{"x":1,"x":"\\u003a"}]', "a key stands twice in an object"),
        ('[2,"a","Reset",{"x":1,"x":"\\u003A"}]', "a key stands twice in an object"),
        ('[2,"a","Reset",{"x":{"y":":","z":{}},"x":":"}]', "a key stands twice in an object"),
    ],
)
def test_bad_call(text: str, description: str) -> None:
    """A CALL that cannot be used is answered as long as its id can be read."""
    assert parse(text) == Bad("a", "FormationViolation", description)


DEEP = "[" * 30000 + "]" * 30000
UNREADABLE = {
    "NaN": '{"x":NaN}',
    "-Infinity": '{"x":-Infinity}',
    "1e999": '{"x":1e999}',
    "a number of 5000 digits": '{"x":' + "7" * 5000 + "}",
    "half a surrogate pair, escaped": '{"x":"\\ud800"}',
    "half a surrogate pair": '{"x":"\ud800"}',
    "arrays in arrays": DEEP,
    "objects in objects": '{"x":' * 8000 + "1" + "}" * 8000,
    "too long": '{"x":"' + "x" * 65536 + '"}',
    "too long in bytes": '{"x":"' + "ä" * 40000 + '"}',
}


HOPELESS = ("arrays in arrays", "objects in objects", "too long", "too long in bytes")


@pytest.mark.parametrize("what", UNREADABLE)
def test_unreadable_call(what: str) -> None:
    """What a careless parser would let pass, or break at, is a FormationViolation under the CALL's own id."""
    frame = parse(f'[2,"{ID}","Reset",{UNREADABLE[what]}]')
    assert isinstance(frame, Bad)
    assert (frame.id, frame.code) == (ID, "FormationViolation")
    assert 0 < len(frame.description) <= 255


@pytest.mark.parametrize(("front", "back"), [("[", "]"), ('{"x":', "}"), ('[{"x":', "}]")])
def test_depth_is_counted_not_left_to_the_interpreter(front: str, back: str) -> None:
    """MAX_DEPTH arrays and objects pass, one more does not: on every Python, in CALL and in answer."""
    levels = front.count("[") + front.count("{")
    for more, kind in ((0, (Call, Result)), (levels, (Bad, Unreadable))):
        times = (MAX_DEPTH - 1 - (MAX_DEPTH - 1) % levels + more) // levels
        payload = front * times + "1" + back * times
        assert isinstance(parse(f'[2,"a","Reset",{payload}]'), kind)
        assert isinstance(parse(f'[3,"a",{payload}]'), kind)


@pytest.mark.parametrize("what", HOPELESS)
def test_unreadable_answer(what: str) -> None:
    """An answer that cannot be read is never answered, and is no refusal either."""
    for kind in (3, 4):
        frame = parse(f'[{kind},"{ID}",{UNREADABLE[what]}]')
        assert isinstance(frame, Unreadable) and frame.id == ID and frame.reason


def test_a_deep_answer_with_something_that_is_no_json() -> None:
    """Two flaws at once: what is too deep is not read, whatever else would be left out of it."""
    frame = parse(f'[3,"{ID}",{{"more":{"[" * 70}NaN{"]" * 70}}}]')
    assert isinstance(frame, Unreadable) and frame.id == ID


@pytest.mark.parametrize("what", [what for what in UNREADABLE if what not in HOPELESS])
def test_answer_with_something_that_is_no_json(what: str) -> None:
    """What a tolerant parser takes is left out of an answer, and the rest of it counts."""
    frame = parse(f'[3,"{ID}",{{"status":"Accepted","more":{UNREADABLE[what]}}}]')
    assert isinstance(frame, Result) and frame.id == ID and frame.flaw
    assert json.loads(bytes(frame.payload))["status"] == "Accepted"
    refused = parse(f'[4,"{ID}","InternalError","so",{UNREADABLE[what]}]')
    assert isinstance(refused, Error) and refused.code == "InternalError"


@pytest.mark.parametrize(
    ("payload", "read"),
    [
        ('{"a":1,"a":1}', {"a": 1}),
        ('{"a":1,"a":2}', {"a": []}),
        ('{"a":1,"a":2,"a":1}', {"a": []}),
        ('{"s":{"status":"Blocked","status":"Accepted"},"b":3}', {"s": {"status": []}, "b": 3}),
        ('{"x":NaN,"y":-Infinity,"z":1e999}', {"x": None, "y": None, "z": None}),
    ],
)
def test_answer_that_contradicts_itself(payload: str, read: Any) -> None:
    """Of two different values of one member neither is taken."""
    frame = parse(f'[3,"a",{payload}]')
    assert isinstance(frame, Result) and frame.flaw
    assert json.loads(bytes(frame.payload)) == read


@pytest.mark.parametrize(
    ("text", "payload"),
    [
        ('[3,"a"]', "{}"),
        ('[3,"a","StartTransactionResponse",{"x":1}]', '{"x":1}'),
        ('[3,"a",null,{"x":1}]', '{"x":1}'),
        ('[3,"a",{"x":1},{"y":2}]', '{"x":1}'),
        ('[3,"a",{},{},{},{}]', "{}"),
        ('[3,"a","Heartbeat",[]]', "{}"),
    ],
)
def test_point_1_answer_of_a_wrong_size(text: str, payload: str) -> None:
    """Some Central Systems name the action in a CALLRESULT: the object is the payload."""
    frame = parse(text)
    assert isinstance(frame, Result) and bytes(frame.payload).decode() == payload
    assert frame.flaw == f"CALLRESULT of {len(json.loads(text))} elements"


@pytest.mark.parametrize(
    "text", [DEEP, "[" + DEEP + ',"a"]', '[2,"\\ud800","Reset",{}]', '[2,"\ud800","Reset",{}]', '"' + "x" * 70000]
)
def test_unreadable_without_an_id(text: str) -> None:
    """Where not even the id can be read, nothing is answered."""
    assert isinstance(parse(text), Ignored)


def test_long_id() -> None:
    """J 4.2.3: a CALL whose id has more than 36 characters gets a CALLERROR under that id."""
    assert parse('[2,"' + "i" * 37 + '","Reset",{}]') == Bad(
        "i" * 37, "FormationViolation", "id longer than 36 characters"
    )


def test_the_cap_is_in_bytes() -> None:
    """A frame of exactly the cap passes, of one byte more does not."""
    text = '[2,"a","Reset",{"x":"ä"}]'
    size = len(text.encode())
    assert isinstance(parse(text, size), Call)
    assert parse(text, size - 1) == Bad("a", "FormationViolation", f"longer than {size - 1} bytes")


# --- nothing raises -------------------------------------------------------------------------------------------------

PIECES = st.sampled_from(
    [
        *("[", "]", "{", "}", ",", ":", '"', "\\", "\\u", "d800", "2", "3", "4", "1e999", "NaN", "null", '"a"'),
        *('"Reset"', "\x00", "\ufeff", "\ud800", "ä", " ", '{"x":1}', "-", ".", "true"),
    ]
)


@given(st.lists(PIECES, max_size=24).map("".join) | st.text(st.characters(), max_size=40))
def test_no_text_raises(text: str) -> None:
    """Whatever text comes, a frame comes out."""
    assert isinstance(parse(text, 60), Frame)


json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)


@given(st.lists(json_values, max_size=6))
def test_json_without_double_keys_is_never_taken_for_one_with_them(value: list[Any]) -> None:
    """Any array of JSON is sorted by its elements alone, however its texts are escaped."""
    frame = parse(json.dumps(value))
    if len(value) == 4 and value[0] == 2 and isinstance(value[1], str) and isinstance(value[2], str):
        assert isinstance(frame, Call | Bad)
    assert "twice" not in getattr(frame, "description", getattr(frame, "reason", ""))


@given(st.text(max_size=36), st.dictionaries(st.text(), json_values, max_size=4))
def test_a_payload_comes_through(unique_id: str, value: dict[str, Any]) -> None:
    """A payload of any content comes out of its frame as it went in."""
    text = json.dumps(value)
    assert seen(parse(call(unique_id, "Any", text))) == (Call, unique_id, "Any", text)


# --- out ------------------------------------------------------------------------------------------------------------


def test_what_we_send() -> None:
    """Our frames look exactly so."""
    assert call("a", "Heartbeat", b"{}") == '[2,"a","Heartbeat",{}]'
    assert result("a", b'{"status":"Accepted"}') == '[3,"a",{"status":"Accepted"}]'
    assert result("a", "{}") == '[3,"a",{}]'
    assert error("a", "NotSupported", "no lock") == '[4,"a","NotSupported","no lock",{}]'
    assert error("a", "GenericError") == '[4,"a","GenericError","",{}]'


@given(st.text(st.characters(), max_size=40), st.text(st.characters(), max_size=300))
def test_odd_ids_and_descriptions(unique_id: str, description: str) -> None:
    """An id is repeated in whatever characters it came, a description cut at 255: the frame is always JSON."""
    frame = json.loads(error(unique_id, "GenericError", description))
    assert frame[0] == 4 and len(frame[3]) <= 255
    assert frame[1] == unique_id.encode(errors="replace").decode()
