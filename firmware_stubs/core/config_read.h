/* Reads a configuration document (JSON or CBOR) and says in one word what is wrong with it. */
#ifndef BW_CONFIG_READ_H
#define BW_CONFIG_READ_H

#include "config.h"

#define BW_REASON_BYTES 40u

/* `id` is the sender's own name for the message, copied into every acknowledgement; empty when there is none. */
struct bw_config_message {
    char id[40];
    struct bw_config config;
};

/* True: a complete and valid configuration. False: `reason` says why, as a code ("not_a_document", "missing_version") or a
 * code and the setting ("unknown: color", "invalid: window", "duplicate: window"). */
bool bw_config_read(const uint8_t *payload, size_t length, struct bw_config_message *message, char reason[BW_REASON_BYTES]);

#endif
