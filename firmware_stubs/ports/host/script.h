/* A script of what happens to the virtual device: lines "seconds name value", '#' for remarks, in order of time.
 *
 * Names: those of sensors_host_set with a whole number or "none"; "network" with on or off; "wall_clock" with on or off;
 * "speed" with how fast the device's time runs from then on ("max": as fast as the program gets through it); "drive" with "longitude latitude speed_mps course_deg": from
 * then on the receiver gives a fix every second on a straight line; "drive" with "none" ends that.
 */
#ifndef BW_SCRIPT_H
#define BW_SCRIPT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct script_line {
    int64_t at_ms; /* uptime */
    char name[32];
    char value[96];
};

struct script {
    FILE *file; /* NULL when there is none, or it has ended */
    const char *path;
    unsigned line_number;
    struct script_line next;
};

/* False with a message on stderr when the file cannot be read. `path` may be NULL: an empty script. */
bool script_open(struct script *script, const char *path);

/* The next line that is due, NULL when there is none yet. Ends the program on a line that makes no sense. */
const struct script_line *script_due(struct script *script, int64_t uptime_ms);

#endif
