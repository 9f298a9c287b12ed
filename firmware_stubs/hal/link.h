/* The MQTT 3.1.1 connection as the core sees it.
 *
 * Contract: `connect` begins a connection with a retained QoS 1 will and returns at once; the port later calls
 * bw_device_connected or bw_device_disconnected from the same thread that steps the program. The session is persistent
 * (clean session off) so that commands wait for the device; the port must not queue or resend publications by itself.
 * `publish` sends at QoS 1 and returns a packet id > 0 that the port hands to bw_device_published once the broker has
 * acknowledged it, or 0 when nothing was sent. Topics are zero-terminated; payloads are bytes and may be reused on return.
 */
#ifndef BW_HAL_LINK_H
#define BW_HAL_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_will {
    const char *topic;
    const uint8_t *payload;
    size_t length;
};

struct bw_link {
    void *context;
    bool (*connect)(void *context, const struct bw_will *will);
    void (*disconnect)(void *context);
    bool (*subscribe)(void *context, const char *topic);
    uint32_t (*publish)(void *context, const char *topic, const uint8_t *payload, size_t length, bool retain);
    int32_t (*signal_dbm)(void *context); /* INT32_MIN when not known */
};

#endif
