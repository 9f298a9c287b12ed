#include "config_read.h"

#include <string.h>

#include "document.h"

static bool refuse(char reason[BW_REASON_BYTES], const char *code, const char *name, size_t name_length)
{
    size_t length = strlen(code);
    memcpy(reason, code, length);
    size_t room = BW_REASON_BYTES - 1u - length;
    for (size_t i = 0; i < name_length && i < room; i++, length++) {
        reason[length] = name[i] > ' ' && name[i] <= '~' ? name[i] : '?';
    }
    reason[length] = '\0';
    return false;
}

static unsigned setting_of(const struct bw_item *item)
{
    unsigned setting = 0;
    while (setting < BW_SETTINGS && !bw_item_is(item, bw_setting_rules[setting].name, BW_SETTING_KEY + (int64_t)setting)) {
        setting++;
    }
    return setting;
}

static bool take_setting(const struct bw_item *item, uint32_t *seen, struct bw_config *config, char *reason)
{
    unsigned setting = setting_of(item);
    if (setting == BW_SETTINGS) {
        return refuse(reason, "unknown: ", item->name != NULL ? item->name : "number", item->name != NULL ? item->name_length : 6);
    }
    const char *name = bw_setting_rules[setting].name;
    if (*seen >> setting & 1u) {
        return refuse(reason, "duplicate: ", name, strlen(name));
    }
    if (item->type != BW_ITEM_INTEGER || item->integer < bw_setting_rules[setting].low ||
        item->integer > bw_setting_rules[setting].high) {
        return refuse(reason, "invalid: ", name, strlen(name));
    }
    *seen |= UINT32_C(1) << setting;
    config->value[setting] = (int32_t)item->integer;
    return true;
}

static bool take_item(const struct bw_item *item, uint32_t *seen, struct bw_config_message *message, char *reason)
{
    if (bw_item_is(item, "version", BW_VERSION_KEY)) {
        return bw_item_text(item, message->config.version, sizeof message->config.version) ||
               refuse(reason, "invalid: version", "", 0);
    }
    if (bw_item_is(item, "id", 44)) {
        return bw_item_text(item, message->id, sizeof message->id) || refuse(reason, "invalid: id", "", 0);
    }
    return take_setting(item, seen, &message->config, reason);
}

bool bw_config_read(const uint8_t *payload, size_t length, struct bw_config_message *message, char reason[BW_REASON_BYTES])
{
    struct bw_document document;
    struct bw_item item;
    uint32_t seen = 0;
    enum bw_next next = BW_NEXT_BROKEN;
    memset(message, 0, sizeof *message);
    bw_config_defaults(&message->config);
    message->config.version[0] = '\0';
    reason[0] = '\0';
    if (bw_document_open(&document, payload, length)) {
        while ((next = bw_document_next(&document, &item)) == BW_NEXT_ITEM) {
            if (!take_item(&item, &seen, message, reason)) {
                return false;
            }
        }
    }
    if (next == BW_NEXT_BROKEN) {
        return refuse(reason, "not_a_document", "", 0);
    }
    if (message->config.version[0] == '\0') {
        return refuse(reason, "missing_version", "", 0);
    }
    const char *fault = bw_config_fault(&message->config);
    return fault == NULL || refuse(reason, "invalid: ", fault, strlen(fault));
}
