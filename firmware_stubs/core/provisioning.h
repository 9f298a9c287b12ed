/* Who the device is and whom it talks to, as written at the factory or by a technician.
 *
 * A line of JSON (or a CBOR map) with all of tenant, device, host, port, user, password; then the port stores the identity
 * in a journal. Tenant and device become levels of a topic: no '/', '+', '#', and nothing but printable ASCII.
 */
#ifndef BW_PROVISIONING_H
#define BW_PROVISIONING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bw_identity {
    char tenant[32];
    char device[40];
    char host[64];
    char user[40];
    char password[64];
    uint16_t port;
};

/* NULL when good, else the name of what is missing, broken, unknown or out of range ("document" for no document). */
const char *bw_provisioning_read(const uint8_t *payload, size_t length, struct bw_identity *identity);

/* "bw/1/{tenant}/{device}/{leaf}"; false when it does not fit. 96 bytes are enough for every leaf of this firmware. */
bool bw_topic(const struct bw_identity *identity, const char *leaf, char *into, size_t capacity);
#define BW_TOPIC_BYTES 96u

/* What follows this device's own prefix in a topic, NULL when it is somebody else's. */
const char *bw_topic_leaf(const struct bw_identity *identity, const char *topic);

#endif
