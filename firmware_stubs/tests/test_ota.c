#include "harness.h"

#include <string.h>

#include "../core/ota.h"
#include "../core/self_test.h"
#include "rig.h"

static struct rig rig;
static struct bw_ota ota;
static struct bw_ota_manifest manifest;
static uint8_t image[1500];

static struct bw_region journal(void)
{
    return (struct bw_region){&rig.image.flash, 8, 2};
}

static bool init(void)
{
    return bw_ota_init(&ota, rig.board.image_slots, journal(), &rig.system, 10);
}

static void describe(uint32_t build)
{
    struct bw_sha256 sha;
    for (size_t i = 0; i < sizeof image; i++) {
        image[i] = (uint8_t)(i * build);
    }
    bw_sha256_init(&sha);
    bw_sha256_feed(&sha, image, sizeof image);
    memset(&manifest, 0, sizeof manifest);
    bw_sha256_finish(&sha, manifest.sha256);
    manifest.product = 1;
    manifest.build = build;
    manifest.size = sizeof image;
    manifest.signature[0] = 0x51;
}

static int fresh(void **state)
{
    (void)state;
    rig_init(&rig);
    rig.signature_good = true;
    describe(11);
    return init() ? 0 : -1;
}

static enum bw_ota_result receive(size_t chunk)
{
    enum bw_ota_result result = bw_ota_begin(&ota, &manifest, 1);
    for (size_t at = 0; at < sizeof image && result == BW_OTA_MORE; at += chunk) {
        size_t length = sizeof image - at < chunk ? sizeof image - at : chunk;
        result = bw_ota_write(&ota, (uint32_t)at, image + at, length);
    }
    return result;
}

static void sha256_is_the_published_one(void **state)
{
    (void)state;
    /* FIPS 180-4: "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", and a million times 'a'. */
    static const uint8_t TWO_BLOCKS[4] = {0x24, 0x8d, 0x6a, 0x61}, MILLION[4] = {0xcd, 0xc7, 0x6e, 0x5c};
    uint8_t digest[BW_SHA256_BYTES];
    struct bw_sha256 sha;
    bw_sha256_init(&sha);
    bw_sha256_feed(&sha, "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56);
    bw_sha256_finish(&sha, digest);
    assert_memory_equal(digest, TWO_BLOCKS, 4);
    bw_sha256_init(&sha);
    for (unsigned i = 0; i < 1000000; i++) {
        bw_sha256_feed(&sha, "a", 1);
    }
    bw_sha256_finish(&sha, digest);
    assert_memory_equal(digest, MILLION, 4);
}

static void an_image_is_taken_tried_and_confirmed(void **state)
{
    (void)state;
    static const size_t CHUNKS[] = {1, 100, 512, 1024, 1500};
    for (size_t i = 0; i < sizeof CHUNKS / sizeof *CHUNKS; i++) {
        fresh(state);
        assert_int_equal(bw_ota_boot(&ota), 0);
        assert_int_equal(receive(CHUNKS[i]), BW_OTA_READY);
        assert_memory_equal(rig.slot_bytes + 2u * RIG_SECTOR_BYTES, image, sizeof image);
        assert_false(bw_ota_on_trial(&ota)); /* not yet started */
        assert_true(init());
        assert_int_equal(bw_ota_boot(&ota), 1);
        assert_true(bw_ota_on_trial(&ota));
        assert_int_equal(bw_ota_begin(&ota, &manifest, 1), BW_OTA_REFUSED); /* not while one is on trial */
        assert_true(bw_ota_confirm(&ota));
        assert_true(init());
        assert_int_equal(bw_ota_boot(&ota), 1);
        assert_false(bw_ota_on_trial(&ota));
        assert_int_equal(ota.choice.build, 11);
    }
    describe(12); /* and back into the first slot */
    assert_int_equal(receive(512), BW_OTA_READY);
    assert_memory_equal(rig.slot_bytes, image, sizeof image);
}

static void an_image_that_is_never_confirmed_is_given_up(void **state)
{
    (void)state;
    assert_int_equal(receive(512), BW_OTA_READY);
    for (unsigned start = 0; start < BW_OTA_TRIES; start++) {
        assert_true(init());
        assert_int_equal(bw_ota_boot(&ota), 1);
    }
    assert_true(init());
    assert_int_equal(bw_ota_boot(&ota), 0);
    assert_false(bw_ota_on_trial(&ota));
    assert_int_equal(ota.choice.build, 10);
    assert_int_equal(receive(512), BW_OTA_READY); /* it may be tried again */
}

static void an_image_can_be_given_up_at_once(void **state)
{
    (void)state;
    assert_false(bw_ota_revert(&ota));
    assert_int_equal(receive(512), BW_OTA_READY);
    assert_true(init());
    assert_int_equal(bw_ota_boot(&ota), 1);
    assert_true(bw_ota_revert(&ota));
    assert_true(init());
    assert_int_equal(bw_ota_boot(&ota), 0);
}

static void what_is_not_for_this_device_is_refused_before_a_byte_is_touched(void **state)
{
    (void)state;
    uint64_t written = rig.slots.written;
    rig.signature_good = false;
    assert_int_equal(bw_ota_begin(&ota, &manifest, 1), BW_OTA_REFUSED);
    rig.signature_good = true;
    assert_int_equal(bw_ota_begin(&ota, &manifest, 2), BW_OTA_REFUSED);
    manifest.build = 10;
    assert_int_equal(bw_ota_begin(&ota, &manifest, 1), BW_OTA_REFUSED);
    manifest.build = 11;
    manifest.size = 2u * RIG_SECTOR_BYTES + 1u;
    assert_int_equal(bw_ota_begin(&ota, &manifest, 1), BW_OTA_REFUSED);
    manifest.size = 0;
    assert_int_equal(bw_ota_begin(&ota, &manifest, 1), BW_OTA_REFUSED);
    assert_int_equal(bw_ota_write(&ota, 0, image, 10), BW_OTA_REFUSED);
    assert_true(rig.slots.written == written);
}

static void chunks_must_come_in_order_and_fit(void **state)
{
    (void)state;
    assert_int_equal(bw_ota_begin(&ota, &manifest, 1), BW_OTA_MORE);
    assert_int_equal(bw_ota_write(&ota, 5, image, 10), BW_OTA_OUT_OF_ORDER);
    assert_int_equal(bw_ota_write(&ota, 0, image, 0), BW_OTA_OUT_OF_ORDER);
    assert_int_equal(bw_ota_write(&ota, 0, image, 1501), BW_OTA_OUT_OF_ORDER);
    assert_int_equal(bw_ota_write(&ota, 0, image, 10), BW_OTA_MORE);
    assert_int_equal(bw_ota_write(&ota, 0, image, 10), BW_OTA_OUT_OF_ORDER); /* a chunk delivered twice */
    assert_int_equal(ota.received, 10);
}

static void a_wrong_hash_throws_the_image_away(void **state)
{
    (void)state;
    manifest.sha256[0] ^= 1u;
    assert_int_equal(receive(512), BW_OTA_BAD_HASH);
    assert_int_equal(bw_ota_write(&ota, 0, image, 10), BW_OTA_REFUSED);
    assert_true(init());
    assert_int_equal(bw_ota_boot(&ota), 0);
}

static void a_power_cut_at_any_byte_leaves_the_running_image(void **state)
{
    for (int64_t after = 0; after < 3600; after += 7) {
        fresh(state);
        flash_image_cut_after(&rig.slots, after, TEAR_BACKWARD, 5);
        enum bw_ota_result result = receive(300);
        assert_true(result == BW_OTA_FAILED || result == BW_OTA_READY);
        flash_image_restore(&rig.slots);
        assert_true(init());
        assert_int_equal(bw_ota_boot(&ota), result == BW_OTA_READY ? 1 : 0);
        if (result == BW_OTA_FAILED) {
            assert_int_equal(receive(300), BW_OTA_READY);
        }
    }
}

static void a_choice_that_cannot_be_written_is_not_made(void **state)
{
    (void)state;
    assert_int_equal(bw_ota_begin(&ota, &manifest, 1), BW_OTA_MORE);
    assert_int_equal(bw_ota_write(&ota, 0, image, 1000), BW_OTA_MORE);
    rig.image.dead = true;
    assert_int_equal(bw_ota_write(&ota, 1000, image + 1000, 500), BW_OTA_FAILED);
    assert_false(bw_ota_confirm(&ota));
    assert_false(init());
    flash_image_restore(&rig.image);
    assert_true(init());
    assert_int_equal(bw_ota_boot(&ota), 0);
    assert_int_equal(bw_ota_begin(&ota, &manifest, 1), BW_OTA_MORE);
    assert_int_equal(bw_ota_write(&ota, 0, image, 1000), BW_OTA_MORE);
    rig.slots.dead = true;
    assert_int_equal(bw_ota_write(&ota, 1000, image + 1000, 500), BW_OTA_FAILED);
}

static void the_self_test_names_what_is_broken(void **state)
{
    (void)state;
    struct bw_region scratch = {&rig.image.flash, 10, 1};
    rig.signature_good = false;
    assert_int_equal(bw_self_test(&scratch, &rig.sensors, &rig.system, -1), 0); /* no sensor is no fault */
    rig.load_raw = 1000;
    rig.battery_mv = 4000;
    assert_int_equal(bw_self_test(&scratch, &rig.sensors, &rig.system, 1), 0);
    rig.load_raw = 8388607;
    rig.battery_mv = 0;
    assert_int_equal(bw_self_test(&scratch, &rig.sensors, &rig.system, 0), BW_TEST_LOAD_CELL | BW_TEST_BATTERY | BW_TEST_GNSS);
    rig.load_raw = -8388608;
    rig.battery_mv = 60001;
    rig.image.dead = true;
    assert_int_equal(bw_self_test(&scratch, &rig.sensors, &rig.system, 1), BW_TEST_LOAD_CELL | BW_TEST_BATTERY | BW_TEST_FLASH);
    for (int64_t after = 1024; after < 1032; after++) { /* it dies while it is tested */
        flash_image_restore(&rig.image);
        flash_image_cut_after(&rig.image, after, TEAR_FORWARD, 1);
        assert_int_equal(bw_self_test(&scratch, &rig.sensors, &rig.system, 1) & BW_TEST_FLASH, BW_TEST_FLASH);
    }
}

#define ota_test(function) cmocka_unit_test_setup(function, fresh)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ota_test(sha256_is_the_published_one),
        ota_test(an_image_is_taken_tried_and_confirmed),
        ota_test(an_image_that_is_never_confirmed_is_given_up),
        ota_test(an_image_can_be_given_up_at_once),
        ota_test(what_is_not_for_this_device_is_refused_before_a_byte_is_touched),
        ota_test(chunks_must_come_in_order_and_fit),
        ota_test(a_wrong_hash_throws_the_image_away),
        ota_test(a_power_cut_at_any_byte_leaves_the_running_image),
        ota_test(a_choice_that_cannot_be_written_is_not_made),
        ota_test(the_self_test_names_what_is_broken),
    };
    return RUN(tests);
}
