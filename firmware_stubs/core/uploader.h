/* Sends what the ring holds: live readings first, then the backlog, oldest first, and deletes only on acknowledgement.
 *
 * When a connection comes up, the newest waiting reading and all later ones are live; what is older is backlog and goes
 * out marked as buffered whenever nothing live waits. At most `window` messages are unacknowledged. When the connection
 * drops or an acknowledgement is overdue, everything unacknowledged is sent again later, under the same boot id, sequence
 * number and time. A reading stamped with uptime waits until its boot's start is known, or goes without time when that
 * boot ended without ever knowing it.
 */
#ifndef BW_UPLOADER_H
#define BW_UPLOADER_H

#include "../hal/link.h"
#include "batch.h"
#include "clock.h"
#include "provisioning.h"
#include "ring.h"

#define BW_WINDOW_MAX 8u
#define BW_PAYLOAD_BYTES 1024u

struct bw_flight {
    uint32_t packet;  /* 0 = free */
    uint32_t first;   /* position */
    uint32_t members; /* bit i: position first + i was in the message */
    int64_t sent_ms;  /* uptime */
};

struct bw_uploader {
    struct bw_ring *ring;
    const struct bw_link *link;
    const struct bw_clock *clock;
    const struct bw_identity *identity;
    const struct bw_config *config;
    bool online;
    uint32_t live_next;    /* positions */
    uint32_t backlog_next;
    uint32_t backlog_end;
    struct bw_flight flight[BW_WINDOW_MAX];
    uint32_t dated_boot; /* the last earlier boot whose start was looked up, */
    bool dated;          /* whether it is known, */
    int64_t dated_start_ms;
    uint8_t payload[BW_PAYLOAD_BYTES];
};

/* The pointers must outlive the uploader. */
void bw_uploader_init(struct bw_uploader *uploader, struct bw_ring *ring, const struct bw_link *link,
                      const struct bw_clock *clock, const struct bw_identity *identity, const struct bw_config *config);

void bw_uploader_connected(struct bw_uploader *uploader);
void bw_uploader_disconnected(struct bw_uploader *uploader);

/* Sends as much as the window allows. False when an acknowledgement is overdue: the caller drops the connection. */
bool bw_uploader_pump(struct bw_uploader *uploader, int64_t uptime_ms);

/* The broker acknowledged a packet. False when it is none of ours. */
bool bw_uploader_published(struct bw_uploader *uploader, uint32_t packet);

/* Messages sent and not acknowledged. */
unsigned bw_uploader_in_flight(const struct bw_uploader *uploader);

#endif
