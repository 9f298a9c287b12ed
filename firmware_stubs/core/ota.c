#include "ota.h"

#include <string.h>

#include "bytes.h"

bool bw_ota_init(struct bw_ota *ota, const struct bw_region slots[2], struct bw_region journal, const struct bw_system *system,
                 uint32_t build)
{
    memset(ota, 0, sizeof *ota);
    ota->slot[0] = slots[0];
    ota->slot[1] = slots[1];
    ota->system = system;
    if (!bw_journal_mount(&ota->journal, journal, sizeof ota->choice)) {
        return false;
    }
    if (!bw_journal_read(&ota->journal, &ota->choice)) {
        ota->choice = (struct bw_ota_choice){.build = build, .build_before = build};
    }
    return true;
}

uint8_t bw_ota_boot(struct bw_ota *ota)
{
    if (ota->choice.trial == 0) {
        return ota->choice.slot;
    }
    if (ota->choice.starts >= BW_OTA_TRIES) {
        (void)bw_ota_revert(ota); /* unwritten, the next start tries again */
        return ota->choice.slot;
    }
    ota->choice.starts++;
    (void)bw_journal_append(&ota->journal, &ota->choice);
    return ota->choice.slot;
}

static void statement(const struct bw_ota_manifest *manifest, uint8_t into[BW_OTA_STATEMENT_BYTES])
{
    memcpy(into, "BWF1", 4);
    bw_put_le(into + 4, 4, manifest->product);
    bw_put_le(into + 8, 4, manifest->build);
    bw_put_le(into + 12, 4, manifest->size);
    memcpy(into + 16, manifest->version, BW_OTA_VERSION_BYTES);
    memcpy(into + 16 + BW_OTA_VERSION_BYTES, manifest->sha256, BW_SHA256_BYTES);
}

static struct bw_region *other_slot(struct bw_ota *ota)
{
    return &ota->slot[ota->choice.slot ^ 1u];
}

static uint32_t capacity(const struct bw_region *slot)
{
    return slot->sectors * slot->flash->sector_bytes;
}

enum bw_ota_result bw_ota_begin(struct bw_ota *ota, const struct bw_ota_manifest *manifest, uint32_t product)
{
    uint8_t signed_bytes[BW_OTA_STATEMENT_BYTES];
    statement(manifest, signed_bytes);
    if (ota->choice.trial != 0 || manifest->product != product || manifest->build <= ota->choice.build ||
        manifest->size == 0 || manifest->size > capacity(other_slot(ota)) ||
        !ota->system->verify(ota->system->context, signed_bytes, sizeof signed_bytes, manifest->signature)) {
        return BW_OTA_REFUSED;
    }
    ota->manifest = *manifest;
    ota->received = 0;
    ota->receiving = true;
    return BW_OTA_MORE;
}

/* Erases every sector that begins inside the chunk, then writes it. */
static bool store(struct bw_region *slot, uint32_t offset, const uint8_t *data, uint32_t length)
{
    uint32_t sector_bytes = slot->flash->sector_bytes;
    for (uint32_t sector = (offset + sector_bytes - 1u) / sector_bytes; sector * sector_bytes < offset + length; sector++) {
        if (!bw_region_erase(slot, sector)) {
            return false;
        }
    }
    return bw_region_program(slot, offset, data, length);
}

static bool hash_matches(struct bw_ota *ota)
{
    uint8_t part[64];
    uint8_t digest[BW_SHA256_BYTES];
    struct bw_sha256 sha;
    bw_sha256_init(&sha);
    for (uint32_t at = 0; at < ota->manifest.size; at += (uint32_t)sizeof part) {
        uint32_t left = ota->manifest.size - at;
        uint32_t length = left < sizeof part ? left : (uint32_t)sizeof part;
        if (!bw_region_read(other_slot(ota), at, part, length)) {
            return false;
        }
        bw_sha256_feed(&sha, part, length);
    }
    bw_sha256_finish(&sha, digest);
    return memcmp(digest, ota->manifest.sha256, sizeof digest) == 0;
}

static enum bw_ota_result finish(struct bw_ota *ota)
{
    struct bw_ota_choice choice = {
        .build = ota->manifest.build,
        .build_before = ota->choice.build,
        .slot = (uint8_t)(ota->choice.slot ^ 1u),
        .trial = 1,
    };
    ota->receiving = false;
    if (!hash_matches(ota)) {
        return BW_OTA_BAD_HASH;
    }
    if (!bw_journal_append(&ota->journal, &choice)) {
        return BW_OTA_FAILED;
    }
    ota->choice = choice;
    return BW_OTA_READY;
}

enum bw_ota_result bw_ota_write(struct bw_ota *ota, uint32_t offset, const uint8_t *data, size_t length)
{
    if (!ota->receiving) {
        return BW_OTA_REFUSED;
    }
    if (offset != ota->received || length == 0 || length > ota->manifest.size - ota->received) {
        return BW_OTA_OUT_OF_ORDER;
    }
    if (!store(other_slot(ota), offset, data, (uint32_t)length)) {
        ota->receiving = false;
        return BW_OTA_FAILED;
    }
    ota->received += (uint32_t)length;
    return ota->received == ota->manifest.size ? finish(ota) : BW_OTA_MORE;
}

bool bw_ota_on_trial(const struct bw_ota *ota)
{
    return ota->choice.trial != 0 && ota->choice.starts > 0;
}

bool bw_ota_confirm(struct bw_ota *ota)
{
    struct bw_ota_choice choice = ota->choice;
    choice.trial = choice.starts = 0;
    if (!bw_journal_append(&ota->journal, &choice)) {
        return false;
    }
    ota->choice = choice;
    return true;
}

bool bw_ota_revert(struct bw_ota *ota)
{
    struct bw_ota_choice choice = {
        .build = ota->choice.build_before,
        .build_before = ota->choice.build_before,
        .slot = (uint8_t)(ota->choice.slot ^ 1u),
    };
    if (ota->choice.trial == 0 || !bw_journal_append(&ota->journal, &choice)) {
        return false;
    }
    ota->choice = choice;
    return true;
}
