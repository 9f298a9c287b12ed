/* Any bytes from the broker: no crash, and a configuration that is accepted passes every rule; commands, images and
 * provisioning documents are read by the same readers and are fed along. */
#include <stdlib.h>
#include <string.h>

#include "../core/command.h"
#include "../core/config_read.h"
#include "../core/ota_read.h"
#include "../core/provisioning.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool good)
{
    if (!good) {
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bw_config_message message;
    struct bw_command command;
    struct bw_ota_read image;
    struct bw_identity identity;
    char reason[BW_REASON_BYTES];
    bool accepted = bw_config_read(data, size, &message, reason);
    demand(accepted == (reason[0] == '\0') && memchr(reason, '\0', sizeof reason) != NULL);
    demand(!accepted || bw_config_fault(&message.config) == NULL);
    demand(bw_command_read(data, size, &command) != NULL || command.kind < BW_COMMANDS);
    if (bw_ota_read(data, size, &image) == BW_OTA_CHUNK) {
        demand(image.data >= data && image.length <= size - (size_t)(image.data - data));
    }
    demand(bw_provisioning_read(data, size, &identity) != NULL || identity.port != 0);
    return 0;
}
