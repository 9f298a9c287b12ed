#include "status.h"

#include "cbor_writer.h"
#include "json_writer.h"
#include "reading.h"

enum type { INTEGER, MILLI, BOOLEAN, TEXT, TIME };

/* One member; a text of NULL or "" and a number of BW_MISSING stand for nothing. */
struct member {
    const char *name;
    uint8_t key;
    uint8_t type; /* enum type */
    int64_t number;
    const char *text;
};

static bool is_there(const struct member *member)
{
    return member->type == TEXT ? member->text != NULL && member->text[0] != '\0' : member->number != BW_MISSING;
}

static void write_json(struct bw_output *out, const struct member *member)
{
    bw_json_name(out, member->name);
    if (member->type == TEXT) {
        bw_json_text(out, member->text);
    } else if (member->type == TIME) {
        bw_json_time(out, member->number);
    } else if (member->type == BOOLEAN) {
        bw_json_boolean(out, member->number != 0);
    } else {
        bw_json_decimal(out, member->number, member->type == MILLI ? 3 : 0);
    }
}

static void write_cbor(struct bw_output *out, const struct member *member)
{
    bw_cbor_integer(out, member->key);
    if (member->type == TEXT) {
        bw_cbor_text(out, member->text);
    } else if (member->type == BOOLEAN) {
        bw_cbor_boolean(out, member->number != 0);
    } else {
        bw_cbor_integer(out, member->number);
    }
}

static void encode(struct bw_output *out, const struct member *member, size_t count, enum bw_encoding encoding)
{
    size_t there = 0;
    for (size_t i = 0; i < count; i++) {
        there += is_there(&member[i]) ? 1u : 0u;
    }
    if (encoding == BW_CBOR) {
        bw_cbor_map(out, there);
    } else {
        bw_output_byte(out, '{');
    }
    for (size_t i = 0; i < count; i++) {
        if (is_there(&member[i])) {
            (encoding == BW_CBOR ? write_cbor : write_json)(out, &member[i]);
        }
    }
    if (encoding == BW_JSON) {
        bw_output_byte(out, '}');
    }
}

static int64_t or_missing(int64_t time_ms)
{
    return time_ms == 0 ? BW_MISSING : time_ms;
}

void bw_status_encode(struct bw_output *out, const struct bw_status *status, enum bw_encoding encoding)
{
    const struct member members[] = {
        {"online", 40, BOOLEAN, status->online, NULL},
        {"boot_id", 1, INTEGER, status->boot_id, NULL},
        {"reported_at", 3, TIME, or_missing(status->time_ms), NULL},
        {"firmware", 41, TEXT, 0, status->firmware},
        {"signal_dbm", 42, INTEGER, status->signal_dbm, NULL},
        {"configuration_version", 43, TEXT, 0, status->configuration_version},
        {"battery_v", 20, MILLI, status->battery_mv, NULL},
        {"battery_pct", 21, INTEGER, status->battery_pct, NULL},
        {"waiting", 46, INTEGER, status->waiting, NULL},
        {"dropped", 47, INTEGER, status->dropped, NULL},
        {"self_test", 48, INTEGER, status->self_test, NULL},
    };
    encode(out, members, status->online ? sizeof members / sizeof *members : 1u, encoding);
}

void bw_ack_encode(struct bw_output *out, const struct bw_ack *ack, uint32_t boot_id, int64_t time_ms, enum bw_encoding encoding)
{
    const struct member members[] = {
        {"id", 44, TEXT, 0, ack->id},
        {"regarding", 60, TEXT, 0, ack->regarding},
        {"accepted", 61, BOOLEAN, ack->accepted, NULL},
        {"reason", 62, TEXT, 0, ack->reason},
        {"version", 43, TEXT, 0, ack->version},
        {"offset", 63, INTEGER, ack->offset < 0 ? BW_MISSING : ack->offset, NULL},
        {"boot_id", 1, INTEGER, boot_id, NULL},
        {"time", 3, TIME, or_missing(time_ms), NULL},
    };
    encode(out, members, sizeof members / sizeof *members, encoding);
}
