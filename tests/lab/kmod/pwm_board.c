// SPDX-License-Identifier: GPL-2.0
/*
 * A PWM chip with two channels and nothing behind it, under the name that a Raspberry Pi 4's has.
 *
 * /sys/module/pwm_board/parameters/broken: every change fails with EIO.
 */
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/pwm.h>

#define DEVICE "fe20c000.pwm"

static bool broken;
module_param(broken, bool, 0644);

static struct platform_device *device;

static int board_apply(struct pwm_chip *chip, struct pwm_device *pwm, const struct pwm_state *state)
{
	return broken ? -EIO : 0;	/* the core keeps the state that sysfs reads back */
}

static const struct pwm_ops board_ops = { .apply = board_apply };

static int board_probe(struct platform_device *pdev)
{
	struct pwm_chip *chip = devm_pwmchip_alloc(&pdev->dev, 2, 0);

	if (IS_ERR(chip))
		return PTR_ERR(chip);
	chip->ops = &board_ops;
	return devm_pwmchip_add(&pdev->dev, chip);
}

static struct platform_driver board_driver = { .probe = board_probe, .driver = { .name = DEVICE } };

static int __init board_init(void)
{
	int failed = platform_driver_register(&board_driver);

	if (failed)
		return failed;
	device = platform_device_register_simple(DEVICE, PLATFORM_DEVID_NONE, NULL, 0);
	if (IS_ERR(device)) {
		platform_driver_unregister(&board_driver);
		return PTR_ERR(device);
	}
	return 0;
}

static void __exit board_exit(void)
{
	platform_device_unregister(device);
	platform_driver_unregister(&board_driver);
}

module_init(board_init);
module_exit(board_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("PWM of a Raspberry Pi 4 without a line, for the lab of evsed");
