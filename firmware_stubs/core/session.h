/* The connection's life: when to connect, how long to wait after a failure, what the broker is told.
 *
 * On connecting: a retained will {"online": false}; once up: subscriptions to cmd, cfg and ota, then a retained status with
 * "online": true. After the n-th failure in a row the next attempt comes after 2^n seconds, at most 5 minutes, spread by a
 * quarter either way so that a fleet does not come back in step.
 */
#ifndef BW_SESSION_H
#define BW_SESSION_H

#include "../hal/link.h"
#include "../hal/system.h"
#include "config.h"
#include "provisioning.h"
#include "status.h"

enum bw_session_state { BW_OFFLINE, BW_CONNECTING, BW_ONLINE };

struct bw_session {
    const struct bw_link *link;
    const struct bw_system *system;
    const struct bw_identity *identity;
    enum bw_session_state state;
    unsigned failures;
    int64_t next_ms; /* uptime of the next attempt, or when an attempt under way is given up */
    char will_topic[BW_TOPIC_BYTES];
    uint8_t will[24];
};

void bw_session_init(struct bw_session *session, const struct bw_link *link, const struct bw_system *system,
                     const struct bw_identity *identity);

/* Connects when it is time to. */
void bw_session_step(struct bw_session *session, int64_t uptime_ms, enum bw_encoding encoding);

/* Subscribes and publishes the status. False when the link refused: it is then disconnected. */
bool bw_session_connected(struct bw_session *session, const struct bw_status *status, enum bw_encoding encoding,
                          int64_t uptime_ms);
void bw_session_disconnected(struct bw_session *session, int64_t uptime_ms);

/* Coverage is back: the next attempt comes within five seconds, spread. */
void bw_session_hurry(struct bw_session *session, int64_t uptime_ms);

/* Drops the connection, after the status when one is given (a disconnection on purpose sends no will). */
void bw_session_drop(struct bw_session *session, const struct bw_status *status, enum bw_encoding encoding, int64_t uptime_ms);

#endif
