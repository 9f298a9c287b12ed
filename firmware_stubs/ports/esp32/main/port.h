/* The pieces of the ESP32 port. NOT compiled by this repository's checks. */
#ifndef BW_ESP32_PORT_H
#define BW_ESP32_PORT_H

#include "../../../programs/device.h"

/* False when the partition "readings" is missing. Encrypted partitions will not do: they cannot clear single bits. */
bool flash_partition_init(struct bw_flash *flash, const char *label);

void link_esp_mqtt_init(struct bw_link *link, struct bw_device *device);

/* Handles what the MQTT task has reported, for at most `wait_ms`; everything of the core runs in the caller's task. */
void link_esp_mqtt_wait(int32_t wait_ms);

void system_esp_init(struct bw_system *system, const uint8_t public_key[32]);

/* The board's own pins, converters and UART: fill in for the board at hand. */
void sensors_board_init(struct bw_sensors *sensors);

#endif
