#include "ack_queue.h"

#include <string.h>

static void forget(struct bw_ack_queue *queue, unsigned at)
{
    queue->count--;
    memmove(&queue->entry[at], &queue->entry[at + 1u], (queue->count - at) * sizeof queue->entry[0]);
}

static unsigned first_unsent(const struct bw_ack_queue *queue)
{
    unsigned at = 0;
    while (at < queue->count && queue->entry[at].packet != 0) {
        at++;
    }
    return at;
}

void bw_ack_queue_add(struct bw_ack_queue *queue, const struct bw_ack *ack)
{
    if (queue->count == BW_ACKS) {
        forget(queue, 0);
    }
    queue->entry[queue->count].ack = *ack;
    queue->entry[queue->count].packet = 0;
    queue->count++;
}

const struct bw_ack *bw_ack_queue_next(const struct bw_ack_queue *queue)
{
    unsigned at = first_unsent(queue);
    return at < queue->count ? &queue->entry[at].ack : NULL;
}

void bw_ack_queue_sent(struct bw_ack_queue *queue, uint32_t packet)
{
    unsigned at = first_unsent(queue);
    if (at < queue->count) {
        queue->entry[at].packet = packet;
    }
}

bool bw_ack_queue_published(struct bw_ack_queue *queue, uint32_t packet, struct bw_ack *ack)
{
    for (unsigned at = 0; packet != 0 && at < queue->count; at++) {
        if (queue->entry[at].packet == packet) {
            *ack = queue->entry[at].ack;
            forget(queue, at);
            return true;
        }
    }
    return false;
}

void bw_ack_queue_disconnected(struct bw_ack_queue *queue)
{
    for (unsigned at = 0; at < queue->count; at++) {
        queue->entry[at].packet = 0;
    }
}
