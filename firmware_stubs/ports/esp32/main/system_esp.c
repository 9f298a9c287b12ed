#include "esp_random.h"
#include "esp_system.h"
#include "esp_timer.h"
#include "sodium.h"

#include "port.h"

static int64_t uptime_ms(void *context)
{
    (void)context;
    return esp_timer_get_time() / 1000; /* goes on through light sleep; after deep sleep it is a new boot */
}

static uint32_t random_number(void *context)
{
    (void)context;
    return esp_random();
}

static void restart(void *context)
{
    (void)context;
    esp_restart();
}

static void set_power(void *context, enum bw_supply part, bool on)
{
    (void)context;
    (void)part;
    (void)on; /* the board's enable pins */
}

static bool verify(void *context, const uint8_t *message, size_t length, const uint8_t signature[64])
{
    return crypto_sign_verify_detached(signature, message, length, context) == 0;
}

void system_esp_init(struct bw_system *system, const uint8_t public_key[32])
{
    *system = (struct bw_system){(void *)public_key, uptime_ms, random_number, restart, set_power, verify};
}
