#define _XOPEN_SOURCE 700
#include "system_host.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

int64_t system_host_real_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

static int64_t uptime_ms(void *context)
{
    const struct system_host *host = context;
    return (int64_t)(host->base_uptime_ms + (double)(system_host_real_ms() - host->base_real_ms) * host->speed);
}

static uint32_t random_number(void *context)
{
    (void)context;
    return (uint32_t)random();
}

static void restart(void *context)
{
    ((struct system_host *)context)->restart_wanted = true;
}

static void set_power(void *context, enum bw_supply part, bool on)
{
    (void)context;
    fprintf(stderr, "%s %s\n", part == BW_SUPPLY_GNSS ? "gnss" : "modem", on ? "on" : "off");
}

static bool verify(void *context, const uint8_t *message, size_t length, const uint8_t signature[64])
{
    const struct system_host *host = context;
    if (host->public_key == NULL) {
        return false;
    }
    EVP_PKEY *key = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, host->public_key, 32);
    EVP_MD_CTX *check = EVP_MD_CTX_new();
    bool good = key != NULL && check != NULL && EVP_DigestVerifyInit(check, NULL, NULL, NULL, key) == 1 &&
                EVP_DigestVerify(check, signature, 64, message, length) == 1;
    EVP_MD_CTX_free(check);
    EVP_PKEY_free(key);
    return good;
}

void system_host_init(struct system_host *host, double speed, const uint8_t *public_key)
{
    *host = (struct system_host){.speed = speed, .base_real_ms = system_host_real_ms(), .public_key = public_key};
    host->system = (struct bw_system){host, uptime_ms, random_number, restart, set_power, verify};
    srandom((unsigned)(time(NULL) ^ getpid()));
}

void system_host_tick(struct system_host *host, int64_t passed_ms)
{
    host->base_uptime_ms += host->speed == 0 ? (double)passed_ms : 0;
}

void system_host_set_speed(struct system_host *host, double speed)
{
    host->base_uptime_ms = (double)uptime_ms(host);
    host->base_real_ms = system_host_real_ms();
    host->speed = speed;
}
