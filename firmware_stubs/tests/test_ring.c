#include "harness.h"

#include <string.h>

#include "../core/ring.h"
#include "../core/ring_sector.h"
#include "../ports/host/flash_image.h"

#define SECTOR_BYTES 256u /* three records */
#define SECTORS 4u

static uint8_t bytes[SECTOR_BYTES * SECTORS];
static struct flash_image image;
static struct bw_ring ring;

static struct bw_region region(void)
{
    return (struct bw_region){&image.flash, 0, SECTORS};
}

static int fresh(void **state)
{
    (void)state;
    memset(bytes, 0xFF, sizeof bytes);
    flash_image_init(&image, bytes, SECTOR_BYTES, SECTORS);
    return bw_ring_mount(&ring, region()) ? 0 : -1;
}

static bool put(int32_t count)
{
    struct bw_reading reading;
    bw_reading_clear(&reading, BW_SENSOR);
    reading.time_ms = BW_EPOCH_2020_MS + count;
    reading.value[BW_COUNT] = count;
    return bw_ring_append(&ring, &reading);
}

static void keeps_order_and_numbers_over_a_restart(void **state)
{
    (void)state;
    struct bw_reading reading;
    enum bw_record_state record_state;
    for (int32_t i = 0; i < 5; i++) {
        assert_true(put(i));
    }
    assert_true(bw_ring_mark(&ring, ring.tail, BW_ACKNOWLEDGED));
    assert_true(bw_ring_mount(&ring, region()));
    assert_int_equal(ring.waiting, 4);
    assert_int_equal(ring.next_seq, 6);
    assert_true(bw_ring_read(&ring, ring.tail, &reading, &record_state));
    assert_int_equal(reading.seq, 2);
    assert_int_equal(record_state, BW_UNSENT);
    assert_true(put(5));
    assert_int_equal(ring.next_seq, 7);
}

static void wrapping_drops_the_oldest_and_counts_it_for_ever(void **state)
{
    (void)state;
    struct bw_reading reading;
    enum bw_record_state record_state;
    for (int32_t i = 0; i < 30; i++) {
        assert_true(put(i));
    }
    assert_int_equal(ring.waiting + ring.dropped, 30);
    assert_true(ring.dropped >= 30 - 3 * SECTORS);
    uint32_t dropped = ring.dropped;
    assert_true(bw_ring_mount(&ring, region()));
    assert_int_equal(ring.dropped, dropped);
    assert_true(bw_ring_read(&ring, ring.tail, &reading, &record_state));
    assert_int_equal(reading.value[BW_COUNT], (int)dropped);
}

static void acknowledged_readings_are_not_counted_as_dropped(void **state)
{
    (void)state;
    for (int32_t i = 0; i < 50; i++) {
        assert_true(put(i));
        assert_true(bw_ring_mark(&ring, ring.tail, BW_IN_FLIGHT));
        assert_true(bw_ring_mark(&ring, ring.tail, BW_ACKNOWLEDGED));
    }
    assert_int_equal(ring.dropped, 0);
    assert_int_equal(ring.waiting, 0);
    assert_int_equal(ring.tail, ring.head);
    assert_true(bw_ring_mount(&ring, region()));
    assert_int_equal(ring.next_seq, 51);
}

static void a_late_acknowledgement_of_what_was_dropped_is_harmless(void **state)
{
    (void)state;
    uint32_t first = ring.tail;
    for (int32_t i = 0; i < 20; i++) {
        assert_true(put(i));
    }
    uint32_t waiting = ring.waiting;
    assert_true(bw_ring_mark(&ring, first, BW_ACKNOWLEDGED));
    assert_true(bw_ring_mark(&ring, ring.head, BW_ACKNOWLEDGED));
    assert_int_equal(ring.waiting, waiting);
    assert_true(bw_ring_mark(&ring, ring.tail, BW_ACKNOWLEDGED));
    assert_int_equal(ring.waiting, waiting - 1u);
}

static void acknowledgements_may_come_in_any_order(void **state)
{
    (void)state;
    uint32_t tail = ring.tail;
    for (int32_t i = 0; i < 3; i++) {
        assert_true(put(i));
    }
    assert_true(bw_ring_mark(&ring, tail + 1u, BW_ACKNOWLEDGED));
    assert_int_equal(ring.tail, tail);
    assert_true(bw_ring_mark(&ring, tail + 1u, BW_IN_FLIGHT)); /* bits do not come back */
    assert_int_equal(ring.waiting, 2);
    assert_true(bw_ring_mark(&ring, tail, BW_ACKNOWLEDGED));
    assert_int_equal(ring.tail, tail + 2u);
}

static void a_bad_cell_costs_its_slot_and_nothing_else(void **state)
{
    (void)state;
    assert_true(put(0));
    bytes[64u * 2u + 20u] = 0x00; /* stuck bits in the next slot */
    assert_true(put(1));
    assert_int_equal(ring.torn, 1);
    assert_int_equal(ring.waiting, 2);
    assert_true(bw_ring_mount(&ring, region()));
    assert_int_equal(ring.waiting, 2);
    assert_int_equal(ring.torn, 1);
}

static void three_bad_slots_in_a_row_are_given_up(void **state)
{
    (void)state;
    bytes[64u + 4u] = bytes[128u + 4u] = bytes[192u + 4u] = 0;
    assert_false(put(0));
    assert_true(put(1));
}

static void time_marks_are_found_and_never_wait(void **state)
{
    (void)state;
    struct bw_reading mark;
    int64_t start_ms = 0;
    assert_true(put(0));
    bw_reading_clear(&mark, BW_TIME_MARK);
    mark.boot_id = 9;
    mark.time_ms = BW_EPOCH_2020_MS + 777;
    assert_true(bw_ring_append(&ring, &mark));
    assert_int_equal(ring.waiting, 1);
    assert_int_equal(ring.next_seq, 2);
    assert_true(bw_ring_mark(&ring, ring.tail + 1u, BW_ACKNOWLEDGED)); /* of a mark: nothing happens */
    assert_int_equal(ring.waiting, 1);
    assert_true(bw_ring_boot_start(&ring, ring.tail, 9, &start_ms));
    assert_true(start_ms == BW_EPOCH_2020_MS + 777);
    assert_false(bw_ring_boot_start(&ring, ring.tail, 8, &start_ms));
    assert_true(bw_ring_mount(&ring, region()));
    assert_int_equal(ring.waiting, 1);
}

static void the_newest_of_a_kind_is_found_even_acknowledged(void **state)
{
    (void)state;
    struct bw_reading reading;
    assert_false(bw_ring_last(&ring, BW_SENSOR, &reading));
    for (int32_t i = 0; i < 20; i++) {
        assert_true(put(i));
        assert_true(bw_ring_mark(&ring, ring.tail, BW_ACKNOWLEDGED));
    }
    assert_true(bw_ring_last(&ring, BW_SENSOR, &reading));
    assert_int_equal(reading.value[BW_COUNT], 19);
    assert_false(bw_ring_last(&ring, BW_POSITION, &reading));
}

static void remains_of_a_ring_before_formatting_are_not_taken_for_data(void **state)
{
    (void)state;
    for (int32_t i = 0; i < 40; i++) {
        assert_true(put(i));
    }
    assert_true(bw_ring_format(&ring, region()));
    assert_int_equal(ring.waiting, 0);
    assert_true(put(0));
    assert_true(bw_ring_mount(&ring, region()));
    assert_int_equal(ring.waiting, 1);
    assert_int_equal(ring.next_seq, 2);
    memset(bytes + SECTOR_BYTES * 2u, 0x5A, 64); /* a foreign sector between: generations before it are not contiguous */
    assert_true(bw_ring_mount(&ring, region()));
    assert_int_equal(ring.waiting, 1);
}

static void a_dead_flash_is_reported(void **state)
{
    (void)state;
    assert_true(put(0));
    image.dead = true;
    assert_false(put(1));
    assert_false(bw_ring_mark(&ring, ring.tail, BW_ACKNOWLEDGED) && ring.waiting == 0);
    assert_false(bw_ring_mount(&ring, region()));
    assert_false(bw_ring_format(&ring, region()));
    flash_image_restore(&image);
    assert_true(bw_ring_mount(&ring, region()));
    assert_int_equal(ring.waiting, 1);
}

static void a_reading_that_cannot_be_dated_is_refused(void **state)
{
    (void)state;
    struct bw_reading reading;
    bw_reading_clear(&reading, BW_SENSOR);
    assert_false(bw_ring_append(&ring, &reading)); /* 1970 */
    assert_int_equal(ring.waiting, 0);
}

static void five_torn_notes_do_not_stop_the_ring(void **state)
{
    (void)state;
    uint32_t dropped = 0;
    memset(bytes + 20, 0x00, 40);
    assert_false(bw_ring_sector_noted(&ring.region, 0, &dropped));
    assert_true(bw_ring_sector_note(&ring.region, 0, 3));
    for (int32_t i = 0; i < 7; i++) {
        assert_true(put(i));
    }
    assert_int_equal(ring.waiting, 7);
}

static void writing_fails_when_the_note_or_the_erasure_fails(void **state)
{
    (void)state;
    for (int64_t after = 0; after < (int64_t)SECTOR_BYTES + 30; after++) {
        fresh(state);
        for (int32_t i = 0; i < 3; i++) {
            assert_true(put(i));
        }
        flash_image_cut_after(&image, after, TEAR_FORWARD, 1);
        assert_false(put(3));
        flash_image_restore(&image);
        assert_true(put(4)); /* the same ring goes on without a mount */
        assert_int_equal(ring.waiting, 4);
    }
}

static void numbers_go_on_although_every_record_is_spoilt(void **state)
{
    (void)state;
    for (int32_t i = 0; i < 4; i++) {
        assert_true(put(i));
    }
    memset(bytes, 0, SECTOR_BYTES); /* the first sector, and the record in the second */
    memset(bytes + SECTOR_BYTES + 64, 0, 64);
    assert_true(bw_ring_mount(&ring, region()));
    assert_int_equal(ring.next_seq, 4); /* as the second sector was opened with */
    assert_int_equal(ring.torn, 1);
}

#define ring_test(function) cmocka_unit_test_setup(function, fresh)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ring_test(keeps_order_and_numbers_over_a_restart),
        ring_test(wrapping_drops_the_oldest_and_counts_it_for_ever),
        ring_test(acknowledged_readings_are_not_counted_as_dropped),
        ring_test(a_late_acknowledgement_of_what_was_dropped_is_harmless),
        ring_test(acknowledgements_may_come_in_any_order),
        ring_test(a_bad_cell_costs_its_slot_and_nothing_else),
        ring_test(three_bad_slots_in_a_row_are_given_up),
        ring_test(time_marks_are_found_and_never_wait),
        ring_test(the_newest_of_a_kind_is_found_even_acknowledged),
        ring_test(remains_of_a_ring_before_formatting_are_not_taken_for_data),
        ring_test(a_dead_flash_is_reported),
        ring_test(a_reading_that_cannot_be_dated_is_refused),
        ring_test(five_torn_notes_do_not_stop_the_ring),
        ring_test(numbers_go_on_although_every_record_is_spoilt),
        ring_test(writing_fails_when_the_note_or_the_erasure_fails),
    };
    return RUN(tests);
}
