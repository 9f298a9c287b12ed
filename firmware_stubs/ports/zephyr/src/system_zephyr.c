#include <psa/crypto.h>
#include <zephyr/kernel.h>
#include <zephyr/random/random.h>
#include <zephyr/sys/reboot.h>

#include "port.h"

extern const uint8_t update_key[32]; /* from the factory */

static int64_t uptime_ms(void *context)
{
    (void)context;
    return k_uptime_get();
}

static uint32_t random_number(void *context)
{
    (void)context;
    return sys_rand32_get();
}

static void restart(void *context)
{
    (void)context;
    sys_reboot(SYS_REBOOT_COLD);
}

static void set_power(void *context, enum bw_supply part, bool on)
{
    (void)context;
    (void)part;
    (void)on; /* the board's regulators */
}

/* Needs a PSA provider with PureEdDSA (nRF Connect SDK's Oberon has it; plain mbedTLS has not: use Monocypher there). */
static bool verify(void *context, const uint8_t *message, size_t length, const uint8_t signature[64])
{
    (void)context;
    psa_key_attributes_t attributes = PSA_KEY_ATTRIBUTES_INIT;
    psa_key_id_t key;
    psa_set_key_type(&attributes, PSA_KEY_TYPE_ECC_PUBLIC_KEY(PSA_ECC_FAMILY_TWISTED_EDWARDS));
    psa_set_key_algorithm(&attributes, PSA_ALG_PURE_EDDSA);
    psa_set_key_usage_flags(&attributes, PSA_KEY_USAGE_VERIFY_MESSAGE);
    if (psa_crypto_init() != PSA_SUCCESS || psa_import_key(&attributes, update_key, sizeof update_key, &key) != PSA_SUCCESS) {
        return false;
    }
    bool good = psa_verify_message(key, PSA_ALG_PURE_EDDSA, message, length, signature, 64) == PSA_SUCCESS;
    psa_destroy_key(key);
    return good;
}

void system_zephyr_init(struct bw_system *system)
{
    *system = (struct bw_system){NULL, uptime_ms, random_number, restart, set_power, verify};
}
