/* Commands to the device on its `cmd` topic: {"id", "command", "value"}, CBOR keys 44, 45, 46. `value` is optional. */
#ifndef BW_COMMAND_H
#define BW_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum bw_command_kind {
    BW_COMMAND_REPORT,    /* report now */
    BW_COMMAND_RESTART,
    BW_COMMAND_SELF_TEST, /* run it and publish the status */
    BW_COMMAND_ROLLBACK,  /* to the configuration before */
    BW_COMMAND_TARE,      /* the present load is zero */
    BW_COMMAND_SPAN,      /* the present load is `value` grams */
    BW_COMMAND_ZERO_DRIFT, /* the zero moves `value` raw counts a degree */
    BW_COMMANDS
};

struct bw_command {
    char id[40];
    enum bw_command_kind kind;
    int32_t value; /* 0 when not given */
};

/* NULL when good, else "not_a_document", "unknown_command", "missing_command" or the name of the broken member. */
const char *bw_command_read(const uint8_t *payload, size_t length, struct bw_command *command);

#endif
