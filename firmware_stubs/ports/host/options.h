/* Command line and environment of the host programs; `--help` prints them all. */
#ifndef BW_HOST_OPTIONS_H
#define BW_HOST_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

struct options {
    char identity[512];  /* provisioning document made of url, tenant and device; empty: what the flash holds */
    bool tls;
    const char *ca_file;
    const char *certificate;
    const char *key;
    const char *flash_file;
    const char *script;
    const char *track;
    const char *track_device;
    const char *configuration; /* file with a document that is taken as if it had come down */
    uint8_t public_key[32];
    bool has_public_key;
    int64_t power_cut_after; /* bytes written to flash, -1 = never */
    int64_t duration_s;      /* of the device's own time, 0 = for ever */
    int64_t begin_ago_s;     /* the device was switched on so long ago */
    double speed;
};

/* Exits with a message on stderr when something is wrong, and after --help. */
struct options options_read(int count, char **arguments);

#endif
