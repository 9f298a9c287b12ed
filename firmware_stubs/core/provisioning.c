#include "provisioning.h"

#include <string.h>

#include "document.h"

static const struct {
    const char *name;
    size_t offset, capacity;
} TEXTS[] = {
    {"tenant", offsetof(struct bw_identity, tenant), sizeof((struct bw_identity *)0)->tenant},
    {"device", offsetof(struct bw_identity, device), sizeof((struct bw_identity *)0)->device},
    {"host", offsetof(struct bw_identity, host), sizeof((struct bw_identity *)0)->host},
    {"user", offsetof(struct bw_identity, user), sizeof((struct bw_identity *)0)->user},
    {"password", offsetof(struct bw_identity, password), sizeof((struct bw_identity *)0)->password},
};
#define TEXT_COUNT (sizeof TEXTS / sizeof *TEXTS)
#define TOPIC_TEXTS 2u

static bool printable(const char *text)
{
    for (; *text > ' ' && *text <= '~'; text++) {
    }
    return *text == '\0';
}

/* Name of the item's place when it is unknown or does not fit, else NULL. */
static const char *take(const struct bw_item *item, struct bw_identity *identity)
{
    if (bw_item_is(item, "port", -1)) {
        bool good = item->type == BW_ITEM_INTEGER && item->integer > 0 && item->integer <= UINT16_MAX;
        identity->port = good ? (uint16_t)item->integer : 0;
        return good ? NULL : "port";
    }
    for (size_t i = 0; i < TEXT_COUNT; i++) {
        if (bw_item_is(item, TEXTS[i].name, -1)) {
            return bw_item_text(item, (char *)identity + TEXTS[i].offset, TEXTS[i].capacity) ? NULL : TEXTS[i].name;
        }
    }
    return "unknown";
}

static const char *fault(const struct bw_identity *identity)
{
    for (size_t i = 0; i < TEXT_COUNT; i++) {
        const char *text = (const char *)identity + TEXTS[i].offset;
        if (text[0] == '\0' || !printable(text) || (i < TOPIC_TEXTS && strpbrk(text, "/+#") != NULL)) {
            return TEXTS[i].name;
        }
    }
    return identity->port == 0 ? "port" : NULL;
}

const char *bw_provisioning_read(const uint8_t *payload, size_t length, struct bw_identity *identity)
{
    struct bw_document document;
    struct bw_item item;
    enum bw_next next = BW_NEXT_BROKEN;
    memset(identity, 0, sizeof *identity);
    if (bw_document_open(&document, payload, length)) {
        while ((next = bw_document_next(&document, &item)) == BW_NEXT_ITEM) {
            const char *refused = item.name == NULL ? "unknown" : take(&item, identity);
            if (refused != NULL) {
                return refused;
            }
        }
    }
    return next == BW_NEXT_BROKEN ? "document" : fault(identity);
}

bool bw_topic(const struct bw_identity *identity, const char *leaf, char *into, size_t capacity)
{
    const char *const parts[] = {"bw/1/", identity->tenant, "/", identity->device, "/", leaf};
    size_t length = 0;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        size_t more = strlen(parts[i]);
        if (more >= capacity - length) {
            return false;
        }
        memcpy(into + length, parts[i], more);
        length += more;
    }
    into[length] = '\0';
    return true;
}

const char *bw_topic_leaf(const struct bw_identity *identity, const char *topic)
{
    char prefix[BW_TOPIC_BYTES];
    if (!bw_topic(identity, "", prefix, sizeof prefix) || strncmp(topic, prefix, strlen(prefix)) != 0) {
        return NULL;
    }
    return topic + strlen(prefix);
}
