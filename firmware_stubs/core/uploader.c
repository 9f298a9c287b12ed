#include "uploader.h"

#include <string.h>

#define MEMBERS_MAX 32u

void bw_uploader_init(struct bw_uploader *uploader, struct bw_ring *ring, const struct bw_link *link,
                      const struct bw_clock *clock, const struct bw_identity *identity, const struct bw_config *config)
{
    memset(uploader, 0, sizeof *uploader);
    uploader->ring = ring;
    uploader->link = link;
    uploader->clock = clock;
    uploader->identity = identity;
    uploader->config = config;
}

static bool waits(const struct bw_ring *ring, uint32_t position, struct bw_reading *reading)
{
    enum bw_record_state state;
    return bw_ring_read(ring, position, reading, &state) && reading->kind != BW_TIME_MARK && state != BW_ACKNOWLEDGED;
}

void bw_uploader_connected(struct bw_uploader *uploader)
{
    struct bw_reading reading;
    uint32_t newest = uploader->ring->head;
    while (newest > uploader->ring->tail && !waits(uploader->ring, --newest, &reading)) {
    }
    memset(uploader->flight, 0, sizeof uploader->flight);
    uploader->online = true;
    uploader->backlog_next = uploader->ring->tail;
    uploader->backlog_end = uploader->live_next = newest;
}

void bw_uploader_disconnected(struct bw_uploader *uploader)
{
    memset(uploader->flight, 0, sizeof uploader->flight);
    uploader->online = false;
}

/* Dates a reading. False while it must wait for the clock. */
static bool date(struct bw_uploader *uploader, uint32_t position, struct bw_reading *reading)
{
    if (bw_clock_resolve(uploader->clock, reading)) {
        return true;
    }
    if (reading->boot_id == uploader->clock->boot_id) {
        return false;
    }
    if (uploader->dated_boot != reading->boot_id) {
        uploader->dated_boot = reading->boot_id;
        uploader->dated = bw_ring_boot_start(uploader->ring, position, reading->boot_id, &uploader->dated_start_ms);
    }
    if (uploader->dated) {
        reading->time_ms += uploader->dated_start_ms;
        reading->uptime = false;
    }
    return true;
}

/* Collects readings of one kind from `*cursor` on, which moves behind the last one looked at. Returns their kind or 0. */
static unsigned collect(struct bw_uploader *uploader, struct bw_batch *batch, struct bw_flight *flight, uint32_t *cursor,
                        uint32_t end)
{
    bool buffered = cursor == &uploader->backlog_next;
    unsigned kind = 0;
    struct bw_reading reading;
    for (; *cursor < end && batch->count < (unsigned)uploader->config->value[BW_BATCH]; (*cursor)++) {
        if (!waits(uploader->ring, *cursor, &reading)) {
            continue;
        }
        flight->first = kind == 0 ? *cursor : flight->first;
        if ((kind != 0 && reading.kind != kind) || *cursor - flight->first >= MEMBERS_MAX ||
            !date(uploader, *cursor, &reading) || !bw_batch_add(batch, &reading, buffered)) {
            break;
        }
        flight->members |= UINT32_C(1) << (*cursor - flight->first);
        kind = reading.kind;
    }
    return kind;
}

static void mark_members(struct bw_uploader *uploader, const struct bw_flight *flight, enum bw_record_state state)
{
    for (uint32_t i = 0; i < MEMBERS_MAX; i++) {
        if (flight->members >> i & 1u) {
            (void)bw_ring_mark(uploader->ring, flight->first + i, state); /* unmarked it is only sent once more */
        }
    }
}

static bool send(struct bw_uploader *uploader, struct bw_flight *flight, uint32_t *cursor, uint32_t end, int64_t uptime_ms)
{
    static const char *const LEAVES[] = {"", "pos", "sensor", "event"};
    struct bw_batch batch;
    char topic[BW_TOPIC_BYTES];
    size_t length = 0;
    *cursor = *cursor < uploader->ring->tail ? uploader->ring->tail : *cursor;
    uint32_t start = *cursor;
    *flight = (struct bw_flight){0, 0, 0, 0};
    bw_batch_begin(&batch, uploader->payload, sizeof uploader->payload, (enum bw_encoding)uploader->config->value[BW_ENCODING]);
    unsigned kind = collect(uploader, &batch, flight, cursor, end);
    const uint8_t *payload = bw_batch_end(&batch, &length);
    if (payload == NULL || !bw_topic(uploader->identity, LEAVES[kind], topic, sizeof topic)) {
        return false;
    }
    flight->packet = uploader->link->publish(uploader->link->context, topic, payload, length, false);
    if (flight->packet == 0) {
        *cursor = start;
        return false;
    }
    flight->sent_ms = uptime_ms;
    mark_members(uploader, flight, BW_IN_FLIGHT);
    return true;
}

static struct bw_flight *free_flight(struct bw_uploader *uploader)
{
    for (int32_t i = 0; i < uploader->config->value[BW_WINDOW]; i++) {
        if (uploader->flight[i].packet == 0) {
            return &uploader->flight[i];
        }
    }
    return NULL;
}

static bool overdue(const struct bw_uploader *uploader, int64_t uptime_ms)
{
    int64_t limit_ms = uploader->config->value[BW_ACK_TIMEOUT_S] * INT64_C(1000);
    for (unsigned i = 0; i < BW_WINDOW_MAX; i++) {
        if (uploader->flight[i].packet != 0 && uptime_ms - uploader->flight[i].sent_ms > limit_ms) {
            return true;
        }
    }
    return false;
}

bool bw_uploader_pump(struct bw_uploader *uploader, int64_t uptime_ms)
{
    if (!uploader->online) {
        return true;
    }
    if (overdue(uploader, uptime_ms)) {
        return false;
    }
    struct bw_flight *flight;
    while ((flight = free_flight(uploader)) != NULL) {
        if (!send(uploader, flight, &uploader->live_next, uploader->ring->head, uptime_ms) &&
            !send(uploader, flight, &uploader->backlog_next, uploader->backlog_end, uptime_ms)) {
            return true;
        }
    }
    return true;
}

bool bw_uploader_published(struct bw_uploader *uploader, uint32_t packet)
{
    for (unsigned i = 0; packet != 0 && i < BW_WINDOW_MAX; i++) {
        if (uploader->flight[i].packet == packet) {
            mark_members(uploader, &uploader->flight[i], BW_ACKNOWLEDGED);
            uploader->flight[i].packet = 0;
            return true;
        }
    }
    return false;
}

unsigned bw_uploader_in_flight(const struct bw_uploader *uploader)
{
    unsigned count = 0;
    for (unsigned i = 0; i < BW_WINDOW_MAX; i++) {
        count += uploader->flight[i].packet != 0 ? 1u : 0u;
    }
    return count;
}
