/* What the broker sends down: configuration (cfg), commands (cmd), images (ota). Each is answered once on `ack`. */
#ifndef BW_DOWNLINK_H
#define BW_DOWNLINK_H

#include "device.h"

/* `leaf` is the topic behind the device's own prefix; anything but the three is ignored. */
void bw_downlink(struct bw_device *device, const char *leaf, const uint8_t *payload, size_t length);

#endif
