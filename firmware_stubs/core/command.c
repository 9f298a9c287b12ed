#include "command.h"

#include <string.h>

#include "document.h"

static bool find_kind(const char *name, enum bw_command_kind *kind)
{
    static const char *const NAMES[BW_COMMANDS] = {"report", "restart", "self_test", "rollback", "tare", "span", "zero_drift"};
    for (unsigned i = 0; i < BW_COMMANDS; i++) {
        if (strcmp(name, NAMES[i]) == 0) {
            *kind = (enum bw_command_kind)i;
            return true;
        }
    }
    return false;
}

static const char *take(const struct bw_item *item, struct bw_command *command, bool *named)
{
    char name[16];
    if (bw_item_is(item, "id", 44)) {
        return bw_item_text(item, command->id, sizeof command->id) ? NULL : "id";
    }
    if (bw_item_is(item, "command", 45)) {
        *named = true;
        return bw_item_text(item, name, sizeof name) && find_kind(name, &command->kind) ? NULL : "unknown_command";
    }
    if (bw_item_is(item, "value", 46) && item->type == BW_ITEM_INTEGER && item->integer > INT32_MIN &&
        item->integer <= INT32_MAX) {
        command->value = (int32_t)item->integer;
        return NULL;
    }
    return "value";
}

const char *bw_command_read(const uint8_t *payload, size_t length, struct bw_command *command)
{
    struct bw_document document;
    struct bw_item item;
    bool named = false;
    enum bw_next next = BW_NEXT_BROKEN;
    memset(command, 0, sizeof *command);
    if (bw_document_open(&document, payload, length)) {
        while ((next = bw_document_next(&document, &item)) == BW_NEXT_ITEM) {
            const char *fault = take(&item, command, &named);
            if (fault != NULL) {
                return fault;
            }
        }
    }
    if (next == BW_NEXT_BROKEN) {
        return "not_a_document";
    }
    return named ? NULL : "missing_command";
}
