/* The virtual device's surroundings: what script, track and drive make the sensors and the network do. */
#ifndef BW_STAGE_H
#define BW_STAGE_H

#include "flash_image.h"
#include "link_mosquitto.h"
#include "options.h"
#include "script.h"
#include "sensors_host.h"
#include "system_host.h"
#include "track.h"

#define STAGE_SECTOR_BYTES 4096u
#define STAGE_SECTORS 256u      /* of the data flash: 1 MiB */
#define STAGE_SLOT_SECTORS 16u  /* of each image slot */

struct stage {
    struct options options;
    struct flash_image flash;
    struct system_host system;
    struct sensors_host sensors;
    struct link_mosquitto link;
    struct script script;
    struct track track;
    int64_t start_unix_ms; /* real time when the device was switched on */
    bool driving;
    double longitude_deg, latitude_deg, speed_mps, course_deg;
    int64_t driven_ms;     /* uptime of the last fix of the drive */
    struct bw_board board;
};

/* Sets everything up for a device; ends the program with a message when that is impossible. */
void stage_init(struct stage *stage, const struct options *options, struct bw_device *device, const char *firmware);

/* Gives the device its identity and, where asked for, a configuration. Call it after the device has started. */
void stage_provision(struct stage *stage, struct bw_device *device);

/* Lets happen what is due. */
void stage_advance(struct stage *stage);

/* Steps the program until it is over; the process's exit code. */
int stage_run(struct stage *stage, int32_t (*step)(void *program), void *program, const struct bw_device *device);

#endif
