/* NOR flash in memory or in a file, which behaves like the chip: programming only clears bits, erasing takes a sector.
 *
 * A power cut can be set to come after any number of bytes programmed or erased. The byte it hits is left half programmed;
 * a sector it hits is left half erased, in the order of `tear`. From then on the flash refuses everything until
 * flash_image_restore, as a board without power does.
 */
#ifndef BW_FLASH_IMAGE_H
#define BW_FLASH_IMAGE_H

#include "../../hal/flash.h"

enum flash_tear { TEAR_FORWARD, TEAR_BACKWARD, TEAR_SCRAMBLED };

struct flash_image {
    struct bw_flash flash; /* hand this to the core */
    uint8_t *bytes;
    uint32_t size;
    int64_t cut_after;     /* bytes still to be written before the cut, -1 = no cut */
    enum flash_tear tear;
    uint32_t seed;         /* of the half-written bytes */
    bool dead;
    uint64_t written;      /* bytes programmed and erased so far: where a cut can come */
    void (*on_cut)(void);  /* NULL, or what the loss of power does to the program */
};

/* `bytes` holds sectors x sector_bytes; what is in it stays. */
void flash_image_init(struct flash_image *image, uint8_t *bytes, uint32_t sector_bytes, uint32_t sectors);

/* The same in a file, which is created erased. False with a message on stderr when that fails. */
bool flash_image_open(struct flash_image *image, const char *path, uint32_t sector_bytes, uint32_t sectors);

void flash_image_cut_after(struct flash_image *image, int64_t bytes, enum flash_tear tear, uint32_t seed);
void flash_image_restore(struct flash_image *image);

#endif
