#include "fix.h"

#include <string.h>

#include "calendar.h"

#define RANGE_ERROR_DM 50

void bw_fix_init(struct bw_fix *fix)
{
    memset(fix, 0, sizeof *fix);
    fix->rmc.ms_of_day = fix->gga.ms_of_day = BW_MISSING;
    fix->mode = fix->gsa_hdop_centi = BW_MISSING;
}

static void take_accuracy(struct bw_fix *fix)
{
    fix->hdop_centi = fix->gga.ms_of_day != BW_MISSING && fix->gga.hdop_centi != BW_MISSING ? fix->gga.hdop_centi
                                                                                          : fix->gsa_hdop_centi;
    fix->accuracy_dm = fix->hdop_centi == BW_MISSING ? BW_MISSING : fix->hdop_centi * RANGE_ERROR_DM / 100;
}

static enum bw_fix_state state_of(const struct bw_fix *fix)
{
    if (fix->rmc.valid != 1 || fix->mode == 1) {
        return BW_FIX_NONE;
    }
    return fix->mode == 2 ? BW_FIX_2D : BW_FIX_3D;
}

/* An epoch whose date does not exist counts as no fix. */
static void complete(struct bw_fix *fix, int64_t uptime_ms, int64_t not_before_ms)
{
    struct bw_civil civil = {fix->rmc.year, fix->rmc.month, fix->rmc.day, fix->rmc.ms_of_day};
    int64_t unix_ms = 0;
    bool with_gga = fix->gga.ms_of_day == fix->rmc.ms_of_day;
    fix->state = state_of(fix);
    fix->rmc.ms_of_day = BW_MISSING;
    if (fix->state != BW_FIX_NONE && !bw_calendar_to_unix_ms(&civil, &unix_ms)) {
        fix->state = BW_FIX_NONE;
    }
    if (fix->state == BW_FIX_NONE) {
        return;
    }
    fix->time_ms = bw_calendar_unroll_weeks(unix_ms, not_before_ms);
    fix->uptime_ms = uptime_ms;
    fix->longitude_e7 = fix->rmc.longitude_e7;
    fix->latitude_e7 = fix->rmc.latitude_e7;
    fix->speed_cmps = fix->rmc.speed_cmps;
    fix->course_cdeg = fix->rmc.course_cdeg;
    fix->altitude_dm = with_gga ? fix->gga.altitude_dm : BW_MISSING;
    fix->satellites = with_gga ? fix->gga.satellites : BW_MISSING;
    take_accuracy(fix);
    fix->gga.ms_of_day = BW_MISSING;
}

bool bw_fix_update(struct bw_fix *fix, const char *line, int64_t uptime_ms, int64_t not_before_ms)
{
    struct bw_nmea_data data;
    enum bw_sentence sentence = bw_nmea_parse(line, &data);
    bool done = false;
    if (sentence == BW_SENTENCE_GSA) {
        fix->mode = data.mode;
        fix->gsa_hdop_centi = data.hdop_centi;
    } else if (sentence == BW_SENTENCE_GGA) {
        fix->gga = data;
    } else if (sentence == BW_SENTENCE_RMC) {
        done = fix->rmc.ms_of_day != BW_MISSING;
        if (done) {
            complete(fix, uptime_ms, not_before_ms);
        }
        fix->rmc = data;
        if (data.valid != 1) {
            fix->state = BW_FIX_NONE;
        }
    }
    if (fix->rmc.ms_of_day != BW_MISSING && fix->rmc.ms_of_day == fix->gga.ms_of_day) {
        complete(fix, uptime_ms, not_before_ms);
        done = true;
    }
    return done;
}

bool bw_fix_fresh(const struct bw_fix *fix, int64_t uptime_ms, int64_t limit_ms)
{
    return fix->state >= BW_FIX_2D && uptime_ms - fix->uptime_ms <= limit_ms;
}

void bw_fix_fill(const struct bw_fix *fix, bool fresh, struct bw_reading *reading)
{
    reading->value[BW_FIX_VALID] = fresh;
    if (!fresh) {
        return;
    }
    reading->value[BW_LONGITUDE_E7] = fix->longitude_e7;
    reading->value[BW_LATITUDE_E7] = fix->latitude_e7;
    reading->value[BW_SPEED_CMPS] = fix->speed_cmps;
    reading->value[BW_COURSE_CDEG] = fix->course_cdeg;
    reading->value[BW_ALTITUDE_DM] = fix->altitude_dm;
    reading->value[BW_ACCURACY_DM] = fix->accuracy_dm;
    reading->value[BW_HDOP_CENTI] = fix->hdop_centi;
    reading->value[BW_SATELLITES] = fix->satellites;
}
