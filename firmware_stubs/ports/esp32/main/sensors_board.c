/* A board with a GNSS receiver on UART 1 and a door contact on pin 4; everything else is missing, and says so. */
#include "driver/gpio.h"
#include "driver/uart.h"

#include "port.h"

#define GNSS UART_NUM_1
#define DOOR GPIO_NUM_4

static size_t gnss(void *context, uint8_t *into, size_t capacity)
{
    (void)context;
    int count = uart_read_bytes(GNSS, into, (uint32_t)capacity, 0);
    return count > 0 ? (size_t)count : 0;
}

static int32_t input(void *context, enum bw_input which)
{
    (void)context;
    return which == BW_INPUT_DOOR ? gpio_get_level(DOOR) : BW_NO_VALUE;
}

static int32_t none(void *context)
{
    (void)context;
    return BW_NO_VALUE;
}

static int32_t no_temperature(void *context, unsigned probe)
{
    (void)context;
    (void)probe;
    return BW_NO_VALUE;
}

static int64_t no_clock(void *context)
{
    (void)context;
    return 0;
}

void sensors_board_init(struct bw_sensors *sensors)
{
    static const uart_config_t UART = {.baud_rate = 9600, .data_bits = UART_DATA_8_BITS, .stop_bits = UART_STOP_BITS_1};
    uart_driver_install(GNSS, 2048, 0, 0, NULL, 0);
    uart_param_config(GNSS, &UART);
    gpio_set_direction(DOOR, GPIO_MODE_INPUT);
    *sensors = (struct bw_sensors){NULL, gnss, input, none, no_temperature, none, none, none, none, none, none, no_clock};
}
