#include "downlink.h"

#include <string.h>

#include "../core/config_read.h"
#include "../core/ota_read.h"

static void explain(struct bw_ack *ack, const char *reason)
{
    size_t length = strlen(reason);
    length = length < sizeof ack->reason ? length : sizeof ack->reason - 1u;
    memcpy(ack->reason, reason, length);
    ack->reason[length] = '\0';
}

static void configure(struct bw_device *device, const uint8_t *payload, size_t length)
{
    struct bw_config_message message;
    struct bw_ack ack = {.regarding = "cfg", .offset = -1};
    ack.accepted = bw_config_read(payload, length, &message, ack.reason);
    if (ack.accepted && !bw_settings_try(&device->settings, &message.config, bw_device_uptime_ms(device))) {
        ack.accepted = false;
        explain(&ack, "flash");
    }
    memcpy(ack.id, message.id, sizeof ack.id);
    memcpy(ack.version, message.config.version, sizeof ack.version);
    bw_ack_queue_add(&device->acks, &ack);
}

static void carry_out(struct bw_device *device, const struct bw_command *command, struct bw_ack *ack)
{
    ack->accepted = true;
    switch (command->kind) {
    case BW_COMMAND_RESTART:
        bw_device_restart_soon(device);
        break;
    case BW_COMMAND_SELF_TEST:
        bw_device_test(device);
        explain(ack, device->self_test == 0 ? "" : "failed");
        break;
    case BW_COMMAND_ROLLBACK:
        ack->accepted = bw_settings_rollback(&device->settings);
        memcpy(ack->version, device->settings.config.version, sizeof ack->version);
        explain(ack, ack->accepted ? "" : "nothing_before");
        break;
    default:
        ack->accepted = device->command != NULL && device->command(device->program, command, ack);
    }
}

static void command(struct bw_device *device, const uint8_t *payload, size_t length)
{
    struct bw_command command;
    struct bw_ack ack = {.regarding = "cmd", .offset = -1};
    const char *fault = bw_command_read(payload, length, &command);
    memcpy(ack.id, command.id, sizeof ack.id);
    if (fault != NULL) {
        explain(&ack, fault);
    } else {
        carry_out(device, &command, &ack);
    }
    bw_ack_queue_add(&device->acks, &ack);
}

static const char *name_of(enum bw_ota_result result)
{
    static const char *const NAMES[] = {"", "ready", "refused", "out_of_order", "bad_hash", "flash"};
    return NAMES[result];
}

static void update(struct bw_device *device, const uint8_t *payload, size_t length)
{
    struct bw_ota_read message;
    struct bw_ack ack = {.regarding = "ota", .offset = -1};
    enum bw_ota_message kind = bw_ota_read(payload, length, &message);
    memcpy(ack.id, message.id, sizeof ack.id);
    if (kind == BW_OTA_BROKEN) {
        explain(&ack, "not_a_document");
    } else {
        enum bw_ota_result result = kind == BW_OTA_MANIFEST
                                        ? bw_ota_begin(&device->ota, &message.manifest, device->board->product)
                                        : bw_ota_write(&device->ota, message.offset, message.data, message.length);
        ack.accepted = result == BW_OTA_MORE || result == BW_OTA_READY;
        ack.offset = result == BW_OTA_MORE || result == BW_OTA_OUT_OF_ORDER ? (int64_t)device->ota.received : -1;
        explain(&ack, name_of(result));
        if (result == BW_OTA_READY) {
            bw_device_restart_soon(device);
        }
    }
    bw_ack_queue_add(&device->acks, &ack);
}

void bw_downlink(struct bw_device *device, const char *leaf, const uint8_t *payload, size_t length)
{
    if (strcmp(leaf, "cfg") == 0) {
        configure(device, payload, length);
    } else if (strcmp(leaf, "cmd") == 0) {
        command(device, payload, length);
    } else if (strcmp(leaf, "ota") == 0) {
        update(device, payload, length);
    }
}

void bw_device_message(struct bw_device *device, const char *topic, const uint8_t *payload, size_t length)
{
    const char *leaf = bw_topic_leaf(&device->identity, topic);
    if (leaf != NULL && length > 0) { /* an empty retained message only clears the topic */
        bw_downlink(device, leaf, payload, length);
    }
}
