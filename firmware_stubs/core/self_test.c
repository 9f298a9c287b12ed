#include "self_test.h"

#include <string.h>

#include "crc32.h"
#include "sha256.h"

#define RAIL_RAW 8388607

static bool arithmetic_works(void)
{
    static const uint8_t ABC_SHA256[BW_SHA256_BYTES] = {
        0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40, 0xde, 0x5d, 0xae, 0x22, 0x23,
        0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17, 0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad};
    uint8_t digest[BW_SHA256_BYTES];
    struct bw_sha256 sha;
    bw_sha256_init(&sha);
    bw_sha256_feed(&sha, "abc", 3);
    bw_sha256_finish(&sha, digest);
    return bw_crc32(0, "123456789", 9) == 0xCBF43926u && memcmp(digest, ABC_SHA256, sizeof digest) == 0;
}

/* Erased, then the bits of a byte cleared by and by, which is what the ring lives on. */
static bool flash_works(const struct bw_region *scratch)
{
    static const uint8_t PATTERN[4] = {0xF5, 0x55, 0x05, 0x00};
    uint8_t back[4];
    if (!bw_region_erase(scratch, 0) || !bw_region_blank(scratch, 0, scratch->flash->sector_bytes)) {
        return false;
    }
    for (unsigned i = 0; i < sizeof PATTERN; i++) {
        if (!bw_region_program(scratch, 0, PATTERN + i, 1) || !bw_region_read(scratch, 0, back, 1) || back[0] != PATTERN[i]) {
            return false;
        }
    }
    return bw_region_program(scratch, 4, PATTERN, sizeof PATTERN) && bw_region_read(scratch, 4, back, sizeof back) &&
           memcmp(back, PATTERN, sizeof back) == 0;
}

static bool refuses_forgery(const struct bw_system *system)
{
    static const uint8_t ZEROS[64] = {0};
    return !system->verify(system->context, (const uint8_t *)"forged", 6, ZEROS);
}

uint32_t bw_self_test(const struct bw_region *scratch, const struct bw_sensors *sensors, const struct bw_system *system,
                      int64_t sentences)
{
    int32_t raw = sensors->load_raw(sensors->context);
    int32_t battery_mv = sensors->battery_mv(sensors->context);
    uint32_t failed = 0;
    failed |= arithmetic_works() ? 0u : (uint32_t)BW_TEST_ARITHMETIC;
    failed |= flash_works(scratch) ? 0u : (uint32_t)BW_TEST_FLASH;
    failed |= refuses_forgery(system) ? 0u : (uint32_t)BW_TEST_SIGNATURE;
    failed |= raw == BW_NO_VALUE || (raw < RAIL_RAW && raw > -RAIL_RAW) ? 0u : (uint32_t)BW_TEST_LOAD_CELL;
    failed |= battery_mv == BW_NO_VALUE || (battery_mv > 0 && battery_mv <= 60000) ? 0u : (uint32_t)BW_TEST_BATTERY;
    return failed | (sentences == 0 ? (uint32_t)BW_TEST_GNSS : 0u);
}
