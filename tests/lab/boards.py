"""The board file of the guest: the reference board as it is shipped, but for what it lacks there; its evsed.toml."""

from __future__ import annotations

from pathlib import Path

THERMOMETER = '"/sys/bus/w1/devices/28-*/temperature"'


def reference(top: Path) -> str:
    """`etc/boards/gpio-ads1115.toml`; its thermometer is a file, since no 1-wire master can be simulated."""
    text = (top / "etc/boards/gpio-ads1115.toml").read_text()
    assert THERMOMETER in text
    return text.replace(THERMOMETER, '"/run/lab-temperature"')


def pumped(top: Path, keyboard: str) -> str:
    """The same with a charge pump before the coil, and a keyboard as its reader."""
    text = reference(top)
    for old, new in (
        ('driver = "gpio"\n', 'driver = "gpio-pump"\npump_hz = 25\n'),
        ('fail_safe = ["strict-gpiod", ', 'fail_safe = ["pump", "strict-gpiod", '),
        ('active = "high"\n', ""),
        ('driver = "pn532-uart"\nport = "/dev/serial0"', f'driver = "usb-keyboard"\nport = "{keyboard}"'),
    ):
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


STATION = """\
[station]
id = "LAB001"
vendor = "evsed"
model = "Lab"
[csms]
url = "ws://10.0.2.100:9000/ocpp"
security_profile = 0
allow_insecure = true
reconnect_max_s = 5
[jobs]
socket = ""
[ocpp]
MeterValueSampleInterval = 5
MeterValuesSampledData = ["Energy.Active.Import.Register", "Current.Import", "Voltage"]
"""
