#include "harness.h"

#include <string.h>

#include "../core/boot_count.h"
#include "../core/journal.h"
#include "../core/settings.h"
#include "../ports/host/flash_image.h"

#define SECTOR_BYTES 256u
#define SECTORS 2u

static uint8_t bytes[SECTOR_BYTES * SECTORS];
static struct flash_image image;
static struct bw_journal journal;
static const struct bw_region REGION = {&image.flash, 0, SECTORS};

static int fresh(void **state)
{
    (void)state;
    memset(bytes, 0xFF, sizeof bytes);
    flash_image_init(&image, bytes, SECTOR_BYTES, SECTORS);
    return bw_journal_mount(&journal, REGION, 40) ? 0 : -1;
}

static bool append(int number)
{
    uint8_t value[40];
    memset(value, number, sizeof value);
    return bw_journal_append(&journal, value);
}

/* The number all bytes of the current value are, -1 when there is none or it is mixed. */
static int current(void)
{
    uint8_t value[40];
    if (!bw_journal_read(&journal, value)) {
        return -1;
    }
    for (size_t i = 1; i < sizeof value; i++) {
        assert_int_equal(value[i], value[0]);
    }
    return value[0];
}

static void the_newest_value_is_current_also_after_a_restart(void **state)
{
    (void)state;
    assert_int_equal(current(), -1);
    assert_false(bw_journal_revoke(&journal));
    assert_false(bw_journal_confirm(&journal));
    assert_false(bw_journal_confirmed(&journal));
    for (int i = 0; i < 40; i++) {
        assert_true(append(i));
        assert_int_equal(current(), i);
        assert_true(bw_journal_mount(&journal, REGION, 40));
        assert_int_equal(current(), i);
    }
}

static void revoking_returns_to_the_value_before_however_often(void **state)
{
    (void)state;
    assert_true(append(1));
    for (int i = 2; i < 40; i++) {
        assert_true(append(i));
        assert_true(bw_journal_revoke(&journal));
        assert_int_equal(current(), 1);
        assert_true(bw_journal_mount(&journal, REGION, 40));
        assert_int_equal(current(), 1);
    }
    assert_true(bw_journal_revoke(&journal));
    assert_int_equal(current(), -1);
}

static void confirming_is_remembered_with_its_value(void **state)
{
    (void)state;
    assert_true(append(1) && bw_journal_confirm(&journal));
    assert_true(bw_journal_mount(&journal, REGION, 40));
    assert_true(bw_journal_confirmed(&journal));
    assert_true(append(2));
    assert_false(bw_journal_confirmed(&journal));
    assert_true(bw_journal_revoke(&journal));
    assert_true(bw_journal_confirmed(&journal));
}

/* Values, revocations and restarts, with a cut at every byte: the current value is the one before or the one after. */
static void a_power_cut_at_every_byte_leaves_the_old_value_or_the_new(void **state)
{
    uint64_t cuts = 0;
    for (int prelude = 1; prelude < 14; prelude++) {
        for (unsigned tear = TEAR_FORWARD; tear <= TEAR_SCRAMBLED; tear++) {
            for (int64_t after = 0;; after++, cuts++) {
                fresh(state);
                for (int i = 0; i < prelude; i++) {
                    assert_true(append(i));
                }
                flash_image_cut_after(&image, after, (enum flash_tear)tear, (uint32_t)after);
                bool done = append(100);
                flash_image_restore(&image);
                assert_true(bw_journal_mount(&journal, REGION, 40));
                assert_true(current() == 100 || (!done && current() == prelude - 1));
                assert_true(append(101));
                assert_int_equal(current(), 101);
                if (done) {
                    break;
                }
            }
        }
    }
    print_message("power cut at %llu offsets of a journal\n", (unsigned long long)cuts);
}

static void a_cut_revocation_has_happened_or_not(void **state)
{
    for (int64_t after = 0; after < 8; after++) {
        fresh(state);
        assert_true(append(1) && append(2));
        flash_image_cut_after(&image, after, TEAR_FORWARD, (uint32_t)after);
        assert_false(bw_journal_revoke(&journal));
        flash_image_restore(&image);
        assert_true(bw_journal_mount(&journal, REGION, 40));
        assert_in_range(current(), 1, 2);
    }
}

static void unusable_regions_are_refused(void **state)
{
    (void)state;
    assert_false(bw_journal_mount(&journal, REGION, 0));
    assert_false(bw_journal_mount(&journal, REGION, BW_JOURNAL_VALUE_MAX + 1u));
    assert_false(bw_journal_mount(&journal, REGION, 248));
    assert_false(bw_journal_mount(&journal, (struct bw_region){&image.flash, 0, 1}, 40));
    image.dead = true;
    assert_false(bw_journal_mount(&journal, REGION, 40));
}

static void a_flash_that_takes_nothing_is_reported(void **state)
{
    (void)state;
    assert_true(append(1));
    memset(bytes + 49, 0, sizeof bytes - 49); /* no room and, erased or not, no way to write */
    image.dead = true;
    assert_false(append(2));
    assert_false(bw_journal_revoke(&journal));
}

static void boots_are_counted_for_ever(void **state)
{
    (void)state;
    uint32_t boot_id = 0;
    memset(bytes, 0xFF, sizeof bytes);
    for (uint32_t i = 1; i < 60; i++) {
        assert_true(bw_boot_count(REGION, &boot_id));
        assert_int_equal(boot_id, i);
    }
    assert_true(bw_journal_mount(&journal, REGION, 4));
    assert_true(bw_journal_append(&journal, "\xFF\xFF\xFF\x00"));
    assert_true(bw_boot_count(REGION, &boot_id));
    assert_int_equal(boot_id, 1); /* a record has 24 bits for it */
    image.dead = true;
    assert_false(bw_boot_count(REGION, &boot_id));
    assert_int_equal(boot_id, 1);
}

static struct bw_config configuration(const char *version)
{
    struct bw_config config;
    bw_config_defaults(&config);
    memset(config.version, 0, sizeof config.version);
    memcpy(config.version, version, strlen(version));
    return config;
}

static void settings_are_tried_confirmed_and_rolled_back(void **state)
{
    (void)state;
    struct bw_settings settings;
    bool rolled_back = true;
    struct bw_config one = configuration("one"), two = configuration("two"), three = configuration("three");
    memset(bytes, 0xFF, sizeof bytes);
    assert_true(bw_settings_load(&settings, REGION, &rolled_back));
    assert_false(rolled_back);
    assert_string_equal(settings.config.version, "factory");
    assert_false(bw_settings_rollback(&settings));

    assert_true(bw_settings_try(&settings, &one, 1000));
    assert_false(bw_settings_expired(&settings, 300999));
    assert_true(bw_settings_expired(&settings, 301000));
    bw_settings_confirm(&settings);
    assert_false(bw_settings_expired(&settings, 301000));
    assert_true(bw_settings_try(&settings, &one, 0)); /* the same again changes nothing */
    assert_false(settings.trial);

    assert_true(bw_settings_try(&settings, &two, 0));
    assert_true(bw_settings_try(&settings, &three, 0)); /* replaces the one on trial */
    assert_true(bw_settings_rollback(&settings));
    assert_string_equal(settings.config.version, "one");

    assert_true(bw_settings_try(&settings, &two, 0));
    assert_true(bw_settings_load(&settings, REGION, &rolled_back)); /* a restart ends the trial */
    assert_true(rolled_back);
    assert_string_equal(settings.config.version, "one");
}

static void settings_of_other_firmware_with_other_rules_are_not_used(void **state)
{
    (void)state;
    struct bw_settings settings;
    bool rolled_back = false;
    struct bw_config wild = configuration("wild");
    wild.value[BW_WINDOW] = 1000;
    memset(bytes, 0xFF, sizeof bytes);
    assert_true(bw_journal_mount(&journal, REGION, sizeof wild));
    assert_true(bw_journal_append(&journal, &wild) && bw_journal_confirm(&journal));
    assert_true(bw_settings_load(&settings, REGION, &rolled_back));
    assert_string_equal(settings.config.version, "factory");
    image.dead = true;
    assert_false(bw_settings_load(&settings, REGION, &rolled_back));
    assert_string_equal(settings.config.version, "factory");
}

#define journal_test(function) cmocka_unit_test_setup(function, fresh)

int main(void)
{
    const struct CMUnitTest tests[] = {
        journal_test(the_newest_value_is_current_also_after_a_restart),
        journal_test(revoking_returns_to_the_value_before_however_often),
        journal_test(confirming_is_remembered_with_its_value),
        journal_test(a_power_cut_at_every_byte_leaves_the_old_value_or_the_new),
        journal_test(a_cut_revocation_has_happened_or_not),
        journal_test(unusable_regions_are_refused),
        journal_test(a_flash_that_takes_nothing_is_reported),
        journal_test(boots_are_counted_for_ever),
        journal_test(settings_are_tried_confirmed_and_rolled_back),
        journal_test(settings_of_other_firmware_with_other_rules_are_not_used),
    };
    return RUN(tests);
}
