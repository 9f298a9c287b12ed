#include "nmea.h"

#include <string.h>

void bw_nmea_init(struct bw_nmea *nmea)
{
    memset(nmea, 0, sizeof *nmea);
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'A' && c <= 'F') {
        return c - 'A' + 10;
    }
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Cuts the line at '*' when the checksum after it is right. */
static bool check(struct bw_nmea *nmea)
{
    if (nmea->length < 4 || nmea->line[nmea->length - 3] != '*') {
        return false;
    }
    int high = hex_digit(nmea->line[nmea->length - 2]);
    int low = hex_digit(nmea->line[nmea->length - 1]);
    unsigned sum = 0;
    for (unsigned i = 0; i + 3u < nmea->length; i++) {
        sum ^= (unsigned char)nmea->line[i];
    }
    nmea->line[nmea->length - 3] = '\0';
    return high >= 0 && low >= 0 && sum == (unsigned)(high * 16 + low);
}

static void refuse(struct bw_nmea *nmea)
{
    nmea->inside = false;
    nmea->refused++;
}

static bool finish(struct bw_nmea *nmea)
{
    if (!check(nmea)) {
        refuse(nmea);
        return false;
    }
    nmea->inside = false;
    nmea->accepted++;
    return true;
}

bool bw_nmea_feed(struct bw_nmea *nmea, uint8_t byte)
{
    if (byte == '$') {
        nmea->refused += nmea->inside ? 1u : 0u;
        nmea->inside = true;
        nmea->length = 0;
        return false;
    }
    if (!nmea->inside) {
        return false;
    }
    if (byte == '\r' || byte == '\n') {
        return finish(nmea);
    }
    if (byte < ' ' || byte > '~' || nmea->length == BW_NMEA_LINE) {
        refuse(nmea);
        return false;
    }
    nmea->line[nmea->length++] = (char)byte;
    return false;
}

struct bw_nmea_field bw_nmea_field(const char *line, unsigned number)
{
    for (; number > 0; number--) {
        line = strchr(line, ',');
        if (line == NULL) {
            return (struct bw_nmea_field){"", 0};
        }
        line++;
    }
    return (struct bw_nmea_field){line, strcspn(line, ",")};
}

struct digits {
    int64_t value;
    unsigned count;
    unsigned places; /* of them after the point, at most one more than asked for */
};

static bool read_digits(struct bw_nmea_field field, unsigned decimals, struct digits *digits)
{
    bool point = false;
    for (size_t i = 0; i < field.length; i++) {
        char c = field.text[i];
        if (c == '.' && !point) {
            point = true;
            continue;
        }
        if (c < '0' || c > '9') {
            return false;
        }
        if (digits->places <= decimals) {
            if (digits->value > INT64_C(1000000000)) {
                return false;
            }
            digits->value = digits->value * 10 + (c - '0');
            digits->places += point ? 1u : 0u;
            digits->count++;
        }
    }
    return digits->count > 0;
}

bool bw_nmea_decimal(struct bw_nmea_field field, unsigned decimals, int32_t *value)
{
    struct digits digits = {0, 0, 0};
    bool negative = field.length > 0 && field.text[0] == '-';
    if (negative) {
        field.text++;
        field.length--;
    }
    if (!read_digits(field, decimals, &digits)) {
        return false;
    }
    for (unsigned places = digits.places; places <= decimals; places++) {
        digits.value *= 10;
    }
    int64_t rounded = (digits.value + 5) / 10;
    *value = (int32_t)(negative ? -rounded : rounded);
    return rounded <= INT32_MAX;
}
