/* A recorded track (Track CSV of the tools) driven again, as if it began now. */
#ifndef BW_TRACK_H
#define BW_TRACK_H

#include <stdio.h>

#include "sensors_host.h"

#define TRACK_COLUMNS 12

struct track_row {
    struct sensors_fix fix;
    double ignition, door_open, cargo_kg, external_v; /* NAN = the track does not say */
};

struct track {
    FILE *file; /* NULL when there is none, or it has ended */
    const char *path;
    const char *device;       /* only rows of this one; NULL: of the first one there is */
    char first_device[64];
    int column[TRACK_COLUMNS]; /* where each known column is, -1 = nowhere */
    unsigned row_number;
    int64_t shift_ms;         /* from the track's time to ours */
    bool pending;
    struct track_row next;
};

/* False with a message on stderr when the file cannot be used. `path` may be NULL. The first row happens at `start_ms`. */
bool track_open(struct track *track, const char *path, const char *device, int64_t start_ms);

/* The next row that is due at Unix time `now_ms`, NULL when there is none yet. */
const struct track_row *track_due(struct track *track, int64_t now_ms);

#endif
