/* A configuration document on standard input -> one JSON object of what the device would do, or the reason why it refuses
 * it (exit code 1). For the tests of those who encode configurations. `--rules` prints the table of settings instead. */
#include <stdio.h>
#include <string.h>

#include "../../core/config_read.h"
#include "../../core/json_writer.h"

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

static void print_configuration(const struct bw_config_message *message)
{
    uint8_t text[4096];
    struct bw_output out = {text, sizeof text, 0, false};
    bw_json_raw(&out, "{");
    bw_json_name(&out, "id");
    bw_json_text(&out, message->id);
    bw_json_name(&out, "version");
    bw_json_text(&out, message->config.version);
    for (unsigned i = 0; i < BW_SETTINGS; i++) {
        bw_json_name(&out, bw_setting_rules[i].name);
        bw_json_decimal(&out, message->config.value[i], 0);
    }
    bw_json_raw(&out, "}\n");
    fwrite(text, 1, out.length, stdout);
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
    print_configuration(&message);
    return 0;
}
