/* What a device says about itself: the retained status, and the acknowledgement of what came down to it.
 *
 * Status keys as in the wire format (1, 3, 20, 21, 40 to 43). Acknowledgement: "id" (44) as in the message it answers,
 * "regarding" (60) cfg, cmd or ota, "accepted" (61), "reason" (62), "version" (43) of a configuration, "offset" (63) the
 * next byte of an image that is wanted; boot id (1) and time (3).
 */
#ifndef BW_STATUS_H
#define BW_STATUS_H

#include "config.h"
#include "output.h"

struct bw_status {
    bool online; /* false: nothing else is written, as in a will */
    uint32_t boot_id;
    int64_t time_ms;       /* Unix; 0 = not known */
    const char *firmware;
    const char *configuration_version;
    int32_t signal_dbm;    /* BW_MISSING = not known, as in the next two */
    int32_t battery_mv;
    int32_t battery_pct;
    uint32_t waiting;      /* readings stored and not yet acknowledged (key 46) */
    uint32_t dropped;      /* readings lost because the store was full (key 47) */
    uint32_t self_test;    /* failed parts, bits of bw_self_test_part (key 48) */
};

struct bw_ack {
    char id[40];
    const char *regarding;
    bool accepted;
    char reason[40];
    char version[BW_VERSION_BYTES];
    int64_t offset; /* -1 = none */
};

void bw_status_encode(struct bw_output *out, const struct bw_status *status, enum bw_encoding encoding);
void bw_ack_encode(struct bw_output *out, const struct bw_ack *ack, uint32_t boot_id, int64_t time_ms, enum bw_encoding encoding);

#endif
