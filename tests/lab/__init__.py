"""The lab: the real programs on a machine with kernel GPIO, PWM, I2C, serial, input and watchdog devices.

`build.sh` makes the machine, `__main__` plays the parts in machines of their own: `session` whole sessions with what is
pulled and killed meanwhile, `proofs` the measured trials, which the guest makes by itself (`inside/trials.py`).  The
guest's clock runs by its instructions; a host that is busy for more than 50 ms at a time still costs trials: the board
then opens for want of a sample, rests for 30 s, and the trial is made again.
"""
