#define _POSIX_C_SOURCE 200809L
#include "link_mosquitto.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define KEEP_ALIVE_S 60

static void on_connect(struct mosquitto *client, void *context, int code)
{
    (void)client;
    struct link_mosquitto *host = context;
    if (code == 0) {
        bw_device_connected(host->device);
    } else {
        fprintf(stderr, "the broker refused: %s\n", mosquitto_connack_string(code));
    }
}

static void on_publish(struct mosquitto *client, void *context, int packet)
{
    (void)client;
    bw_device_published(((struct link_mosquitto *)context)->device, (uint32_t)packet);
}

static void on_message(struct mosquitto *client, void *context, const struct mosquitto_message *message)
{
    (void)client;
    bw_device_message(((struct link_mosquitto *)context)->device, message->topic, message->payload, (size_t)message->payloadlen);
}

/* A fresh client each time: what the last one had not delivered is the core's to send again, not the library's. */
static bool prepare(struct link_mosquitto *host, const struct bw_will *will)
{
    const struct bw_identity *identity = &host->device->identity;
    struct mosquitto *client = mosquitto_new(identity->device, false, host);
    if (client == NULL) {
        return false;
    }
    host->client = client;
    mosquitto_connect_callback_set(client, on_connect);
    mosquitto_publish_callback_set(client, on_publish);
    mosquitto_message_callback_set(client, on_message);
    return mosquitto_username_pw_set(client, identity->user, identity->password) == MOSQ_ERR_SUCCESS &&
           mosquitto_will_set(client, will->topic, (int)will->length, will->payload, 1, true) == MOSQ_ERR_SUCCESS &&
           (host->ca_file == NULL ||
            mosquitto_tls_set(client, host->ca_file, NULL, host->certificate, host->key, NULL) == MOSQ_ERR_SUCCESS);
}

static void forget(struct link_mosquitto *host)
{
    mosquitto_destroy(host->client);
    host->client = NULL;
}

static bool connect_broker(void *context, const struct bw_will *will)
{
    struct link_mosquitto *host = context;
    const struct bw_identity *identity = &host->device->identity;
    if (host->client != NULL) {
        forget(host);
    }
    if (!host->network || !prepare(host, will)) {
        return false;
    }
    int result = mosquitto_connect(host->client, identity->host, identity->port, KEEP_ALIVE_S);
    if (result != MOSQ_ERR_SUCCESS) {
        fprintf(stderr, "cannot connect to %s:%d: %s\n", identity->host, identity->port, mosquitto_strerror(result));
        forget(host);
    }
    return host->client != NULL;
}

static void disconnect_broker(void *context)
{
    struct link_mosquitto *host = context;
    if (host->client != NULL) {
        mosquitto_disconnect(host->client);
    }
}

static bool subscribe(void *context, const char *topic)
{
    struct link_mosquitto *host = context;
    return host->client != NULL && mosquitto_subscribe(host->client, NULL, topic, 1) == MOSQ_ERR_SUCCESS;
}

static uint32_t publish(void *context, const char *topic, const uint8_t *payload, size_t length, bool retain)
{
    struct link_mosquitto *host = context;
    int packet = 0;
    if (host->client == NULL || !host->network ||
        mosquitto_publish(host->client, &packet, topic, (int)length, payload, 1, retain) != MOSQ_ERR_SUCCESS) {
        return 0;
    }
    return (uint32_t)packet;
}

static int32_t signal_dbm(void *context)
{
    (void)context;
    return BW_MISSING;
}

void link_mosquitto_init(struct link_mosquitto *host, struct bw_device *device)
{
    *host = (struct link_mosquitto){.device = device, .network = true};
    host->link = (struct bw_link){host, connect_broker, disconnect_broker, subscribe, publish, signal_dbm};
}

static void sleep_ms(int wait_ms)
{
    struct timespec pause = {wait_ms / 1000, wait_ms % 1000 * 1000000L};
    nanosleep(&pause, NULL);
}

void link_mosquitto_loop(struct link_mosquitto *host, int wait_ms)
{
    if (host->client == NULL) {
        sleep_ms(wait_ms);
        return;
    }
    int result = mosquitto_loop(host->client, wait_ms, 1);
    if (result != MOSQ_ERR_SUCCESS) {
        forget(host);
        bw_device_disconnected(host->device);
    }
}

void link_mosquitto_network(struct link_mosquitto *host, bool network)
{
    if (network && !host->network) {
        bw_device_network(host->device);
    }
    host->network = network;
    if (!network && host->client != NULL) {
        forget(host); /* closes the socket without DISCONNECT */
        bw_device_disconnected(host->device);
    }
}
