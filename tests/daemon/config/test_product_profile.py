"""Product profiles: found, read, and refused where they contradict themselves."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from daemon.config.product_profile import contradictions, find_product, read_product
from ocpp16.configuration.keys import core_keys
from ocpp16.product import MOST_IN_A_LIST, Product

HERE = Path(".")


@pytest.mark.parametrize("name", ["chq-s-07sr", "socket-3p", "dual", "backup-power"])
def test_the_shipped_profiles_are_right(name: str) -> None:
    """Each shipped profile is valid and has the name of its file."""
    product, problems = read_product(name, HERE)
    assert problems == [] and product.name == name


@pytest.mark.parametrize("name", ["chq-s-07sr", "socket-3p", "dual", "backup-power"])
def test_15_every_product_tells_what_a_back_office_shows(name: str) -> None:
    """Register, power, current and voltage, in both lists, without a ChangeConfiguration."""
    keys = core_keys(read_product(name, HERE)[0])
    wanted = "Energy.Active.Import.Register,Power.Active.Import,Current.Import,Voltage"
    assert keys["metervaluessampleddata"].default == wanted == keys["metervaluesaligneddata"].default


def test_15_defaults_are_what_the_product_measures() -> None:
    """What it does not have, or has no room for, is left out."""
    narrow = core_keys(Product(measurands=("Energy.Active.Import.Register", "Voltage")))
    assert narrow["metervaluessampleddata"].default == "Energy.Active.Import.Register,Voltage"
    short = core_keys(Product(sampled_data_max_length=1))
    assert short["metervaluessampleddata"].default == "Energy.Active.Import.Register"


def test_the_reference_profile_is_the_built_in_one() -> None:
    """The file of the reference product equals the built-in one."""
    file = find_product("chq-s-07sr", HERE)
    assert file is not None
    assert read_product("chq-s-07sr", HERE)[0] == Product()


def test_shapes_of_the_shipped_profiles() -> None:
    """Socket, three phases; two connectors; backup power."""
    assert not read_product("socket-3p", HERE)[0].fixed_cable
    assert read_product("socket-3p", HERE)[0].phases == 3
    assert read_product("dual", HERE)[0].connectors == 2
    assert read_product("backup-power", HERE)[0].stops_before_power_loss


def test_a_path_is_read_from_the_folder_of_the_configuration(tmp_path: Path) -> None:
    """A relative path starts at the folder of the configuration; an absolute one is used as it is."""
    (tmp_path / "own.toml").write_text('name = "own"\nconnectors = 3\n')
    assert read_product("own.toml", tmp_path)[0].connectors == 3
    assert read_product(str(tmp_path / "own.toml"), HERE)[0].connectors == 3


def test_an_unknown_name() -> None:
    """The message lists the profiles that exist, and the nearest one."""
    _, (problem,) = read_product("duall", HERE)
    assert problem.file == "" and "duall" in problem.what
    assert "socket-3p" in problem.allowed and problem.nearest == "dual"
    assert read_product("nowhere/x.toml", HERE)[1] and read_product("x" * 5000, HERE)[1]


def test_an_unknown_answer_is_named_with_its_line(tmp_path: Path) -> None:
    """An answer that does not exist is an error with line and nearest name."""
    (tmp_path / "p.toml").write_text('name = "p"\n\nphase = 3\n')
    product, (problem,) = read_product("p.toml", tmp_path)
    assert (problem.line, problem.key, problem.nearest) == (3, "phase", "phases")
    assert product == Product()


def test_a_wrong_type_is_named_with_its_line(tmp_path: Path) -> None:
    """An answer of the wrong type is an error with its line."""
    (tmp_path / "p.toml").write_text('name = "p"\nphases = "three"\nmeasurands = [1]\n')
    _, (problem,) = read_product("p.toml", tmp_path)
    assert problem.line == 2 and "int" in problem.what


def test_invalid_toml(tmp_path: Path) -> None:
    """Invalid TOML is a problem with its line."""
    (tmp_path / "p.toml").write_text("name = \n")
    _, (problem,) = read_product("p.toml", tmp_path)
    assert problem.line == 1 and "not valid TOML" in problem.what


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"phases": 4}, "phases"),
        ({"connectors": 0}, "connectors"),
        ({"max_amps": 5.0}, "max_amps"),
        ({"volts": 12.0}, "volts"),
        ({"keep_on_ev_disconnect": False, "stop_on_ev_disconnect": False}, "stop_on_ev_disconnect"),
        ({"offline_authorization": False}, "offline_unknown_ids"),
        ({"measurands": ()}, "measurands"),
        ({"measurands": ("SoC", "SoC")}, "measurands"),
        ({"measurands": ("Voltage",)}, "measurands"),
        ({"measurands": ("Foo.Bar",)}, "measurands"),
        ({"name": ""}, "name"),
        ({"connector_type": "banana"}, "connector_type"),
        ({"connector_type": "sType2"}, "connector_type"),
        ({"fixed_cable": False}, "connector_type"),
        ({"phases": 3}, "connector_type"),
        ({"stop_max_meter_values": 1}, "stop_max_meter_values"),
        ({"get_configuration_max_keys": 5000}, "get_configuration_max_keys"),
        ({"certificate_chain_max": 20_000}, "certificate_chain_max"),
        ({"local_list_max_length": 10**9}, "local_list_max_length"),
        ({"local_list_max_length": 5000, "send_local_list_max_length": 5000}, "send_local_list_max_length"),
        ({"sampled_data_max_length": 101}, "sampled_data_max_length"),
        ({"profiles": (*Product().profiles, "Security")}, "profiles"),
        ({"profiles": Product().profiles[1:]}, "profiles"),
        ({"profiles": (*Product().profiles, "Core")}, "profiles"),
        ({"sampled_data_max_length": 0}, "sampled_data_max_length"),
        ({"sample_interval_max_s": 0}, "sample_interval_max_s"),
        ({"ping_interval_s": -1}, "ping_interval_s"),
    ],
)
def test_contradictions_are_refused(changes: dict[str, object], key: str) -> None:
    """Answers that no station can have together are named."""
    found = list(contradictions(msgspec.structs.replace(Product(), **changes)))
    assert [name for name, _ in found] == [key]


@pytest.mark.parametrize("text", ["phases = 1\n", 'name = "chq-s-07sr"\nmax_amps = 16\n'])
def test_the_name_of_the_certified_product_is_protected(text: str, tmp_path: Path) -> None:
    """A file has a name of its own, unless it gives the answers of the reference product."""
    (tmp_path / "p.toml").write_text(text)
    _, (problem,) = read_product("p.toml", tmp_path)
    assert problem.key == "name"


def test_a_contradiction_in_a_file_has_its_line(tmp_path: Path) -> None:
    """A contradiction is an error in the line of the answer."""
    (tmp_path / "p.toml").write_text('name = "p"\n\nphases = 7\n')
    product, (problem,) = read_product("p.toml", tmp_path)
    assert problem.line == 3 and product == Product()


def test_a_list_that_is_allowed_fits_into_a_message() -> None:
    """The longest frame taken in holds a whole SendLocalList, and never more than 256 KiB."""
    most = msgspec.structs.replace(Product(), local_list_max_length=5000, send_local_list_max_length=MOST_IN_A_LIST)
    assert list(contradictions(most)) == []
    assert Product().frame_bytes == 65_536 and 250_000 < most.frame_bytes <= 262_144
