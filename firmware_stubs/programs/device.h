/* What both programs share: storage, clock, connection, configuration, commands, updates.
 *
 * A program starts the device, stores readings, and steps it often; the port reports what the link did. All calls come from
 * one thread. Nothing here blocks, but for flash.
 */
#ifndef BW_DEVICE_H
#define BW_DEVICE_H

#include "../core/ack_queue.h"
#include "../core/clock.h"
#include "../core/command.h"
#include "../core/load_cell.h"
#include "../core/ota.h"
#include "../core/self_test.h"
#include "../core/session.h"
#include "../core/settings.h"
#include "../core/uploader.h"
#include "board.h"

struct bw_device {
    const struct bw_board *board;
    struct bw_identity identity;
    bool provisioned;
    struct bw_journal identities;
    struct bw_journal calibrations;
    struct bw_load_calibration calibration;
    struct bw_settings settings;
    struct bw_clock clock;
    struct bw_ring ring;
    struct bw_uploader uploader;
    struct bw_session session;
    struct bw_ota ota;
    struct bw_ack_queue acks;
    uint32_t self_test;          /* failed parts */
    int64_t sentences;           /* GNSS sentences heard, -1 without GNSS: the program keeps it */
    int64_t ota_trial_until_ms;
    int64_t restart_at_ms;       /* 0 = no restart wanted */
    bool modem_wanted;
    /* The program carries out what concerns its sensors; false with the reason in the acknowledgement. */
    bool (*command)(void *program, const struct bw_command *command, struct bw_ack *ack);
    void *program;
};

/* Mounts everything. False when the flash is unusable; the device then does nothing useful but may be stepped. */
bool bw_device_start(struct bw_device *device, const struct bw_board *board);

/* Connects, sends, acknowledges, rolls back, restarts, as needed. */
void bw_device_step(struct bw_device *device);

int64_t bw_device_uptime_ms(const struct bw_device *device);

/* Stamps the reading unless `dated` (its time is set and true), and stores it. */
bool bw_device_store(struct bw_device *device, struct bw_reading *reading, bool dated);

/* A source of time has spoken. */
void bw_device_time(struct bw_device *device, enum bw_clock_source source, int64_t unix_ms, int64_t uptime_ms);

/* A provisioning document; NULL when it was stored, else what is wrong. */
const char *bw_device_provision(struct bw_device *device, const uint8_t *payload, size_t length);

/* Keeps a calibration across restarts. */
bool bw_device_calibrate(struct bw_device *device, const struct bw_load_calibration *calibration);

/* Called by the port. */
void bw_device_connected(struct bw_device *device);
void bw_device_disconnected(struct bw_device *device);
void bw_device_network(struct bw_device *device); /* registered with the network (again) */
void bw_device_published(struct bw_device *device, uint32_t packet);
void bw_device_message(struct bw_device *device, const char *topic, const uint8_t *payload, size_t length);

/* Runs the self-test; `self_test` holds the result. */
void bw_device_test(struct bw_device *device);

/* For downlink.c. */
void bw_device_restart_soon(struct bw_device *device);
struct bw_status bw_device_status(const struct bw_device *device);

#endif
