#include "journal.h"

#include <string.h>

#include "bytes.h"
#include "crc32.h"

#define HEAD_BYTES 8u
#define MARK_BYTES 1u

static uint32_t sector_bytes(const struct bw_journal *journal)
{
    return journal->region.flash->sector_bytes;
}

/* Salted: the plain CRC-32 of an erased generation before zeros is again erased bytes. */
static uint32_t crc_of(uint32_t generation, const void *value, uint32_t length)
{
    uint8_t raw[4];
    bw_put_le(raw, 4, generation);
    return bw_crc32(bw_crc32(bw_crc32(0, "journal", 7), raw, sizeof raw), value, length);
}

/* Generation of the intact value at an address, 0 when there is none. */
static uint32_t generation_at(const struct bw_journal *journal, uint32_t address)
{
    uint8_t slot[HEAD_BYTES + BW_JOURNAL_VALUE_MAX + MARK_BYTES];
    if (!bw_region_read(&journal->region, address, slot, journal->slot_bytes)) {
        return 0;
    }
    uint32_t generation = (uint32_t)bw_get_le(slot, 4);
    return bw_get_le(slot + 4, 4) == crc_of(generation, slot + HEAD_BYTES, journal->length) ? generation : 0;
}

/* Steps to the next slot; at the end of a sector, to the start of the next sector. */
static uint32_t following(const struct bw_journal *journal, uint32_t address)
{
    uint32_t next = address + journal->slot_bytes;
    if (next % sector_bytes(journal) + journal->slot_bytes > sector_bytes(journal) || next % sector_bytes(journal) == 0) {
        next = (address / sector_bytes(journal) + 1u) % journal->region.sectors * sector_bytes(journal);
    }
    return next;
}

static uint32_t slots_in_all(const struct bw_journal *journal)
{
    return sector_bytes(journal) / journal->slot_bytes * journal->region.sectors;
}

static void scan(struct bw_journal *journal)
{
    uint32_t address = 0;
    journal->generation = 0;
    journal->next = 0;
    for (uint32_t i = 0; i < slots_in_all(journal); i++, address = following(journal, address)) {
        uint32_t generation = generation_at(journal, address);
        if (generation > journal->generation) {
            journal->generation = generation;
            journal->current = address;
            journal->next = following(journal, address);
        }
    }
}

bool bw_journal_mount(struct bw_journal *journal, struct bw_region region, uint32_t length)
{
    uint8_t probe;
    *journal = (struct bw_journal){.region = region, .length = length, .slot_bytes = HEAD_BYTES + length + MARK_BYTES};
    if (length == 0 || length > BW_JOURNAL_VALUE_MAX || journal->slot_bytes > sector_bytes(journal) || region.sectors < 2 ||
        !bw_region_read(&region, 0, &probe, 1)) {
        return false;
    }
    scan(journal);
    return true;
}

bool bw_journal_read(const struct bw_journal *journal, void *value)
{
    return journal->generation != 0 &&
           bw_region_read(&journal->region, journal->current + HEAD_BYTES, value, journal->length);
}

static uint32_t sector_of(const struct bw_journal *journal, uint32_t address)
{
    return address / sector_bytes(journal);
}

/* An erased slot, erasing the sector that the row has reached when it holds nothing that is needed. */
static bool find_room(struct bw_journal *journal)
{
    for (uint32_t i = 0; i < slots_in_all(journal); i++, journal->next = following(journal, journal->next)) {
        if (bw_region_blank(&journal->region, journal->next, journal->slot_bytes)) {
            return true;
        }
        bool starts_sector = journal->next % sector_bytes(journal) == 0;
        bool needed = journal->generation != 0 && sector_of(journal, journal->current) == sector_of(journal, journal->next);
        if (starts_sector && !needed) {
            return bw_region_erase(&journal->region, sector_of(journal, journal->next));
        }
    }
    return false;
}

bool bw_journal_append(struct bw_journal *journal, const void *value)
{
    uint8_t slot[HEAD_BYTES + BW_JOURNAL_VALUE_MAX];
    uint32_t generation = journal->generation + 1u;
    if (!find_room(journal)) {
        return false;
    }
    bw_put_le(slot, 4, generation);
    bw_put_le(slot + 4, 4, crc_of(generation, value, journal->length));
    memcpy(slot + HEAD_BYTES, value, journal->length);
    uint32_t address = journal->next;
    bool written = bw_region_program(&journal->region, address, slot, HEAD_BYTES + journal->length) &&
                   generation_at(journal, address) == generation;
    journal->next = following(journal, address);
    if (!written) {
        return false;
    }
    journal->generation = generation;
    journal->current = address;
    return true;
}

bool bw_journal_revoke(struct bw_journal *journal)
{
    static const uint8_t NOTHING[HEAD_BYTES] = {0};
    if (journal->generation == 0 ||
        !bw_region_program(&journal->region, journal->current, NOTHING, sizeof NOTHING)) {
        return false;
    }
    uint32_t next = journal->next;
    scan(journal);
    journal->next = next;
    return true;
}

static uint32_t mark_address(const struct bw_journal *journal)
{
    return journal->current + HEAD_BYTES + journal->length;
}

bool bw_journal_confirm(struct bw_journal *journal)
{
    static const uint8_t CONFIRMED = 0;
    return journal->generation != 0 && bw_region_program(&journal->region, mark_address(journal), &CONFIRMED, 1);
}

bool bw_journal_confirmed(const struct bw_journal *journal)
{
    uint8_t mark;
    return journal->generation != 0 && bw_region_read(&journal->region, mark_address(journal), &mark, 1) && mark != 0xFFu;
}
