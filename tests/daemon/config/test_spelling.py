"""Suggestions for misspelt names."""

from __future__ import annotations

import pytest

from daemon.config.spelling import nearest
from drivers.process.config import KEYS, ConfigRefused, read


def test_the_nearest_name() -> None:
    """A misspelt name has a nearest one, whatever its case; a very different one has none."""
    assert nearest("kindd", ["kind", "socket"]) == "kind"
    assert nearest("heartbeatintervall", ["HeartbeatInterval"]) == "HeartbeatInterval"
    assert nearest("zzz", ["kind"]) == ""


@pytest.mark.parametrize("name", ["conectors", "lease", "max_amp", "outlett", "statedir", "zzz"])
def test_the_board_process_suggests_the_same(name: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    """evsed-board, which may not import the daemon, finds the same name in its own file."""
    for section, keys in KEYS.items():
        file = tmp_path_factory.mktemp("board") / "board.toml"
        file.write_text(f"[{section}]\n{name} = 1\n" if section else f"{name} = 1\n")
        names = [*keys, *(other for other in KEYS if not section and other)]
        with pytest.raises(ConfigRefused) as refused:
            read(file)
        close = nearest(name, names)
        assert str(refused.value).partition("did you mean ")[2] == (f"{close}?" if close else "")
