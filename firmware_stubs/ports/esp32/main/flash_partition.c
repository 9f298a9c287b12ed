#include "esp_partition.h"

#include "port.h"

static bool partition_read(void *context, uint32_t address, void *into, uint32_t length)
{
    return esp_partition_read(context, address, into, length) == ESP_OK;
}

static bool partition_program(void *context, uint32_t address, const void *from, uint32_t length)
{
    return esp_partition_write(context, address, from, length) == ESP_OK;
}

static bool partition_erase(void *context, uint32_t address)
{
    const esp_partition_t *partition = context;
    return esp_partition_erase_range(partition, address, partition->erase_size) == ESP_OK;
}

bool flash_partition_init(struct bw_flash *flash, const char *label)
{
    const esp_partition_t *found = esp_partition_find_first(ESP_PARTITION_TYPE_ANY, ESP_PARTITION_SUBTYPE_ANY, label);
    if (found == NULL || found->encrypted) {
        return false;
    }
    *flash = (struct bw_flash){(void *)found, found->erase_size, found->size / found->erase_size,
                               partition_read, partition_program, partition_erase};
    return true;
}
