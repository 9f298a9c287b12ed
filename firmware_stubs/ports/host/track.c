#define _XOPEN_SOURCE 700
#include "track.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum column { DEVICE, TIME, LONGITUDE, LATITUDE, SPEED, COURSE, HDOP, SATELLITES, VALID, IGNITION, DOOR, CARGO };

static const char *const NAMES[TRACK_COLUMNS] = {"device_id", "fix_time",   "longitude_deg", "latitude_deg", "speed_mps", "course_deg",
                                                 "hdop",      "satellites", "fix_valid",     "ignition",     "door_open", "cargo_kg"};

__attribute__((noreturn)) static void refuse(const struct track *track, const char *what)
{
    fprintf(stderr, "error: %s, row %u: %s\n", track->path, track->row_number, what);
    exit(2);
}

/* Cuts the line at commas; returns how many fields there are. */
static unsigned split(char *line, char **fields, unsigned capacity)
{
    unsigned count = 0;
    line[strcspn(line, "\r\n")] = '\0';
    for (char *at = line; at != NULL && count < capacity; count++) {
        fields[count] = at;
        at = strchr(at, ',');
        if (at != NULL) {
            *at++ = '\0';
        }
    }
    return count;
}

static const char *field(const struct track *track, char **fields, unsigned count, enum column which)
{
    int at = track->column[which];
    return at >= 0 && (unsigned)at < count ? fields[at] : "";
}

/* A number, true or false; NAN for an empty field. */
static double number(const struct track *track, const char *text)
{
    char *end = NULL;
    if (text[0] == '\0') {
        return NAN;
    }
    if (strcmp(text, "true") == 0 || strcmp(text, "True") == 0) {
        return 1;
    }
    if (strcmp(text, "false") == 0 || strcmp(text, "False") == 0) {
        return 0;
    }
    double value = strtod(text, &end);
    if (*end != '\0') {
        refuse(track, "not a number");
    }
    return value;
}

/* ISO 8601 with Z or an offset of hours and minutes. */
static int64_t unix_ms(const struct track *track, const char *text)
{
    struct tm civil = {0};
    int offset_hours = 0, offset_minutes = 0;
    double fraction_s = 0;
    const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &civil);
    if (rest == NULL) {
        rest = strptime(text, "%Y-%m-%d %H:%M:%S", &civil);
    }
    if (rest == NULL) {
        refuse(track, "not a time");
    }
    if (*rest == '.') {
        char *end = NULL;
        fraction_s = strtod(rest, &end);
        rest = end;
    }
    if (*rest != 'Z' && sscanf(rest, "%3d:%2d", &offset_hours, &offset_minutes) < 1) {
        refuse(track, "a time without zone");
    }
    int64_t seconds = (int64_t)mktime(&civil) - timezone - (offset_hours * 3600 + (offset_hours < 0 ? -1 : 1) * offset_minutes * 60);
    return seconds * 1000 + (int64_t)(fraction_s * 1000);
}

static void take(struct track *track, char **fields, unsigned count)
{
    struct track_row *row = &track->next;
    double valid = number(track, field(track, fields, count, VALID));
    double satellites = number(track, field(track, fields, count, SATELLITES));
    row->fix = (struct sensors_fix){
        .unix_ms = unix_ms(track, field(track, fields, count, TIME)),
        .longitude_deg = number(track, field(track, fields, count, LONGITUDE)),
        .latitude_deg = number(track, field(track, fields, count, LATITUDE)),
        .speed_mps = number(track, field(track, fields, count, SPEED)),
        .course_deg = number(track, field(track, fields, count, COURSE)),
        .hdop = number(track, field(track, fields, count, HDOP)),
        .altitude_m = NAN,
        .satellites = isnan(satellites) ? 0 : (int)satellites,
    };
    row->fix.valid = !isnan(row->fix.longitude_deg) && !isnan(row->fix.latitude_deg) && !(valid == 0);
    row->ignition = number(track, field(track, fields, count, IGNITION));
    row->door_open = number(track, field(track, fields, count, DOOR));
    row->cargo_kg = number(track, field(track, fields, count, CARGO));
    track->pending = true;
}

static void read_next(struct track *track)
{
    char line[1024];
    char *fields[64];
    track->pending = false;
    while (!track->pending && track->file != NULL) {
        if (fgets(line, sizeof line, track->file) == NULL) {
            fclose(track->file);
            track->file = NULL;
            return;
        }
        track->row_number++;
        unsigned count = split(line, fields, 64);
        const char *device = field(track, fields, count, DEVICE);
        if (track->device == NULL) {
            snprintf(track->first_device, sizeof track->first_device, "%s", device);
            track->device = track->first_device;
        }
        if (count > 1 && strcmp(device, track->device) == 0) {
            take(track, fields, count);
        }
    }
}

static bool read_header(struct track *track)
{
    char line[1024];
    char *fields[64];
    if (fgets(line, sizeof line, track->file) == NULL) {
        return false;
    }
    unsigned count = split(line, fields, 64);
    for (unsigned which = 0; which < TRACK_COLUMNS; which++) {
        track->column[which] = -1;
        for (unsigned at = 0; at < count; at++) {
            track->column[which] = strcmp(fields[at], NAMES[which]) == 0 ? (int)at : track->column[which];
        }
    }
    return track->column[TIME] >= 0 && track->column[LONGITUDE] >= 0 && track->column[LATITUDE] >= 0;
}

bool track_open(struct track *track, const char *path, const char *device, int64_t start_ms)
{
    memset(track, 0, sizeof *track);
    if (path == NULL) {
        return true;
    }
    setenv("TZ", "UTC0", 1);
    tzset();
    track->path = path;
    track->device = device;
    track->row_number = 1;
    track->file = fopen(path, "r");
    if (track->file == NULL) {
        perror(path);
        return false;
    }
    if (!read_header(track)) {
        fprintf(stderr, "error: %s: fix_time, longitude_deg and latitude_deg are wanted in the first row\n", path);
        return false;
    }
    read_next(track);
    if (!track->pending) {
        fprintf(stderr, "error: %s has no row of device %s\n", path, device != NULL ? device : "(any)");
        return false;
    }
    track->shift_ms = start_ms - track->next.fix.unix_ms;
    track->next.fix.unix_ms += track->shift_ms;
    return true;
}

const struct track_row *track_due(struct track *track, int64_t now_ms)
{
    static struct track_row due;
    if (!track->pending || track->next.fix.unix_ms > now_ms) {
        return NULL;
    }
    due = track->next;
    read_next(track);
    track->next.fix.unix_ms += track->shift_ms;
    return &due;
}
