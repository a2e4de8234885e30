"""Locks of socket outlets: the table of their drivers."""

from __future__ import annotations

from typing import Any, Final

from drivers.driver_table import ACTIVE, PULL, Driver, Parameter

CONTACT: Final = {
    "feedback": Parameter("line", required=True, says="line of the contact (on: locked)"),
    "active": ACTIVE,
    "feedback_active": ACTIVE,
    "feedback_pull": PULL,
}


def _motor(**arguments: Any) -> Any:
    from drivers.locks.gpio_motor import GpioMotorLock  # late: a board has one kind of lock, or none

    return GpioMotorLock(**arguments)


def _solenoid(**arguments: Any) -> Any:
    from drivers.locks.gpio_solenoid import GpioSolenoidLock

    return GpioSolenoidLock(**arguments)


DRIVERS: Final = {
    "gpio-motor": Driver(
        _motor,
        {"gpio": "gpio"},
        {
            "lock": Parameter("line", required=True, says="line that drives the motor to lock"),
            "unlock": Parameter("line", required=True, says="line that drives the motor to unlock"),
            "pulse_s": Parameter("number", 0.6, low=0.05, high=1.0, unit="s", says="how long it is driven"),
            **CONTACT,
        },
        says="a motor driven both ways for a moment",
    ),
    "gpio-solenoid": Driver(
        _solenoid,
        {"gpio": "gpio"},
        {"line": Parameter("line", required=True, says="line that holds the lock"), **CONTACT},
        says="a solenoid that holds for as long as it is on",
    ),
}
