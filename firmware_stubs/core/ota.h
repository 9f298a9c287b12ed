/* Over-the-air update: two slots, a signed manifest, chunks in order, hash over what the flash really holds, trial, confirm
 * or revert.
 *
 * The signature (Ed25519) is over 76 bytes: "BWF1", product, build, size (4 bytes each, least significant first), version
 * (28 bytes, filled with zeros), SHA-256 of the image. It is checked before a byte is erased, the hash before the slot is
 * chosen. A build not above the confirmed one is refused. The check itself is the port's (`bw_system.verify`): boards
 * with TLS carry a reviewed Ed25519 already, and home-made cryptography is what an update must not rest on.
 *
 * The choice of the slot lives in a journal that the boot loader reads too. A new image runs on trial; when it has been
 * started three times without bw_ota_confirm, bw_ota_boot goes back to the slot before.
 */
#ifndef BW_OTA_H
#define BW_OTA_H

#include "../hal/system.h"
#include "journal.h"
#include "sha256.h"

#define BW_OTA_VERSION_BYTES 28u
#define BW_OTA_STATEMENT_BYTES 76u
#define BW_OTA_TRIES 3u

struct bw_ota_manifest {
    uint32_t product;
    uint32_t build;
    uint32_t size; /* bytes */
    char version[BW_OTA_VERSION_BYTES];
    uint8_t sha256[BW_SHA256_BYTES];
    uint8_t signature[64];
};

struct bw_ota_choice { /* as kept in the journal */
    uint32_t build;
    uint32_t build_before;
    uint8_t slot;
    uint8_t trial;    /* 1 until confirmed */
    uint8_t starts;   /* of the trial */
    uint8_t reserved; /* 0 */
};

struct bw_ota {
    struct bw_region slot[2];
    struct bw_journal journal;
    const struct bw_system *system;
    struct bw_ota_choice choice;
    struct bw_ota_manifest manifest;
    uint32_t received; /* bytes of the image in the other slot */
    bool receiving;
};

enum bw_ota_result {
    BW_OTA_MORE,       /* go on at `received` */
    BW_OTA_READY,      /* restart to try it */
    BW_OTA_REFUSED,    /* product, build, size or signature; nothing was touched */
    BW_OTA_OUT_OF_ORDER, /* not the offset that is wanted; go on at `received` */
    BW_OTA_BAD_HASH,   /* the image is thrown away */
    BW_OTA_FAILED,     /* the flash refused; the image is thrown away */
};

/* `build` is that of the running image, for a device whose journal is still empty: then slot 0 is running, confirmed. */
bool bw_ota_init(struct bw_ota *ota, const struct bw_region slots[2], struct bw_region journal, const struct bw_system *system,
                 uint32_t build);

/* To be called once in each start, by the boot loader or first thing by the image: counts the starts of a trial and returns
 * the slot to run, which is the one before when the trial is over. */
uint8_t bw_ota_boot(struct bw_ota *ota);

/* `product` is this hardware's number. */
enum bw_ota_result bw_ota_begin(struct bw_ota *ota, const struct bw_ota_manifest *manifest, uint32_t product);
enum bw_ota_result bw_ota_write(struct bw_ota *ota, uint32_t offset, const uint8_t *data, size_t length);

/* True while the running image is on trial. */
bool bw_ota_on_trial(const struct bw_ota *ota);
bool bw_ota_confirm(struct bw_ota *ota);

/* Back to the slot before; restart afterwards. False when there is no trial or the flash refused. */
bool bw_ota_revert(struct bw_ota *ota);

#endif
