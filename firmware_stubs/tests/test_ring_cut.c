/* Power is cut at every byte offset of a sequence that stores, sends and acknowledges 200 readings.
 *
 * The sequence runs once undisturbed. Before each of its steps the flash and the outside world are kept; then the step is
 * done again from there with a cut after 0, 1, 2, ... bytes, the ring is mounted, more is stored, everything is sent. The
 * world (what a server would have seen) is the oracle: it knows nothing of the ring.
 */
#include "harness.h"

#include <stdlib.h>
#include <string.h>

#include "../core/ring.h"
#include "../ports/host/flash_image.h"

#define SECTOR_BYTES 512u
#define SECTORS 4u
#define READINGS 200
#define AFTERWARDS 12
#define CONTENTS (READINGS + AFTERWARDS + 2)

struct world {
    uint32_t seq_of[CONTENTS];  /* sequence number under which a content was delivered, 0 = not delivered */
    int content_of[CONTENTS];   /* by sequence number; -1 = never seen */
    bool kept[CONTENTS];        /* append said that it is stored */
    int next;                   /* content of the next reading */
};

struct stage {
    uint8_t bytes[SECTOR_BYTES * SECTORS];
    struct flash_image image;
    struct bw_ring ring;
    struct world world;
};

enum step { STORE, SEND };

static struct bw_reading reading_of(int content)
{
    struct bw_reading reading;
    bw_reading_clear(&reading, content % 5 == 0 ? BW_SENSOR : BW_POSITION);
    reading.boot_id = 7;
    reading.time_ms = BW_EPOCH_2020_MS + content * INT64_C(10000) + 1;
    reading.value[reading.kind == BW_SENSOR ? BW_COUNT : BW_ODOMETER_M] = content;
    reading.value[BW_BATTERY_MV] = 3000 + content;
    return reading;
}

static struct bw_region region(struct stage *stage)
{
    return (struct bw_region){&stage->image.flash, 0, SECTORS};
}

static bool store(struct stage *stage)
{
    int content = stage->world.next++;
    struct bw_reading reading = reading_of(content);
    stage->world.kept[content] = bw_ring_append(&stage->ring, &reading);
    return stage->world.kept[content];
}

/* What a server sees. Whatever arrives must be a reading that was made, under one sequence number for ever. */
static void deliver(struct world *world, const struct bw_reading *reading)
{
    int content = reading->value[reading->kind == BW_SENSOR ? BW_COUNT : BW_ODOMETER_M];
    assert_in_range(content, 0, world->next - 1);
    struct bw_reading made = reading_of(content);
    made.seq = reading->seq;
    assert_memory_equal(reading->value, made.value, sizeof made.value);
    assert_true(reading->time_ms == made.time_ms && reading->boot_id == made.boot_id && reading->kind == made.kind);
    assert_in_range(reading->seq, 1, CONTENTS - 1);
    assert_true(world->seq_of[content] == 0 || world->seq_of[content] == reading->seq);
    assert_true(world->content_of[reading->seq] == -1 || world->content_of[reading->seq] == content);
    world->seq_of[content] = reading->seq;
    world->content_of[reading->seq] = content;
}

/* Sends the oldest waiting reading: in flight, delivered, acknowledged. */
static bool send_oldest(struct stage *stage)
{
    struct bw_reading reading;
    enum bw_record_state state;
    uint32_t at = stage->ring.tail;
    if (at == stage->ring.head || !bw_ring_read(&stage->ring, at, &reading, &state)) {
        return false;
    }
    assert_int_not_equal(state, BW_ACKNOWLEDGED);
    deliver(&stage->world, &reading);
    return bw_ring_mark(&stage->ring, at, BW_IN_FLIGHT) && bw_ring_mark(&stage->ring, at, BW_ACKNOWLEDGED);
}

static void perform(struct stage *stage, enum step step)
{
    (void)(step == STORE ? store(stage) : send_oldest(stage));
}

static void start(struct stage *stage)
{
    memset(stage, 0, sizeof *stage);
    memset(stage->bytes, 0xFF, sizeof stage->bytes);
    memset(stage->world.content_of, 0xFF, sizeof stage->world.content_of);
    flash_image_init(&stage->image, stage->bytes, SECTOR_BYTES, SECTORS);
    assert_true(bw_ring_mount(&stage->ring, region(stage)));
}

/* A copy has its own bytes. */
static void copy(struct stage *to, const struct stage *from)
{
    *to = *from;
    to->image.bytes = to->bytes;
    to->image.flash.context = &to->image;
    to->ring.region = region(to);
}

static void remount(struct stage *stage)
{
    flash_image_restore(&stage->image);
    assert_true(bw_ring_mount(&stage->ring, region(stage)));
}

/* Everything that was kept has been delivered or was counted as dropped. At most one reading may be both delivered and
 * counted (its acknowledgement was cut), and at most one counted that append had not promised to keep. */
static void check_books(const struct stage *stage)
{
    uint32_t lost = 0;
    for (int content = 0; content < stage->world.next; content++) {
        lost += stage->world.kept[content] && stage->world.seq_of[content] == 0 ? 1u : 0u;
    }
    assert_true(stage->ring.dropped >= lost && stage->ring.dropped <= lost + 2u);
}

static void finish(struct stage *stage)
{
    remount(stage);
    for (int i = 0; i < AFTERWARDS; i++) {
        assert_true(store(stage));
        if (i % 3 == 0) {
            remount(stage);
        }
    }
    while (stage->ring.waiting > 0) {
        assert_true(send_oldest(stage));
    }
    assert_int_equal(stage->ring.tail, stage->ring.head);
    check_books(stage);
}

static void cut_step(const struct stage *before, enum step step, int64_t after, enum flash_tear tear, uint32_t seed)
{
    static struct stage stage;
    copy(&stage, before);
    flash_image_cut_after(&stage.image, after, tear, seed);
    perform(&stage, step);
    if (seed % 4u == 0) { /* and once more while the mount repairs what it found */
        flash_image_restore(&stage.image);
        flash_image_cut_after(&stage.image, (int64_t)(seed / 4u % 700u), tear, seed);
        (void)bw_ring_mount(&stage.ring, region(&stage));
    }
    finish(&stage);
}

/* Cuts the step after every number of bytes it writes; returns that number. */
static uint64_t cut_everywhere(const struct stage *before, enum step step, uint64_t bytes)
{
    for (uint64_t after = 0; after < bytes; after++) {
        uint32_t seed = (uint32_t)(before->image.written + after) * 2654435761u >> 3;
        cut_step(before, step, (int64_t)after, TEAR_FORWARD, seed);
        if (bytes > SECTOR_BYTES) { /* a sector is erased: other ways in which it may be left */
            cut_step(before, step, (int64_t)after, TEAR_BACKWARD, seed + 1u);
            cut_step(before, step, (int64_t)after, TEAR_SCRAMBLED, seed + 2u);
        }
    }
    return bytes;
}

/* `sends` readings are sent after every `stores` stored. Returns at how many offsets power was cut. */
static uint64_t run(int stores, int sends)
{
    static struct stage stage, before;
    uint64_t offsets = 0;
    start(&stage);
    while (stage.world.next < READINGS) {
        for (int i = 0; i < stores + sends; i++) {
            enum step step = i < stores ? STORE : SEND;
            copy(&before, &stage);
            perform(&stage, step);
            offsets += cut_everywhere(&before, step, stage.image.written - before.image.written);
        }
    }
    finish(&stage);
    return offsets;
}

static void every_offset_while_sending_keeps_up(void **state)
{
    (void)state;
    uint64_t offsets = run(1, 1);
    assert_true(offsets > READINGS * BW_RECORD_BYTES);
    print_message("power cut at %llu byte offsets while sending keeps up\n", (unsigned long long)offsets);
}

static void every_offset_while_sending_falls_behind(void **state)
{
    (void)state;
    uint64_t offsets = run(2, 1);
    assert_true(offsets > READINGS * BW_RECORD_BYTES);
    print_message("power cut at %llu byte offsets while sending falls behind\n", (unsigned long long)offsets);
}

static void every_offset_without_network(void **state)
{
    (void)state;
    uint64_t offsets = run(1, 0);
    assert_true(offsets > READINGS * (BW_RECORD_BYTES - 1u));
    print_message("power cut at %llu byte offsets without network\n", (unsigned long long)offsets);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_offset_while_sending_keeps_up),
        cmocka_unit_test(every_offset_while_sending_falls_behind),
        cmocka_unit_test(every_offset_without_network),
    };
    return RUN(tests);
}
