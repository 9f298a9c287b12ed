/* A configuration document on standard input -> one JSON object of what the device would do, or the reason why it refuses
 * it (exit code 1). For the tests of those who encode configurations. `--rules` prints the table of settings instead. */
#include <stdio.h>
#include <string.h>

#include "../../core/config_read.h"

static void print_rules(void)
{
    printf("[");
    for (unsigned i = 0; i < BW_SETTINGS; i++) {
        const struct bw_setting_rule *rule = &bw_setting_rules[i];
        printf("%s{\"name\": \"%s\", \"key\": %u, \"low\": %d, \"high\": %d, \"default\": %d}", i == 0 ? "" : ",\n ", rule->name,
               BW_SETTING_KEY + i, rule->low, rule->high, rule->standard);
    }
    printf("]\n");
}

int main(int count, char **arguments)
{
    static uint8_t payload[65536];
    struct bw_config_message message;
    char reason[BW_REASON_BYTES];
    if (count > 1 && strcmp(arguments[1], "--rules") == 0) {
        print_rules();
        return 0;
    }
    size_t length = fread(payload, 1, sizeof payload, stdin);
    if (!bw_config_read(payload, length, &message, reason)) {
        printf("%s\n", reason);
        return 1;
    }
    printf("{\"id\": \"%s\", \"version\": \"%s\"", message.id, message.config.version);
    for (unsigned i = 0; i < BW_SETTINGS; i++) {
        printf(", \"%s\": %d", bw_setting_rules[i].name, message.config.value[i]);
    }
    printf("}\n");
    return 0;
}
