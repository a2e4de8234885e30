"""Carlo Gavazzi meters: the register table against frames as the data sheet codes them."""

from __future__ import annotations

import pytest

from tests.drivers.meters.stand import Stand, proves_the_table
from tests.drivers.ports.wire import check_sum


@pytest.mark.parametrize("name", "em111 em340".split())
def test_the_table(name: str) -> None:
    """Requests, replies, values and the meter's own number."""
    proves_the_table(name)


def test_a_sample_with_its_high_word_first() -> None:
    """Those that tell the id 111 at register 000B."""
    stand = Stand("em111")
    for request, reply in list(stand.replies.items()):
        words = [reply[at : at + 2] for at in range(3, len(reply) - 2, 2)]
        if request[3] == 0x0B:
            words = [b"\x00\x6f"]
        elif request[3] == 0x00 and request[2] == 0x00:
            words = [words[at ^ 1] for at in range(6)]
        elif request[3] == 0x0F:
            words = [words[0], words[2], words[1]]
        frame = reply[:3] + b"".join(words)
        stand.replies[request] = frame + check_sum(frame)
    stand.meter.poll()
    assert stand.meter.values == stand.expected()
