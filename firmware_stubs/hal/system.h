/* The board: time since power-on, randomness, restart, sleep, and the signature check.
 *
 * Contract: `uptime_ms` never goes back during one boot and counts through sleep. `random` need not be secret: it spreads
 * reconnections. `restart` may return (on the host it does); the program then runs no further steps. `set_power` switches
 * the supply of the named part. `verify` checks an Ed25519 signature (64 bytes) by the 32-byte public key that the port
 * holds, over `length` bytes; a port without a key must return false.
 */
#ifndef BW_HAL_SYSTEM_H
#define BW_HAL_SYSTEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum bw_supply { BW_SUPPLY_GNSS, BW_SUPPLY_MODEM };

struct bw_system {
    void *context;
    int64_t (*uptime_ms)(void *context);
    uint32_t (*random)(void *context);
    void (*restart)(void *context);
    void (*set_power)(void *context, enum bw_supply part, bool on);
    bool (*verify)(void *context, const uint8_t *message, size_t length, const uint8_t signature[64]);
};

#endif
