#include "harness.h"

#include <string.h>

#include "../core/nmea_sentence.h"

static unsigned feed(struct bw_nmea *nmea, const char *bytes)
{
    unsigned sentences = 0;
    for (; *bytes != '\0'; bytes++) {
        sentences += bw_nmea_feed(nmea, (uint8_t)*bytes) ? 1u : 0u;
    }
    return sentences;
}

/* From the NMEA 0183 documents in common use. */
#define RMC "$GPRMC,123519,A,4807.038,N,01131.000,E,022.4,084.4,230394,003.1,W*6A\r\n"
#define GGA "$GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,545.4,M,46.9,M,,*47\r\n"
#define GSA "$GPGSA,A,3,04,05,,09,12,,,24,,,,,2.5,1.3,2.1*39\r\n"

static void reads_rmc(void **state)
{
    (void)state;
    struct bw_nmea nmea;
    struct bw_nmea_data data;
    bw_nmea_init(&nmea);
    assert_int_equal(feed(&nmea, RMC), 1);
    assert_int_equal(bw_nmea_parse(nmea.line, &data), BW_SENTENCE_RMC);
    assert_int_equal(data.ms_of_day, ((12 * 60 + 35) * 60 + 19) * 1000);
    assert_int_equal(data.valid, 1);
    assert_int_equal(data.latitude_e7, 481173000);
    assert_int_equal(data.longitude_e7, 115166667);
    assert_int_equal(data.speed_cmps, 1152); /* 22.4 kn */
    assert_int_equal(data.course_cdeg, 8440);
    assert_int_equal(data.year, 1994);
    assert_int_equal(data.month, 3);
    assert_int_equal(data.day, 23);
    assert_int_equal(data.satellites, BW_MISSING);
}

static void reads_gga_and_gsa(void **state)
{
    (void)state;
    struct bw_nmea nmea;
    struct bw_nmea_data data;
    bw_nmea_init(&nmea);
    assert_int_equal(feed(&nmea, GGA), 1);
    assert_int_equal(bw_nmea_parse(nmea.line, &data), BW_SENTENCE_GGA);
    assert_int_equal(data.satellites, 8);
    assert_int_equal(data.hdop_centi, 90);
    assert_int_equal(data.altitude_dm, 5454);
    assert_int_equal(data.valid, 1);
    assert_int_equal(feed(&nmea, GSA), 1);
    assert_int_equal(bw_nmea_parse(nmea.line, &data), BW_SENTENCE_GSA);
    assert_int_equal(data.mode, 3);
    assert_int_equal(data.hdop_centi, 130);
}

static void bytes_may_come_in_any_portions_and_with_garbage_between(void **state)
{
    (void)state;
    struct bw_nmea nmea;
    bw_nmea_init(&nmea);
    assert_int_equal(feed(&nmea, "\x01\xff*00\r\nPRMC,1\r\n" RMC "\xfe$GPR" RMC "noise" GGA), 3);
    assert_int_equal(nmea.accepted, 3);
    assert_int_equal(nmea.refused, 1);
}

static void wrong_checksums_are_refused(void **state)
{
    (void)state;
    struct bw_nmea nmea;
    bw_nmea_init(&nmea);
    assert_int_equal(feed(&nmea, "$GPGSA,A,3*38\r\n$GPGSA,A,3\r\n$*\r\n$GPGSA,A,3*3G\r\n$GP\tSA*11\r\n$\r\n"), 0);
    assert_int_equal(nmea.refused, 6);
    assert_int_equal(feed(&nmea, "$A*41\n$a*6" "1\n"), 2); /* also with a bare line feed */
    assert_int_equal(feed(&nmea, "$Z*5a\n"), 1);           /* and in small letters */
}

static void too_long_is_refused_and_the_next_is_read(void **state)
{
    (void)state;
    struct bw_nmea nmea;
    bw_nmea_init(&nmea);
    assert_int_equal(feed(&nmea, "$"), 0);
    for (unsigned i = 0; i < 400; i++) {
        assert_false(bw_nmea_feed(&nmea, 'A'));
    }
    assert_int_equal(feed(&nmea, "*41\r\n" RMC), 1);
}

static enum bw_sentence parse(const char *line, struct bw_nmea_data *data)
{
    return bw_nmea_parse(line, data);
}

static void values_out_of_range_are_refused(void **state)
{
    (void)state;
    static const char *const BAD[] = {
        "GPRMC,243519,A,4807.038,N,01131.000,E,022.4,084.4,230394", "GPRMC,126019,A,4807.038,N,01131.000,E,022.4,084.4,230394",
        "GPRMC,123561,A,4807.038,N,01131.000,E,022.4,084.4,230394", "GPRMC,12351,A,4807.038,N,01131.000,E,022.4,084.4,230394",
        "GPRMC,123519,A,9107.038,N,01131.000,E,022.4,084.4,230394", "GPRMC,123519,A,4860.000,N,01131.000,E,022.4,084.4,230394",
        "GPRMC,123519,A,4807.038,X,01131.000,E,022.4,084.4,230394", "GPRMC,123519,A,4807.038,N,18131.000,E,022.4,084.4,230394",
        "GPRMC,123519,A,48,N,01131.000,E,022.4,084.4,230394",       "GPRMC,123519,A,48-1.038,N,01131.000,E,022.4,084.4,230394",
        "GPRMC,123519,A,4807.038,N,01131.000,E,-22.4,084.4,230394", "GPRMC,123519,A,4807.038,N,01131.000,E,022.4,361,230394",
        "GPRMC,123519,A,4807.038,N,01131.000,E,022.4,084.4,2303",   "GPRMC,123519,A,4807.038,NN,01131.000,E,022.4,084.4,230394",
        "GPGGA,123519,4807.038,N,01131.000,E,1,08,0.9,x,M",         "GPGGA,123519,4807.038,N,01131.000,E,99,08,0.9,1,M",
        "GPGGA,123519,4807.038,N,01131.000,E,1,-8,0.9,1,M",         "GPGGA,123519,4807.038,N,01131.000,E,1,08,999,1,M",
        "GPGSA,A,4",                                                "GPRMC,123519.5.5,A,4807.038,N,01131.000,E,1,1,230394",
    };
    struct bw_nmea_data data;
    for (size_t i = 0; i < sizeof BAD / sizeof *BAD; i++) {
        assert_int_equal(parse(BAD[i], &data), BW_SENTENCE_BAD);
    }
}

static void a_warning_gives_no_position(void **state)
{
    (void)state;
    struct bw_nmea_data data;
    assert_int_equal(parse("GPRMC,123519,V,4807.038,N,01131.000,E,022.4,084.4,230394", &data), BW_SENTENCE_RMC);
    assert_int_equal(data.valid, 0);
    assert_int_equal(data.latitude_e7, BW_MISSING);
    assert_int_equal(parse("GPRMC,,V,,,,,,,", &data), BW_SENTENCE_RMC);
    assert_int_equal(parse("GPGGA,123519,,,,,0,00,,,M", &data), BW_SENTENCE_GGA);
    assert_int_equal(data.valid, 0);
    assert_int_equal(parse("GPGGA,123519,,,,,,,", &data), BW_SENTENCE_GGA);
}

static void optional_fields_may_be_empty(void **state)
{
    (void)state;
    struct bw_nmea_data data;
    assert_int_equal(parse("GNRMC,235960.00,A,0000.000,S,00000.000,W,,,010100,,,A", &data), BW_SENTENCE_RMC);
    assert_int_equal(data.speed_cmps, BW_MISSING);
    assert_int_equal(data.course_cdeg, BW_MISSING);
    assert_int_equal(data.ms_of_day, 86399999); /* the leap second */
    assert_int_equal(data.latitude_e7, 0);
    assert_int_equal(parse("GNRMC,000000,A,0000.001,S,17959.999,W,0.5,360.0,010100", &data), BW_SENTENCE_RMC);
    assert_int_equal(data.course_cdeg, 0);
    assert_int_equal(data.latitude_e7, -167);
    assert_int_equal(data.longitude_e7, -1799999833);
    assert_int_equal(data.speed_cmps, 26);
}

static void other_sentences_are_passed_over(void **state)
{
    (void)state;
    struct bw_nmea_data data;
    assert_int_equal(parse("GPGSV,3,1,11", &data), BW_SENTENCE_OTHER);
    assert_int_equal(parse("PMTK001,1,2", &data), BW_SENTENCE_OTHER);
    assert_int_equal(parse("", &data), BW_SENTENCE_OTHER);
}

static void decimals_are_exact(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        unsigned decimals;
        int32_t value;
        bool good;
    } CASES[] = {
        {"1.25", 1, 13, true}, {"-1.25", 1, -13, true}, {"1.2", 3, 1200, true},      {".5", 0, 1, true},
        {"5.", 0, 5, true},    {"", 0, 0, false},       {"-", 0, 0, false},          {".", 1, 0, false},
        {"1e3", 0, 0, false},  {"1.2.3", 2, 0, false},  {"2147483647", 0, INT32_MAX, true}, {"2147483648", 0, 0, false},
        {"99999999999999999999", 0, 0, false}, {"0.00000000000000004", 2, 0, true}, {"12.3456789123", 7, 123456789, true},
    };
    for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
        int32_t value = 0;
        struct bw_nmea_field field = {CASES[i].text, strlen(CASES[i].text)};
        assert_int_equal(bw_nmea_decimal(field, CASES[i].decimals, &value), CASES[i].good);
        assert_true(!CASES[i].good || value == CASES[i].value);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_rmc),
        cmocka_unit_test(reads_gga_and_gsa),
        cmocka_unit_test(bytes_may_come_in_any_portions_and_with_garbage_between),
        cmocka_unit_test(wrong_checksums_are_refused),
        cmocka_unit_test(too_long_is_refused_and_the_next_is_read),
        cmocka_unit_test(values_out_of_range_are_refused),
        cmocka_unit_test(a_warning_gives_no_position),
        cmocka_unit_test(optional_fields_may_be_empty),
        cmocka_unit_test(other_sentences_are_passed_over),
        cmocka_unit_test(decimals_are_exact),
    };
    return RUN(tests);
}
