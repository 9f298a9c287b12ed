#define _POSIX_C_SOURCE 200809L
#include "flash_image.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static uint8_t random_byte(struct flash_image *image)
{
    image->seed = image->seed * 1664525u + 1013904223u;
    return (uint8_t)(image->seed >> 24);
}

static bool reaches(const struct flash_image *image, uint32_t address, uint32_t length)
{
    return !image->dead && address <= image->size && length <= image->size - address;
}

static bool image_read(void *context, uint32_t address, void *into, uint32_t length)
{
    struct flash_image *image = context;
    if (!reaches(image, address, length)) {
        return false;
    }
    memcpy(into, image->bytes + address, length);
    return true;
}

static void die(struct flash_image *image)
{
    image->dead = true;
    if (image->on_cut != NULL) {
        image->on_cut();
    }
}

static bool image_program(void *context, uint32_t address, const void *from, uint32_t length)
{
    struct flash_image *image = context;
    const uint8_t *byte = from;
    if (!reaches(image, address, length)) {
        return false;
    }
    for (uint32_t i = 0; i < length; i++) {
        if (image->cut_after == 0) {
            image->bytes[address + i] &= (uint8_t)(byte[i] | random_byte(image));
            die(image);
            return false;
        }
        image->cut_after -= image->cut_after > 0 ? 1 : 0;
        image->bytes[address + i] &= byte[i];
        image->written++;
    }
    return true;
}

/* `done` bytes of the sector were reached by the erasure. */
static void tear_sector(struct flash_image *image, uint8_t *sector, uint32_t done)
{
    uint32_t length = image->flash.sector_bytes;
    if (image->tear == TEAR_FORWARD) {
        memset(sector, 0xFF, done);
    } else if (image->tear == TEAR_BACKWARD) {
        memset(sector + length - done, 0xFF, done);
    } else {
        for (uint32_t i = 0; i < length; i++) {
            bool reached = random_byte(image) * length < done * 256u;
            sector[i] |= reached ? 0xFFu : random_byte(image);
        }
    }
}

static bool image_erase(void *context, uint32_t address)
{
    struct flash_image *image = context;
    uint32_t length = image->flash.sector_bytes;
    if (!reaches(image, address, length) || address % length != 0) {
        return false;
    }
    if (image->cut_after >= 0 && image->cut_after < (int64_t)length) {
        tear_sector(image, image->bytes + address, (uint32_t)image->cut_after);
        die(image);
        return false;
    }
    image->cut_after -= image->cut_after > 0 ? (int64_t)length : 0;
    memset(image->bytes + address, 0xFF, length);
    image->written += length;
    return true;
}

void flash_image_init(struct flash_image *image, uint8_t *bytes, uint32_t sector_bytes, uint32_t sectors)
{
    *image = (struct flash_image){
        .flash = {image, sector_bytes, sectors, image_read, image_program, image_erase},
        .bytes = bytes,
        .size = sector_bytes * sectors,
        .cut_after = -1,
    };
}

static uint8_t *map_file(int file, uint32_t size)
{
    struct stat before;
    if (fstat(file, &before) != 0 || ftruncate(file, (off_t)size) != 0) {
        return NULL;
    }
    void *bytes = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    if (bytes == MAP_FAILED) {
        return NULL;
    }
    if ((uint64_t)before.st_size < size) {
        memset((uint8_t *)bytes + before.st_size, 0xFF, size - (uint32_t)before.st_size);
    }
    return bytes;
}

bool flash_image_open(struct flash_image *image, const char *path, uint32_t sector_bytes, uint32_t sectors)
{
    int file = open(path, O_RDWR | O_CREAT, 0600);
    uint8_t *bytes = file < 0 ? NULL : map_file(file, sector_bytes * sectors);
    if (file >= 0) {
        close(file);
    }
    if (bytes == NULL) {
        perror(path);
        return false;
    }
    flash_image_init(image, bytes, sector_bytes, sectors);
    return true;
}

void flash_image_cut_after(struct flash_image *image, int64_t bytes, enum flash_tear tear, uint32_t seed)
{
    image->cut_after = bytes;
    image->tear = tear;
    image->seed = seed;
}

void flash_image_restore(struct flash_image *image)
{
    image->dead = false;
    image->cut_after = -1;
}
