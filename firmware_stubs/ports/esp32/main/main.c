/* The tracker on an ESP32 with ESP-IDF 5. NOT compiled by this repository's checks: read PORTING.md.
 *
 * The choice of the image is the core's (journal in "readings"); the ESP boot loader must be told of it: where
 * bw_ota_boot's slot differs from the running partition, esp_ota_set_boot_partition and a restart follow. */
#include "esp_ota_ops.h"
#include "sodium.h"

#include "../../../programs/tracker.h"
#include "port.h"

extern const uint8_t update_key[32]; /* from the factory */

static struct bw_flash data, images[2];
static struct bw_link link_table;
static struct bw_system system_table;
static struct bw_sensors sensors_table;
static struct bw_board board;
static struct bw_tracker tracker;

static void follow_choice(void)
{
    const char *label = tracker.device.ota.choice.slot == 0 ? "ota_0" : "ota_1";
    const esp_partition_t *wanted = esp_partition_find_first(ESP_PARTITION_TYPE_APP, ESP_PARTITION_SUBTYPE_ANY, label);
    if (wanted != NULL && wanted != esp_ota_get_running_partition() && esp_ota_set_boot_partition(wanted) == ESP_OK) {
        esp_restart();
    }
}

void app_main(void)
{
    if (sodium_init() < 0 || !flash_partition_init(&data, "readings") || !flash_partition_init(&images[0], "ota_0") ||
        !flash_partition_init(&images[1], "ota_1")) {
        return;
    }
    link_esp_mqtt_init(&link_table, &tracker.device);
    system_esp_init(&system_table, update_key);
    sensors_board_init(&sensors_table);
    board = (struct bw_board){
        .flash = &data, .link = &link_table, .system = &system_table, .sensors = &sensors_table,
        .image_slots = {{&images[0], 0, images[0].sectors}, {&images[1], 0, images[1].sectors}},
        .firmware = "beatwatch-tracker 1.0.0 esp32", .product = 2, .build = 1, .built_ms = INT64_C(1767225600000),
    };
    if (!bw_tracker_start(&tracker, &board)) {
        return;
    }
    follow_choice();
    for (;;) {
        link_esp_mqtt_wait(bw_tracker_step(&tracker));
    }
}
