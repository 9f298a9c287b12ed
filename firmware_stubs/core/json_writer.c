#include "json_writer.h"

#include <string.h>

#include "calendar.h"

void bw_json_raw(struct bw_output *out, const char *text)
{
    bw_output_bytes(out, text, strlen(text));
}

void bw_json_name(struct bw_output *out, const char *name)
{
    if (out->length > 0 && out->at[out->length - 1u] != '{') {
        bw_output_byte(out, ',');
    }
    bw_json_text(out, name);
    bw_output_byte(out, ':');
}

/* At least `width` digits. */
static void digits(struct bw_output *out, uint64_t value, unsigned width)
{
    char reversed[20];
    unsigned count = 0;
    while (value > 0 || count < width) {
        reversed[count++] = (char)('0' + value % 10u);
        value /= 10u;
    }
    while (count > 0) {
        bw_output_byte(out, (uint8_t)reversed[--count]);
    }
}

void bw_json_decimal(struct bw_output *out, int64_t value, unsigned decimals)
{
    uint64_t size = value < 0 ? 0u - (uint64_t)value : (uint64_t)value;
    uint64_t scale = 1;
    for (; decimals > 0 && size % 10u == 0; decimals--) {
        size /= 10u;
    }
    for (unsigned i = 0; i < decimals; i++) {
        scale *= 10u;
    }
    if (value < 0) {
        bw_output_byte(out, '-');
    }
    digits(out, size / scale, 1);
    if (decimals > 0) {
        bw_output_byte(out, '.');
        digits(out, size % scale, decimals);
    }
}

void bw_json_boolean(struct bw_output *out, bool value)
{
    bw_json_raw(out, value ? "true" : "false");
}

void bw_json_text(struct bw_output *out, const char *text)
{
    bw_output_byte(out, '"');
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\') {
            bw_output_byte(out, '\\');
        }
        bw_output_byte(out, *text >= ' ' && *text <= '~' ? (uint8_t)*text : (uint8_t)'?');
    }
    bw_output_byte(out, '"');
}

void bw_json_time(struct bw_output *out, int64_t unix_ms)
{
    struct bw_civil civil = bw_calendar_from_unix_ms(unix_ms);
    const struct {
        const char *before;
        int32_t value;
        unsigned width;
    } part[] = {
        {"\"", civil.year, 4},
        {"-", civil.month, 2},
        {"-", civil.day, 2},
        {"T", civil.ms_of_day / 3600000, 2},
        {":", civil.ms_of_day / 60000 % 60, 2},
        {":", civil.ms_of_day / 1000 % 60, 2},
        {".", civil.ms_of_day % 1000, 3},
    };
    for (size_t i = 0; i < sizeof part / sizeof *part; i++) {
        bw_json_raw(out, part[i].before);
        digits(out, (uint64_t)part[i].value, part[i].width);
    }
    bw_json_raw(out, "Z\"");
}
