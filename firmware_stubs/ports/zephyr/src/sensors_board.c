/* A cooler with one temperature and humidity sensor under the alias "ambient"; everything else is missing, and says so. */
#include <zephyr/device.h>
#include <zephyr/drivers/sensor.h>

#include "port.h"

static const struct device *const AMBIENT = DEVICE_DT_GET(DT_ALIAS(ambient));

static int32_t channel(enum sensor_channel which, int32_t scale)
{
    struct sensor_value value;
    if (sensor_sample_fetch(AMBIENT) != 0 || sensor_channel_get(AMBIENT, which, &value) != 0) {
        return BW_NO_VALUE;
    }
    return (int32_t)(sensor_value_to_micro(&value) / (1000000 / scale));
}

static int32_t temperature(void *context, unsigned probe)
{
    (void)context;
    return probe == 0 ? channel(SENSOR_CHAN_AMBIENT_TEMP, 100) : BW_NO_VALUE;
}

static int32_t humidity(void *context)
{
    (void)context;
    return channel(SENSOR_CHAN_HUMIDITY, 10);
}

static size_t no_gnss(void *context, uint8_t *into, size_t capacity)
{
    (void)context;
    (void)into;
    (void)capacity;
    return 0;
}

static int32_t no_input(void *context, enum bw_input which)
{
    (void)context;
    (void)which;
    return BW_NO_VALUE;
}

static int32_t none(void *context)
{
    (void)context;
    return BW_NO_VALUE;
}

static int64_t no_clock(void *context)
{
    (void)context;
    return 0; /* without SNTP or a clock the readings wait undated: give it one */
}

void sensors_board_init(struct bw_sensors *sensors)
{
    *sensors = (struct bw_sensors){NULL, no_gnss, no_input, none, temperature, humidity, none, none, none, none, none, no_clock};
}
