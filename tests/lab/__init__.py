"""The lab: the real programs on a machine with kernel GPIO, PWM, I2C, serial, input and watchdog devices."""
