/* The pieces of the Zephyr port. NOT compiled by this repository's checks. */
#ifndef BW_ZEPHYR_PORT_H
#define BW_ZEPHYR_PORT_H

#include "../../../programs/device.h"

/* A fixed partition on serial NOR: the write block must be one byte. `sector_bytes` as in the chip's data sheet. */
bool flash_area_init(struct bw_flash *flash, uint8_t area_id, uint32_t sector_bytes);

void link_mqtt_init(struct bw_link *link, struct bw_device *device);

/* Sends, receives and calls the device, for at most `wait_ms`. */
void link_mqtt_wait(int32_t wait_ms);

void system_zephyr_init(struct bw_system *system);

/* The board's own sensors: fill in for the board at hand. */
void sensors_board_init(struct bw_sensors *sensors);

#endif
