/* Time that can run faster, randomness, restart as a flag, and Ed25519 by OpenSSL. */
#ifndef BW_SYSTEM_HOST_H
#define BW_SYSTEM_HOST_H

#include "../../hal/system.h"

struct system_host {
    struct bw_system system;
    double speed;          /* of the device's time; 0: it does not run by itself but by system_host_tick */
    int64_t base_real_ms;  /* monotonic time at which the speed was last set */
    double base_uptime_ms; /* uptime then */
    bool restart_wanted;
    const uint8_t *public_key; /* 32 bytes or NULL: then every signature is refused */
};

void system_host_init(struct system_host *host, double speed, const uint8_t *public_key);
void system_host_set_speed(struct system_host *host, double speed);

/* Lets the device's time pass where it does not run by itself. */
void system_host_tick(struct system_host *host, int64_t passed_ms);

/* Monotonic real time in milliseconds. */
int64_t system_host_real_ms(void);

#endif
