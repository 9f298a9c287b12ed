/* Acknowledgements on their way to the broker: each is sent until the broker has it, in order. */
#ifndef BW_ACK_QUEUE_H
#define BW_ACK_QUEUE_H

#include "status.h"

#define BW_ACKS 4u

struct bw_ack_queue {
    struct {
        struct bw_ack ack;
        uint32_t packet; /* 0 = to be sent */
    } entry[BW_ACKS]; /* the first is the oldest */
    unsigned count;
};

/* The oldest goes when there is no room. */
void bw_ack_queue_add(struct bw_ack_queue *queue, const struct bw_ack *ack);

/* The oldest that is to be sent, NULL when there is none. */
const struct bw_ack *bw_ack_queue_next(const struct bw_ack_queue *queue);

/* That one was sent as this packet. */
void bw_ack_queue_sent(struct bw_ack_queue *queue, uint32_t packet);

/* The broker has the packet: copies out what it was and forgets it. False when it is none of ours. */
bool bw_ack_queue_published(struct bw_ack_queue *queue, uint32_t packet, struct bw_ack *ack);

/* Everything is to be sent again. */
void bw_ack_queue_disconnected(struct bw_ack_queue *queue);

#endif
