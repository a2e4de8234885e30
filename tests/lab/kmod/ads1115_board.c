// SPDX-License-Identifier: GPL-2.0
/*
 * I2C bus 1 with an ADS1115 at 0x48: four inputs, single-shot conversions that take 1.2 ms, last digits that
 * never stand still, transfers at 400 kHz.
 *
 * /sys/module/ads1115_board/parameters/
 *   counts   what the four inputs have, comma-separated
 *   absent   nobody answers any more, as after a plug was pulled
 *   still   the last digits stand still
 */
#include <linux/delay.h>
#include <linux/i2c.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/swab.h>

#define ADDRESS 0x48
#define CONVERSION 0
#define CONFIG 1
#define START 0x8000
#define CONVERTS_US 1200

static int counts[4] = { 19200, 4480, 0, 0 };
module_param_array(counts, int, NULL, 0644);
static bool absent, still;
module_param(absent, bool, 0644);
module_param(still, bool, 0644);

static u16 config = 0x0583, conversion;
static ktime_t ready_at;
static unsigned int noise;

static void convert(u16 value)
{
	int input = (value >> 12) & 7;

	config = value & ~START;
	if (!(value & START))
		return;
	noise++;
	/* 4 to 7: one input against ground; the others are differences, which this board has not */
	conversion = input < 4 ? 0 : counts[input - 4] + (still ? 0 : (int)(noise >> 1) % 3 - 1);
	ready_at = ktime_add_us(ktime_get(), CONVERTS_US);
}

static s32 board_xfer(struct i2c_adapter *adapter, u16 address, unsigned short flags, char read_write, u8 command,
		      int size, union i2c_smbus_data *data)
{
	if (absent || address != ADDRESS)
		return -EREMOTEIO;
	if (size == I2C_SMBUS_QUICK)
		return 0;
	if (size != I2C_SMBUS_WORD_DATA || command > 3)
		return -EOPNOTSUPP;
	usleep_range(100, 150);		/* 40 bits */
	if (read_write == I2C_SMBUS_READ) {
		u16 busy = ktime_before(ktime_get(), ready_at) ? 0 : START;

		data->word = swab16(command == CONFIG ? config | busy : command == CONVERSION ? conversion : 0);
	} else if (command == CONFIG) {
		convert(swab16(data->word));
	}
	return 0;
}

static u32 board_functions(struct i2c_adapter *adapter)
{
	return I2C_FUNC_SMBUS_QUICK | I2C_FUNC_SMBUS_WORD_DATA;
}

static const struct i2c_algorithm board_algorithm = { .smbus_xfer = board_xfer, .functionality = board_functions };

static struct i2c_adapter adapter = {
	.owner = THIS_MODULE,
	.class = 0,
	.algo = &board_algorithm,
	.name = "bcm2835 (i2c@7e804000)",
	.nr = 1,
};

static int __init board_init(void)
{
	return i2c_add_numbered_adapter(&adapter);
}

static void __exit board_exit(void)
{
	i2c_del_adapter(&adapter);
}

module_init(board_init);
module_exit(board_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("An I2C bus with an ADS1115, for the lab of evsed");
