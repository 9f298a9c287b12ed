/* Any flash contents: mounting neither crashes nor fails, what is read passes its checksum, and the ring works afterwards.
 *
 * The input's records are given the right checksums where its first byte is odd, so that the code behind them is reached. */
#include <stdlib.h>
#include <string.h>

#include "../core/bytes.h"
#include "../core/crc32.h"
#include "../core/ring.h"
#include "../ports/host/flash_image.h"

#define SECTOR_BYTES 256u
#define SECTORS 4u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool good)
{
    if (!good) {
        abort();
    }
}

static void mend(uint8_t *bytes)
{
    for (uint32_t at = 0; at < SECTOR_BYTES * SECTORS; at += BW_RECORD_BYTES) {
        if (at % SECTOR_BYTES == 0) {
            bw_put_le(bytes + at, 4, 0x31525742u);
            bytes[at + 4] = (uint8_t)((bytes[at + 4] & ~3u) | at / SECTOR_BYTES);
            memset(bytes + at + 6, 0, 2);
            bw_put_le(bytes + at + 16, 4, bw_crc32(0, bytes + at, 16));
        } else if (bytes[at] != 0xFFu) {
            bw_put_le(bytes + at + 59, 4, bw_crc32(0, bytes + at, 59));
        }
    }
}

static void use(struct bw_ring *ring)
{
    struct bw_reading reading;
    enum bw_record_state state;
    uint32_t waiting = 0;
    for (uint32_t at = ring->tail; at < ring->head; at++) {
        if (bw_ring_read(ring, at, &reading, &state) && reading.kind != BW_TIME_MARK && state != BW_ACKNOWLEDGED) {
            waiting++;
            demand(bw_ring_mark(ring, at, BW_IN_FLIGHT));
        }
    }
    demand(waiting == ring->waiting);
    for (unsigned i = 0; i < 20; i++) {
        bw_reading_clear(&reading, BW_SENSOR);
        reading.time_ms = BW_EPOCH_2020_MS + i;
        demand(bw_ring_append(ring, &reading));
        demand(ring->head - ring->tail <= ring->slots * SECTORS);
    }
    while (ring->waiting > 0) {
        demand(ring->tail < ring->head);
        demand(bw_ring_mark(ring, ring->tail, BW_ACKNOWLEDGED));
    }
    demand(ring->tail == ring->head);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t bytes[SECTOR_BYTES * SECTORS];
    struct flash_image image;
    struct bw_ring ring;
    memset(bytes, 0xFF, sizeof bytes);
    if (size > 1) {
        memcpy(bytes, data + 1, size - 1 < sizeof bytes ? size - 1 : sizeof bytes);
    }
    if (size > 0 && data[0] % 2u == 1u) {
        mend(bytes);
    }
    flash_image_init(&image, bytes, SECTOR_BYTES, SECTORS);
    demand(bw_ring_mount(&ring, (struct bw_region){&image.flash, 0, SECTORS}));
    use(&ring);
    return 0;
}
