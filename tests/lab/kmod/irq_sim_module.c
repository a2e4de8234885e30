// SPDX-License-Identifier: GPL-2.0
/* Debian's kernels come without CONFIG_IRQ_SIM, which gpio-sim needs: the kernel's own file, as a module. */
#include <linux/irq.h>
#include <linux/irqdesc.h>
#include <linux/module.h>
/* irq_to_desc() is not exported to modules, irq_get_irq_data() is */
#define irq_to_desc(number) irq_data_to_desc(irq_get_irq_data(number))
#include "irq_sim.c"
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("irq_sim as a module, for the lab of evsed");
