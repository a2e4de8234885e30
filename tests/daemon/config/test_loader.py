"""Files, environment file, credentials and environment become one Config, or every problem at once."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import chdir
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.config.loader import build, hooks_of, load, read, transfers_of
from daemon.config.model import Config, ConfigError, Problem

GOOD = """[station]
id = "CP0001"
vendor = "Maker"

[csms]
url = "ws://csms.example/ocpp"
security_profile = 0
allow_insecure = true
"""


def written(folder: Path, text: str, name: str = "evsed.toml") -> Path:
    file = folder / name
    file.write_text(text)
    return file


def loaded(folder: Path, text: str = GOOD, environ: Mapping[str, str] | None = None) -> Config:
    return load([written(folder, text)], environ or {})


def problems(folder: Path, text: str, environ: Mapping[str, str] | None = None) -> list[Problem]:
    with pytest.raises(ConfigError) as caught:
        loaded(folder, text, environ)
    return list(caught.value.problems)


def test_a_small_file_is_enough(tmp_path: Path) -> None:
    """Identity and URL are all that must be given; the rest has defaults."""
    config = loaded(tmp_path)
    assert config.station.id == "CP0001" and config.identity.vendor == "Maker"
    assert config.csms.reconnect_max_s == 300
    assert config.store_dir == Path("/var/lib/evsed") == config.state_dir
    assert config.board.kind == "process" and config.board.connectors == 1
    assert config.control_socket == Path("/run/evsed/control.sock")
    assert config.identity.serial is None and config.hooks.reboot == ()
    assert config.product.name == "chq-s-07sr" and config.ocpp == {"SecurityProfile": "0"}


def test_a_later_file_wins_key_by_key(tmp_path: Path) -> None:
    """Of several files the later one overrides single keys."""
    first = written(tmp_path, GOOD)
    second = written(tmp_path, '[station]\nid = "CP0002"\n', "more.toml")
    config = load([first, second], {})
    assert (config.station.id, config.station.vendor) == ("CP0002", "Maker")


def test_the_environment_wins_over_its_file_and_that_over_toml(tmp_path: Path) -> None:
    """evsed.env beside the file overlays it, the environment overlays both."""
    written(tmp_path, "# a comment\n\nexport EVSED_STATION_ID=CP0002\nEVSED_STATION_VENDOR='a $b'\n", "evsed.env")
    assert loaded(tmp_path).station.id == "CP0002"
    config = loaded(tmp_path, environ={"EVSED_STATION_ID": "CP0003", "EVSED_CONTROL_SOCKET": "/x", "HOME": "/"})
    assert (config.station.id, config.station.vendor) == ("CP0003", "a $b")
    assert config.control_socket == Path("/x")


def test_secrets_may_come_as_credentials(tmp_path: Path) -> None:
    """A systemd credential named like the key is read; the environment wins over it."""
    creds = tmp_path / "creds"
    creds.mkdir()
    (creds / "authorization_key").write_text("0" * 40 + "\n")
    environ = {"CREDENTIALS_DIRECTORY": str(creds)}
    assert loaded(tmp_path, environ=environ).csms.authorization_key == "0" * 40
    both = {**environ, "EVSED_AUTHORIZATION_KEY": "1" * 40}
    assert loaded(tmp_path, environ=both).csms.authorization_key == "1" * 40


def test_an_unknown_key_is_reported_with_line_and_nearest_name(tmp_path: Path) -> None:
    """An unknown key is an error with its line, the allowed keys and the nearest one."""
    (problem,) = problems(tmp_path, GOOD + '[board]\nkindd = "simulated"\n')
    assert problem.line == 10 and problem.key == "[board] kindd" and problem.nearest == "kind"
    assert "socket" in problem.allowed


def test_an_unknown_section_is_named(tmp_path: Path) -> None:
    """An unknown section, a key outside of one, and a key in the place of one are errors."""
    (section,) = problems(tmp_path, GOOD + "[bord]\nx = 1\n")
    assert section.line == 9 and section.nearest == "[board]"
    (outside,) = problems(tmp_path, "nonsense = 1\n" + GOOD)
    assert outside.line == 1 and "outside" in outside.what
    (flat,) = problems(tmp_path, "store = 1\n" + GOOD)
    assert flat.line == 1 and "section" in flat.what


def test_all_problems_come_at_once(tmp_path: Path) -> None:
    """Several mistakes are reported together, each with its line."""
    found = problems(tmp_path, '[station]\nid = "a:b"\n[csms]\nurl = "http://x"\nsecurity_profile = 9\n')
    assert [problem.line for problem in found] == [2, 4, 5, 0] or len(found) >= 3


def test_what_is_missing_is_named_with_its_place_in_the_environment(tmp_path: Path) -> None:
    """The message about a missing key names the environment variable."""
    found = problems(tmp_path, "[csms]\nsecurity_profile = 0\nallow_insecure = true\n")
    assert any("EVSED_STATION_ID" in problem.what for problem in found)
    assert any("EVSED_CSMS_URL" in problem.what for problem in found)


def test_a_missing_file_is_an_error_only_where_it_was_named(tmp_path: Path) -> None:
    """The default file may be missing if the environment has all keys; a named one may not."""
    with pytest.raises(ConfigError) as caught:
        load([tmp_path / "none.toml"], {})
    assert "cannot be read" in str(caught.value)
    environ = {
        "EVSED_STATION_ID": "CP1",
        "EVSED_CSMS_URL": "ws://h",
        "EVSED_CSMS_SECURITY_PROFILE": "0",
        "EVSED_CSMS_ALLOW_INSECURE": "true",
    }
    assert load((), environ).station.id == "CP1"


def test_a_file_that_cannot_be_read_is_the_only_problem(tmp_path: Path) -> None:
    """Its keys are not reported as missing."""
    (problem,) = problems(tmp_path, GOOD + "x = = 3\n")
    assert "not valid TOML" in problem.what and problem.line == 9


def test_14_without_a_file_that_is_the_only_complaint() -> None:
    """The message says where a file was expected, and nothing about what would stand in it."""
    for environ in {}, {"EVSED_STRANGE": "1"}:
        with pytest.raises(ConfigError, match=r"/etc/evsed/evsed\.toml: there is no such file") as caught:
            load((), environ, "simulated")
        assert len(caught.value.problems) == 1
    with pytest.raises(ConfigError, match=r"EVSED_CSMS_URL(.|\n)*there is no such file"):
        load((), {"EVSED_STATION_ID": "CP1"})


PATHS = """[station]
product = "p/own.toml"
[csms]
ca_file = "tls/ca.pem"
key_file = "tls/key.pem"
[store]
dir = "./store"
[board]
socket = "b.sock"
[control]
socket = "run/c.sock"
[jobs]
socket = "j.sock"
"""


@pytest.mark.parametrize("start", ["/", "..", "."])
def test_14_relative_paths_count_from_the_file(tmp_path: Path, start: str) -> None:
    """Wherever evsed is started, and however its file is named: each path is that of a neighbour of the file."""
    home = tmp_path / "etc"
    (home / "p").mkdir(parents=True)
    written(home, 'name = "own"\n', "p/own.toml")
    written(home, GOOD)
    written(home, PATHS, "paths.toml")
    with chdir(home / start):
        for folder in home, Path(os.path.relpath(home)):
            config = load([folder / "evsed.toml", folder / "paths.toml"], {})
            found = (config.store_dir, config.state_dir, config.control_socket, config.board.socket, config.jobs_socket)
            wanted = (home / "store", home / "store", home / "run/c.sock", str(home / "b.sock"), str(home / "j.sock"))
            assert [os.path.normpath(path) for path in found] == [str(path) for path in wanted]
            assert all(os.path.isabs(path) for path in found) and config.product.name == "own"
            assert os.path.normpath(config.csms.ca_file) == str(home / "tls/ca.pem")
            assert os.path.normpath(transfers_of([folder / "paths.toml"], {})[1]) == str(home / "store")


def test_14_each_path_counts_from_its_own_file(tmp_path: Path) -> None:
    """Of two files, of evsed.env beside one; in the environment, which is no file, from the current folder."""
    first, second, here = tmp_path / "a", tmp_path / "b", tmp_path / "c"
    for folder in first, second, here:
        folder.mkdir()
    files = [written(first, GOOD + "[store]\ndir = 's'\n"), written(second, "[control]\nsocket = 'c.sock'\n")]
    written(second, "EVSED_SIMULATED_STATE_DIR=world\n", "evsed.env")
    with chdir(here):
        config = load(files, {"EVSED_JOBS_SOCKET": "j.sock"})
    assert (config.store_dir, config.control_socket, config.state_dir, config.jobs_socket) == (
        first / "s",
        second / "c.sock",
        second / "world",
        str(here / "j.sock"),
    )


def test_14_a_path_that_is_not_meant_so(tmp_path: Path) -> None:
    """~ is the shell's; the whole path of a socket must fit, not only what was written."""
    (problem,) = problems(tmp_path, GOOD + '[store]\ndir = "~/store"\n')
    assert "~ is not expanded" in problem.what and problem.line == 10
    (problem,) = problems(tmp_path, GOOD + f'[control]\nsocket = "{"x" * 100}"\n')
    assert "too long" in problem.what
    (problem,) = problems(tmp_path, GOOD + "[store]\ndir = 7\n")
    assert "a string in quotes" in problem.what


@pytest.mark.parametrize(
    ("url", "identity"),
    [
        ("ws://h/ocpp/CP0001", "CP0001"),
        ("ws://h/ocpp/CP0001/", "CP0001"),
        ("ws://h/ocpp/cp0001", "CP0001"),
        ("ws://h/ocpp/CP%207%2F1", "CP 7/1"),
        ("ws://h/ocpp/CP/1", "CP/1"),
        ("ws://h/CP0001", "CP0001"),
        ("ws://h/ws/CP0001/{id}/", "CP0001"),
    ],
)
def test_7_an_identity_that_ends_the_url_is_named(tmp_path: Path, url: str, identity: str) -> None:
    """The field's most frequent question is answered before it is asked; it may be meant so, and is taken."""
    text = GOOD.replace("ws://csms.example/ocpp", url).replace("CP0001", identity, 1)
    (doubt,) = loaded(tmp_path, text).doubts
    assert (doubt.line, doubt.key) == (6, "[csms] url") and f"identity {identity} already" in doubt.what


@pytest.mark.parametrize("url", ["ws://h/ocpp", "ws://CP0001/", "ws://h/XCP0001", "ws://h/CP0001/x", "ws://h/x/{id}"])
def test_7_any_other_url_is_not_doubted(tmp_path: Path, url: str) -> None:
    """The identity elsewhere, or as a part of a name, is no doubt."""
    assert loaded(tmp_path, GOOD.replace("ws://csms.example/ocpp", url)).doubts == ()


def test_14_a_byte_order_mark_in_the_environment_file(tmp_path: Path) -> None:
    """It is named, not taken for a part of a name."""
    written(tmp_path, "\ufeffEVSED_STATION_ID=CP0002\n", "evsed.env")
    (problem,) = problems(tmp_path, GOOD)
    assert "byte order mark" in problem.what and problem.file.endswith("evsed.env") and problem.line == 1


def test_a_board_with_other_connectors_than_the_product(tmp_path: Path) -> None:
    """A simulated board has what the product has."""
    (problem,) = problems(tmp_path, GOOD + '[board]\nkind = "simulated"\nconnectors = 9\n')
    assert problem.key == "[board] connectors" and problem.line == 11 and "chq-s-07sr has 1" in problem.what


def test_a_folder_in_place_of_a_file_is_an_error(tmp_path: Path) -> None:
    """What cannot be read is a problem, not an exception."""
    assert "cannot be read" in read([tmp_path], {}).problems[0].what
    (tmp_path / "evsed.env").mkdir()
    found = read([written(tmp_path, GOOD)], {}).problems
    assert "cannot be read" in found[0].what


def test_no_profile_means_the_second(tmp_path: Path) -> None:
    """The default profile is 2: what it needs is asked for, and nothing connects with less."""
    found = problems(tmp_path, GOOD.replace("security_profile = 0\n", ""))
    assert [problem.key for problem in found] == ["[csms] url", "[csms] authorization_key", "[csms] ca_file"]
    assert all("security profile 2 (the default)" in problem.what for problem in found)


def test_no_security_needs_a_second_key(tmp_path: Path) -> None:
    """Profile 0 goes only together with allow_insecure."""
    (problem,) = problems(tmp_path, GOOD.replace("allow_insecure = true", "allow_insecure = false"))
    assert "allow_insecure" in problem.allowed


def test_two_secrets_contradict(tmp_path: Path) -> None:
    """A key and a password together are refused."""
    text = GOOD + f'authorization_key = "{"0" * 32}"\npassword = "x"\n'
    (problem,) = problems(tmp_path, text)
    assert problem.key == "[csms] password"


def test_ocpp_values_are_checked_and_written_as_ocpp_does(tmp_path: Path) -> None:
    """Numbers, texts, truths and lists become OCPP's texts under the key's own spelling."""
    config = loaded(
        tmp_path,
        GOOD + "[ocpp]\nheartbeatinterval = 300\nConnectionTimeOut = '5'\nLocalPreAuthorize = true\n"
        "MeterValuesSampledData = ['Voltage', 'Current.Import']\nStopTxnSampledData = ''\nNumberOfConnectors = 1\n",
    )
    assert config.ocpp == {
        "SecurityProfile": "0",
        "HeartbeatInterval": "300",
        "ConnectionTimeOut": "5",
        "LocalPreAuthorize": "true",
        "MeterValuesSampledData": "Voltage,Current.Import",
        "StopTxnSampledData": "",
        "NumberOfConnectors": "1",
    }


def test_wrong_ocpp_values_are_named(tmp_path: Path) -> None:
    """Unknown keys, wrong values, no values, and one key twice are errors with lines."""
    found = problems(
        tmp_path,
        GOOD + "[ocpp]\nHeartbeatIntervall = 1\nConnectionTimeOut = -1\nResetRetries = 1.5\n"
        "MessageTimeout = 3\nmessagetimeout = 4\n",
    )
    assert [(problem.line, problem.key) for problem in found] == [
        (10, "[ocpp] HeartbeatIntervall"),
        (11, "[ocpp] ConnectionTimeOut"),
        (12, "[ocpp] ResetRetries"),
        (14, "[ocpp] messagetimeout"),
    ]
    assert found[0].nearest == "HeartbeatInterval"


def test_problems_of_a_product(tmp_path: Path) -> None:
    """A missing product is a problem of its key; a wrong one, of its own file."""
    (problem,) = problems(tmp_path, GOOD.replace('id = "CP0001"', 'id = "CP0001"\nproduct = "nono"'))
    assert problem.line == 3 and problem.key == "[station] product"
    written(tmp_path, 'name = "own"\nphases = 9\n', "own.toml")
    (problem,) = problems(tmp_path, GOOD.replace('id = "CP0001"', 'id = "CP0001"\nproduct = "own.toml"'))
    assert problem.file.endswith("own.toml") and problem.line == 2


def test_the_product_gives_the_connectors_of_a_simulated_board(tmp_path: Path) -> None:
    """Where the board's number is not given, it is the product's."""
    text = GOOD.replace('id = "CP0001"', 'id = "CP0001"\nproduct = "dual"')
    assert loaded(tmp_path, text).board.connectors == 2
    assert loaded(tmp_path, text + "[board]\nconnectors = 1\n").board.connectors == 1


def test_unknown_names_in_the_environment_are_errors(tmp_path: Path) -> None:
    """An unknown EVSED_ name is a problem, with file and line if it comes from a file."""
    written(tmp_path, "EVSED_BORD_KIND=x\nno equals sign\nOTHER=1\n", "evsed.env")
    found = problems(tmp_path, GOOD, {"EVSED_STORE_DIRR": "x"})
    assert sorted((problem.line, problem.nearest) for problem in found) == [
        (0, "EVSED_STORE_DIR"),
        (1, "EVSED_BOARD_KIND"),
        (2, ""),
        (3, ""),
    ]


def test_the_command_line_may_ask_for_the_simulated_board(tmp_path: Path) -> None:
    """`--board simulated` wins over the file."""
    assert load([written(tmp_path, GOOD)], {}, "simulated").board.kind == "simulated"


def test_a_draft_with_problems_still_gives_paths(tmp_path: Path) -> None:
    """evsectl finds the socket even in a file with mistakes."""
    draft = read([written(tmp_path, '[control]\nsocket = "/x"\n[board]\nkind = "nono"\n')], {})
    config = build(draft)
    assert draft.problems and config.control_socket == Path("/x") and config.board.kind == "process"


NO_HOOKS = dict.fromkeys(("install", "reboot", "trial", "commit", "rollback", "version"), ())


def test_hooks_are_read_alone(tmp_path: Path) -> None:
    """evsed-job reads the hooks without the rest of the file."""
    file = written(tmp_path, GOOD + '[hooks]\nreboot = ["/sbin/reboot"]\ninstall = "no list"\n')
    assert hooks_of([file]) == {**NO_HOOKS, "reboot": ("/sbin/reboot",)}
    assert hooks_of([tmp_path / "none.toml"]) == NO_HOOKS


@given(st.binary(max_size=300))
def test_any_file(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    """Whatever a file holds, it becomes problems or values, never an exception."""
    file = tmp_path_factory.getbasetemp() / "odd.toml"
    file.write_bytes(content)
    draft = read([file], {})
    build(draft)
    assert draft.problems


def test_the_terms_of_transfers_alone(tmp_path: Path) -> None:
    """evsed-job reads [transfers], store, CA file and the product's protocols; any mistake in the file is an error."""
    file = tmp_path / "evsed.toml"
    file.write_text("[store]\ndir = '/s'\n[csms]\nca_file = '/ca'\n[transfers]\nschemes = ['https']\n")
    transfers, store, ca_file, protocols = transfers_of([file], {"EVSED_TRANSFERS_ALLOW_LOOPBACK": "true"})
    assert (transfers.schemes, transfers.allow_loopback, store, ca_file) == (("https",), True, Path("/s"), "/ca")
    assert protocols == ("HTTP", "HTTPS", "FTP", "FTPS")
    assert transfers_of([file], {"EVSED_STORE_DIR": "/t"})[1] == Path("/t")
    file.write_text("[transfers]\nallow_hosts = ['a b']\n")
    with pytest.raises(ConfigError):
        transfers_of([file], {})


def test_the_security_profile_is_read_back_by_its_key(tmp_path: Path) -> None:
    """W A00.FR.001: one profile is in force, and GetConfiguration shows it; a product that has it not is refused."""
    roots = tmp_path / "roots.pem"
    secure = GOOD.replace("ws:", "wss:").replace("profile = 0", "profile = 2") + (
        f'ca_file = "{roots}"\nauthorization_key = "{"0" * 32}"\n'
    )
    assert loaded(tmp_path, secure).ocpp == {"SecurityProfile": "2"}
    product = written(tmp_path, 'name = "p"\nsecurity_profiles = [1]\n', "p.toml")
    (problem,) = problems(tmp_path, secure.replace('id = "CP0001"', f'id = "CP0001"\nproduct = "{product}"'))
    assert problem.key == "[csms] security_profile" and problem.allowed == "1"


def test_free_vend(tmp_path: Path) -> None:
    """An idTag, of file or environment; not with a product whose outlet is locked until a card is authorized."""
    text = GOOD.replace('vendor = "Maker"', 'vendor = "Maker"\nfree_vend = "FREE"')
    assert loaded(tmp_path, text).station.free_vend == "FREE"
    assert loaded(tmp_path).station.free_vend == ""
    assert loaded(tmp_path, environ={"EVSED_STATION_FREE_VEND": "04A2"}).station.free_vend == "04A2"
    (problem,) = problems(tmp_path, text.replace("FREE", "X" * 21))
    assert (problem.key, problem.what, problem.line) == ("[station] free_vend", "too long: 21 characters", 4)
    (problem,) = problems(tmp_path, text.replace("FREE", "FREE "))
    assert problem.what == "begins or ends with a blank"
    written(
        tmp_path,
        'name = "own"\nfixed_cable = false\nconnector_type = "sType2"\nlock_before_authorization = true\n',
        "own.toml",
    )
    found = problems(tmp_path, text.replace('id = "CP0001"', 'id = "CP0001"\nproduct = "own.toml"'))
    assert [str(one).split(": ", 1)[1] for one in found] == [
        "[station] free_vend: product own locks its outlet until a card is authorized; "
        "allowed: a product with lock_before_authorization = false"
    ]
