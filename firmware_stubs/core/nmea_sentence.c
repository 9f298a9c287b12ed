#include "nmea_sentence.h"

#include <string.h>

#define MINUTE_MS 60000

/* Whole number out of `length` digits of a field. */
static bool digits(struct bw_nmea_field field, size_t from, size_t length, int32_t *value)
{
    if (field.length < from + length) {
        return false;
    }
    return bw_nmea_decimal((struct bw_nmea_field){field.text + from, length}, 0, value) && *value >= 0;
}

/* hhmmss or hhmmss.sss */
static bool time_of_day(struct bw_nmea_field field, int32_t *ms_of_day)
{
    int32_t hour, minute, second_ms;
    if (!digits(field, 0, 2, &hour) || !digits(field, 2, 2, &minute) || field.length < 6 ||
        !bw_nmea_decimal((struct bw_nmea_field){field.text + 4, field.length - 4}, 3, &second_ms) || hour > 23 ||
        minute > 59 || second_ms < 0 || second_ms >= 61000) {
        return false;
    }
    second_ms = second_ms >= MINUTE_MS ? MINUTE_MS - 1 : second_ms;
    *ms_of_day = (hour * 60 + minute) * MINUTE_MS + second_ms;
    return true;
}

/* ddmm.mmmm or dddmm.mmmm with its hemisphere */
static bool angle(struct bw_nmea_field field, struct bw_nmea_field side, size_t degree_digits, int32_t *angle_e7)
{
    int32_t degrees, minutes_e7;
    bool latitude = degree_digits == 2;
    const char *sides = latitude ? "NS" : "EW";
    if (side.length != 1 || (side.text[0] != sides[0] && side.text[0] != sides[1]) || field.length <= degree_digits ||
        !digits(field, 0, degree_digits, &degrees) ||
        !bw_nmea_decimal((struct bw_nmea_field){field.text + degree_digits, field.length - degree_digits}, 7, &minutes_e7) ||
        minutes_e7 < 0 || minutes_e7 >= 600000000) {
        return false;
    }
    int64_t value = (int64_t)degrees * 10000000 + (minutes_e7 + 30) / 60;
    if (value > (latitude ? INT64_C(900000000) : INT64_C(1800000000))) {
        return false;
    }
    *angle_e7 = (int32_t)(side.text[0] == sides[1] ? -value : value);
    return true;
}

/* A field that may be empty, and must be a number in [low, high] when it is not. */
static bool optional(const char *line, unsigned number, unsigned decimals, int32_t low, int32_t high, int32_t *value)
{
    struct bw_nmea_field field = bw_nmea_field(line, number);
    if (field.length == 0) {
        return true;
    }
    int32_t parsed;
    if (!bw_nmea_decimal(field, decimals, &parsed) || parsed < low || parsed > high) {
        return false;
    }
    *value = parsed;
    return true;
}

static bool place(const char *line, unsigned latitude_field, struct bw_nmea_data *data)
{
    return angle(bw_nmea_field(line, latitude_field), bw_nmea_field(line, latitude_field + 1u), 2, &data->latitude_e7) &&
           angle(bw_nmea_field(line, latitude_field + 2u), bw_nmea_field(line, latitude_field + 3u), 3, &data->longitude_e7);
}

static bool date(struct bw_nmea_field field, struct bw_nmea_data *data)
{
    if (!digits(field, 0, 2, &data->day) || !digits(field, 2, 2, &data->month) || !digits(field, 4, 2, &data->year)) {
        return false;
    }
    data->year += data->year < 80 ? 2000 : 1900; /* NMEA gives two digits; GPS began in 1980 */
    return true;
}

static bool parse_rmc(const char *line, struct bw_nmea_data *data)
{
    struct bw_nmea_field status = bw_nmea_field(line, 2);
    data->valid = status.length == 1 && status.text[0] == 'A';
    bool dated = time_of_day(bw_nmea_field(line, 1), &data->ms_of_day) && date(bw_nmea_field(line, 9), data);
    if (!data->valid) {
        return true;
    }
    int32_t speed_millikn = BW_MISSING;
    bool good = dated && place(line, 3, data) && optional(line, 7, 3, 0, 2000000, &speed_millikn) &&
                optional(line, 8, 2, 0, 36000, &data->course_cdeg);
    if (speed_millikn != BW_MISSING) {
        data->speed_cmps = (int32_t)(((int64_t)speed_millikn * 514444 + 5000000) / 10000000);
    }
    if (data->course_cdeg == 36000) {
        data->course_cdeg = 0;
    }
    return good;
}

static bool parse_gga(const char *line, struct bw_nmea_data *data)
{
    int32_t quality = 0;
    bool timed = time_of_day(bw_nmea_field(line, 1), &data->ms_of_day);
    if (!optional(line, 6, 0, 0, 9, &quality) || !optional(line, 7, 0, 0, 99, &data->satellites)) {
        return false;
    }
    data->valid = quality > 0;
    if (!data->valid) {
        return true;
    }
    return timed && place(line, 2, data) && optional(line, 8, 2, 0, 10000, &data->hdop_centi) &&
           optional(line, 9, 1, -10000, 200000, &data->altitude_dm);
}

static bool parse_gsa(const char *line, struct bw_nmea_data *data)
{
    return optional(line, 2, 0, 1, 3, &data->mode) && optional(line, 16, 2, 0, 10000, &data->hdop_centi);
}

static void clear(struct bw_nmea_data *data)
{
    static const struct bw_nmea_data NOTHING = {
        BW_MISSING, BW_MISSING, BW_MISSING, BW_MISSING, BW_MISSING, BW_MISSING, BW_MISSING,
        BW_MISSING, BW_MISSING, BW_MISSING, BW_MISSING, BW_MISSING, BW_MISSING,
    };
    *data = NOTHING;
}

enum bw_sentence bw_nmea_parse(const char *line, struct bw_nmea_data *data)
{
    static const struct {
        const char *name;
        enum bw_sentence sentence;
        bool (*parse)(const char *line, struct bw_nmea_data *data);
    } KNOWN[] = {{"RMC", BW_SENTENCE_RMC, parse_rmc}, {"GGA", BW_SENTENCE_GGA, parse_gga}, {"GSA", BW_SENTENCE_GSA, parse_gsa}};
    struct bw_nmea_field address = bw_nmea_field(line, 0);
    clear(data);
    for (size_t i = 0; address.length == 5 && i < sizeof KNOWN / sizeof *KNOWN; i++) {
        if (memcmp(address.text + 2, KNOWN[i].name, 3) == 0) {
            return KNOWN[i].parse(line, data) ? KNOWN[i].sentence : BW_SENTENCE_BAD;
        }
    }
    return BW_SENTENCE_OTHER;
}
