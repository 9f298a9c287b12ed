/* esp-mqtt calls back from its own task; events are queued and handled in the program's. A client lives for one connection:
 * its outbox would otherwise resend by itself what the core resends. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "freertos/FreeRTOS.h"
#include "freertos/queue.h"
#include "esp_crt_bundle.h"
#include "mqtt_client.h"

#include "port.h"

struct event {
    enum { CONNECTED, DISCONNECTED, PUBLISHED, MESSAGE } kind;
    uint32_t packet;
    char *topic; /* of a message; freed with the payload once it was handled */
    uint8_t *payload;
    size_t length;
};

static struct {
    struct bw_device *device;
    esp_mqtt_client_handle_t client;
    QueueHandle_t events;
} host;

static void queue_message(const esp_mqtt_event_t *from)
{
    struct event event = {.kind = MESSAGE, .length = (size_t)from->data_len};
    if (from->data_len != from->total_data_len) {
        return; /* larger than the client's buffer: set CONFIG_MQTT_BUFFER_SIZE to 1536 for images */
    }
    event.topic = strndup(from->topic, (size_t)from->topic_len);
    event.payload = malloc(event.length > 0 ? event.length : 1u);
    if (event.topic == NULL || event.payload == NULL) {
        free(event.topic);
        free(event.payload);
        return;
    }
    memcpy(event.payload, from->data, event.length);
    xQueueSend(host.events, &event, portMAX_DELAY);
}

static void on_event(void *context, esp_event_base_t base, int32_t id, void *data)
{
    (void)context;
    (void)base;
    const esp_mqtt_event_t *from = data;
    struct event event = {.packet = (uint32_t)from->msg_id};
    if (id == MQTT_EVENT_DATA) {
        queue_message(from);
        return;
    }
    if (id == MQTT_EVENT_CONNECTED) {
        event.kind = CONNECTED;
    } else if (id == MQTT_EVENT_DISCONNECTED) {
        event.kind = DISCONNECTED;
    } else if (id == MQTT_EVENT_PUBLISHED) {
        event.kind = PUBLISHED;
    } else {
        return;
    }
    xQueueSend(host.events, &event, portMAX_DELAY);
}

static void forget(void)
{
    if (host.client != NULL) {
        esp_mqtt_client_destroy(host.client);
        host.client = NULL;
    }
}

static bool connect_broker(void *context, const struct bw_will *will)
{
    (void)context;
    const struct bw_identity *identity = &host.device->identity;
    esp_mqtt_client_config_t config = {
        .broker.address.hostname = identity->host,
        .broker.address.port = identity->port,
        .broker.address.transport = MQTT_TRANSPORT_OVER_SSL,
        .broker.verification.crt_bundle_attach = esp_crt_bundle_attach,
        .credentials.client_id = identity->device,
        .credentials.username = identity->user,
        .credentials.authentication.password = identity->password,
        .session.disable_clean_session = true,
        .session.keepalive = 60,
        .session.last_will = {.topic = will->topic, .msg = (const char *)will->payload, .msg_len = (int)will->length, .qos = 1, .retain = 1},
        .network.disable_auto_reconnect = true,
    };
    forget();
    host.client = esp_mqtt_client_init(&config);
    return host.client != NULL && esp_mqtt_client_register_event(host.client, ESP_EVENT_ANY_ID, on_event, NULL) == ESP_OK &&
           esp_mqtt_client_start(host.client) == ESP_OK;
}

static void disconnect_broker(void *context)
{
    (void)context;
    if (host.client != NULL) {
        esp_mqtt_client_disconnect(host.client);
    }
}

static bool subscribe(void *context, const char *topic)
{
    (void)context;
    return host.client != NULL && esp_mqtt_client_subscribe(host.client, topic, 1) >= 0;
}

static uint32_t publish(void *context, const char *topic, const uint8_t *payload, size_t length, bool retain)
{
    (void)context;
    int packet = host.client == NULL ? -1 : esp_mqtt_client_publish(host.client, topic, (const char *)payload, (int)length, 1, retain);
    return packet > 0 ? (uint32_t)packet : 0;
}

static int32_t signal_dbm(void *context)
{
    (void)context;
    return BW_NO_VALUE; /* ask the modem of the board, or esp_wifi_sta_get_rssi */
}

void link_esp_mqtt_init(struct bw_link *link, struct bw_device *device)
{
    host.device = device;
    host.events = xQueueCreate(16, sizeof(struct event));
    *link = (struct bw_link){NULL, connect_broker, disconnect_broker, subscribe, publish, signal_dbm};
}

static void handle(struct event *event)
{
    switch (event->kind) {
    case CONNECTED:
        bw_device_connected(host.device);
        break;
    case DISCONNECTED:
        forget();
        bw_device_disconnected(host.device);
        break;
    case PUBLISHED:
        bw_device_published(host.device, event->packet);
        break;
    case MESSAGE:
        bw_device_message(host.device, event->topic, event->payload, event->length);
        free(event->topic);
        free(event->payload);
    }
}

void link_esp_mqtt_wait(int32_t wait_ms)
{
    struct event event;
    TickType_t wait = pdMS_TO_TICKS(wait_ms);
    while (xQueueReceive(host.events, &event, wait) == pdTRUE) {
        handle(&event);
        wait = 0;
    }
}
