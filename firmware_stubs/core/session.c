#include "session.h"

#include <string.h>

#define ATTEMPT_MS 30000
#define LONGEST_S 300u
#define HURRY_MS 5000u

void bw_session_init(struct bw_session *session, const struct bw_link *link, const struct bw_system *system,
                     const struct bw_identity *identity)
{
    memset(session, 0, sizeof *session);
    session->link = link;
    session->system = system;
    session->identity = identity;
}

static int64_t pause_ms(const struct bw_session *session)
{
    uint32_t seconds = session->failures < 9u ? UINT32_C(1) << session->failures : LONGEST_S;
    seconds = seconds < LONGEST_S ? seconds : LONGEST_S;
    uint32_t spread_ms = seconds * 500u;
    return seconds * INT64_C(750) + session->system->random(session->system->context) % spread_ms;
}

static void failed(struct bw_session *session, int64_t uptime_ms)
{
    session->state = BW_OFFLINE;
    session->next_ms = uptime_ms + pause_ms(session);
    session->failures += session->failures < 9u ? 1u : 0u;
}

static bool connect(struct bw_session *session, enum bw_encoding encoding)
{
    static const struct bw_status OFFLINE = {.online = false};
    struct bw_output out = {session->will, sizeof session->will, 0, false};
    bw_status_encode(&out, &OFFLINE, encoding);
    struct bw_will will = {session->will_topic, session->will, out.length};
    return !out.full && bw_topic(session->identity, "status", session->will_topic, sizeof session->will_topic) &&
           session->link->connect(session->link->context, &will);
}

void bw_session_step(struct bw_session *session, int64_t uptime_ms, enum bw_encoding encoding)
{
    if (session->state == BW_ONLINE || uptime_ms < session->next_ms) {
        return;
    }
    if (session->state == BW_CONNECTING) {
        session->link->disconnect(session->link->context);
        failed(session, uptime_ms);
    } else if (connect(session, encoding)) {
        session->state = BW_CONNECTING;
        session->next_ms = uptime_ms + ATTEMPT_MS;
    } else {
        failed(session, uptime_ms);
    }
}

static bool publish_status(struct bw_session *session, const struct bw_status *status, enum bw_encoding encoding)
{
    uint8_t payload[256];
    struct bw_output out = {payload, sizeof payload, 0, false};
    bw_status_encode(&out, status, encoding);
    return !out.full && session->link->publish(session->link->context, session->will_topic, payload, out.length, true) != 0;
}

static bool subscribe(struct bw_session *session, const char *leaf)
{
    char topic[BW_TOPIC_BYTES];
    return bw_topic(session->identity, leaf, topic, sizeof topic) &&
           session->link->subscribe(session->link->context, topic);
}

bool bw_session_connected(struct bw_session *session, const struct bw_status *status, enum bw_encoding encoding,
                          int64_t uptime_ms)
{
    session->state = BW_ONLINE;
    if (!subscribe(session, "cmd") || !subscribe(session, "cfg") || !subscribe(session, "ota") ||
        !publish_status(session, status, encoding)) {
        bw_session_drop(session, NULL, encoding, uptime_ms);
        return false;
    }
    session->failures = 0;
    return true;
}

void bw_session_disconnected(struct bw_session *session, int64_t uptime_ms)
{
    if (session->state != BW_OFFLINE) {
        failed(session, uptime_ms);
    }
}

void bw_session_hurry(struct bw_session *session, int64_t uptime_ms)
{
    if (session->state == BW_OFFLINE) {
        session->failures = 0;
        session->next_ms = uptime_ms + session->system->random(session->system->context) % HURRY_MS;
    }
}

void bw_session_drop(struct bw_session *session, const struct bw_status *status, enum bw_encoding encoding, int64_t uptime_ms)
{
    if (session->state == BW_OFFLINE) {
        return;
    }
    if (status != NULL && session->state == BW_ONLINE) {
        (void)publish_status(session, status, encoding); /* unsent, the device merely looks connected for longer */
    }
    session->link->disconnect(session->link->context);
    failed(session, uptime_ms);
}
