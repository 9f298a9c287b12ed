/* The configuration in force, and the way back from a bad one.
 *
 * A new configuration is stored and used at once, on trial. It is confirmed when the broker has acknowledged the device's
 * answer to it: proof that the device can still be reached. When that does not happen within `trial_s`, or the device
 * restarts before, the configuration before it is in force again.
 */
#ifndef BW_SETTINGS_H
#define BW_SETTINGS_H

#include "config.h"
#include "journal.h"

struct bw_settings {
    struct bw_journal journal;
    struct bw_config config; /* in force */
    bool trial;
    int64_t trial_until_ms; /* uptime */
};

/* Loads the confirmed configuration, or the defaults. `rolled_back` tells that one on trial was given up. */
bool bw_settings_load(struct bw_settings *settings, struct bw_region region, bool *rolled_back);

/* Takes a valid configuration on trial; the very one in force is only confirmed. A trial under way ends: the one before it
 * is what a rollback returns to. */
bool bw_settings_try(struct bw_settings *settings, const struct bw_config *config, int64_t uptime_ms);

void bw_settings_confirm(struct bw_settings *settings);

/* Back to the configuration before. False when there is none or the flash refused. */
bool bw_settings_rollback(struct bw_settings *settings);

/* The trial has lasted too long. */
bool bw_settings_expired(const struct bw_settings *settings, int64_t uptime_ms);

#endif
