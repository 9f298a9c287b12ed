#include "settings.h"

#include <string.h>

/* What the journal holds may have been written by other firmware with other rules. */
static void read_current(struct bw_settings *settings)
{
    if (!bw_journal_read(&settings->journal, &settings->config) || bw_config_fault(&settings->config) != NULL) {
        bw_config_defaults(&settings->config);
    }
}

bool bw_settings_load(struct bw_settings *settings, struct bw_region region, bool *rolled_back)
{
    memset(settings, 0, sizeof *settings);
    bw_config_defaults(&settings->config);
    *rolled_back = false;
    if (!bw_journal_mount(&settings->journal, region, sizeof settings->config)) {
        return false;
    }
    while (settings->journal.generation != 0 && !bw_journal_confirmed(&settings->journal)) {
        *rolled_back = true;
        if (!bw_journal_revoke(&settings->journal)) {
            return false;
        }
    }
    read_current(settings);
    return true;
}

bool bw_settings_try(struct bw_settings *settings, const struct bw_config *config, int64_t uptime_ms)
{
    if (memcmp(config, &settings->config, sizeof *config) == 0) {
        return true;
    }
    if ((settings->trial && !bw_settings_rollback(settings)) || !bw_journal_append(&settings->journal, config)) {
        return false;
    }
    settings->config = *config;
    settings->trial = true;
    settings->trial_until_ms = uptime_ms + config->value[BW_TRIAL_S] * INT64_C(1000);
    return true;
}

void bw_settings_confirm(struct bw_settings *settings)
{
    if (settings->trial && bw_journal_confirm(&settings->journal)) {
        settings->trial = false;
    }
}

bool bw_settings_rollback(struct bw_settings *settings)
{
    if (!bw_journal_revoke(&settings->journal)) {
        return false;
    }
    settings->trial = false;
    read_current(settings);
    return true;
}

bool bw_settings_expired(const struct bw_settings *settings, int64_t uptime_ms)
{
    return settings->trial && uptime_ms >= settings->trial_until_ms;
}
