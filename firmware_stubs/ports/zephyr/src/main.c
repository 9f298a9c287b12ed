/* The shelf and cooler sensor on Zephyr. NOT compiled by this repository's checks: read PORTING.md.
 *
 * Updates go through MCUboot: where the core's choice differs from the running slot, boot_request_upgrade(BOOT_UPGRADE_TEST)
 * and a restart follow, and boot_write_img_confirmed once bw_ota_on_trial has become false. Both calls are the board's. */
#include <zephyr/storage/flash_map.h>

#include "../../../programs/shelf.h"
#include "port.h"

#define SECTOR_BYTES 4096u

static struct bw_flash data, images[2];
static struct bw_link link_table;
static struct bw_system system_table;
static struct bw_sensors sensors_table;
static struct bw_board board;
static struct bw_shelf shelf;

int main(void)
{
    if (!flash_area_init(&data, FIXED_PARTITION_ID(readings_partition), SECTOR_BYTES) ||
        !flash_area_init(&images[0], FIXED_PARTITION_ID(slot0_partition), SECTOR_BYTES) ||
        !flash_area_init(&images[1], FIXED_PARTITION_ID(slot1_partition), SECTOR_BYTES)) {
        return 1;
    }
    link_mqtt_init(&link_table, &shelf.device);
    system_zephyr_init(&system_table);
    sensors_board_init(&sensors_table);
    board = (struct bw_board){
        .flash = &data, .link = &link_table, .system = &system_table, .sensors = &sensors_table,
        .image_slots = {{&images[0], 0, images[0].sectors}, {&images[1], 0, images[1].sectors}},
        .firmware = "beatwatch-shelf 1.0.0 zephyr", .product = 3, .build = 1, .built_ms = INT64_C(1767225600000),
    };
    if (!bw_shelf_start(&shelf, &board)) {
        return 1;
    }
    for (;;) {
        link_mqtt_wait(bw_shelf_step(&shelf));
    }
}
