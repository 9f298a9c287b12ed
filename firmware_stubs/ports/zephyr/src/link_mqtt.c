/* Zephyr's MQTT client keeps no outbox: what was not acknowledged is the core's to send again, as it should be. */
#include <stdio.h>
#include <string.h>
#include <zephyr/net/mqtt.h>
#include <zephyr/net/socket.h>

#include "port.h"

#define CA_TAG 1 /* security tag under which the board has stored the authority's certificate */

static struct {
    struct bw_device *device;
    struct mqtt_client client;
    struct sockaddr_storage broker;
    struct mqtt_topic will_topic;
    struct mqtt_utf8 will, user, password;
    uint8_t receive[1536], transmit[1536], payload[1536];
    uint16_t packet;
    bool open;
} host;

static uint16_t next_packet(void)
{
    host.packet = (uint16_t)(host.packet == UINT16_MAX ? 1 : host.packet + 1);
    return host.packet;
}

static void take_message(struct mqtt_client *client, const struct mqtt_publish_param *message)
{
    char topic[BW_TOPIC_BYTES];
    size_t length = message->message.payload.len;
    const struct mqtt_puback_param answer = {.message_id = message->message_id};
    bool fits = length <= sizeof host.payload && message->message.topic.topic.size < sizeof topic;
    if (!fits || mqtt_readall_publish_payload(client, host.payload, length) != 0) {
        (void)mqtt_disconnect(client); /* unread bytes would be taken for the next packet */
        return;
    }
    memcpy(topic, message->message.topic.topic.utf8, message->message.topic.topic.size);
    topic[message->message.topic.topic.size] = '\0';
    bw_device_message(host.device, topic, host.payload, length);
    if (message->message.topic.qos == MQTT_QOS_1_AT_LEAST_ONCE) {
        (void)mqtt_publish_qos1_ack(client, &answer);
    }
}

static void on_event(struct mqtt_client *client, const struct mqtt_evt *event)
{
    switch (event->type) {
    case MQTT_EVT_CONNACK:
        if (event->result == 0) {
            bw_device_connected(host.device);
        }
        break;
    case MQTT_EVT_DISCONNECT:
        host.open = false;
        bw_device_disconnected(host.device);
        break;
    case MQTT_EVT_PUBACK:
        bw_device_published(host.device, event->param.puback.message_id);
        break;
    case MQTT_EVT_PUBLISH:
        take_message(client, &event->param.publish);
        break;
    default:
        break;
    }
}

static bool resolve(const struct bw_identity *identity)
{
    struct zsock_addrinfo *found = NULL;
    char port[8];
    snprintf(port, sizeof port, "%u", identity->port);
    if (zsock_getaddrinfo(identity->host, port, NULL, &found) != 0) {
        return false;
    }
    memcpy(&host.broker, found->ai_addr, found->ai_addrlen);
    zsock_freeaddrinfo(found);
    return true;
}

static struct mqtt_utf8 text(const char *from)
{
    return (struct mqtt_utf8){(const uint8_t *)from, strlen(from)};
}

static void prepare(const struct bw_identity *identity, const struct bw_will *will)
{
    static const sec_tag_t TAGS[] = {CA_TAG};
    mqtt_client_init(&host.client);
    host.will_topic = (struct mqtt_topic){.topic = text(will->topic), .qos = MQTT_QOS_1_AT_LEAST_ONCE};
    host.will = (struct mqtt_utf8){will->payload, will->length};
    host.user = text(identity->user);
    host.password = text(identity->password);
    host.client.broker = &host.broker;
    host.client.evt_cb = on_event;
    host.client.client_id = text(identity->device);
    host.client.user_name = &host.user;
    host.client.password = &host.password;
    host.client.will_topic = &host.will_topic;
    host.client.will_message = &host.will;
    host.client.will_retain = 1;
    host.client.clean_session = 0;
    host.client.protocol_version = MQTT_VERSION_3_1_1;
    host.client.rx_buf = host.receive;
    host.client.rx_buf_size = sizeof host.receive;
    host.client.tx_buf = host.transmit;
    host.client.tx_buf_size = sizeof host.transmit;
    host.client.transport.type = MQTT_TRANSPORT_SECURE;
    host.client.transport.tls.config = (struct mqtt_sec_config){
        .peer_verify = TLS_PEER_VERIFY_REQUIRED, .sec_tag_list = TAGS, .sec_tag_count = 1, .hostname = identity->host};
}

static bool connect_broker(void *context, const struct bw_will *will)
{
    (void)context;
    const struct bw_identity *identity = &host.device->identity;
    if (host.open) {
        (void)mqtt_abort(&host.client);
    }
    if (!resolve(identity)) {
        return false;
    }
    prepare(identity, will);
    host.open = mqtt_connect(&host.client) == 0;
    return host.open;
}

static void disconnect_broker(void *context)
{
    (void)context;
    if (host.open) {
        (void)mqtt_disconnect(&host.client);
    }
}

static bool subscribe(void *context, const char *topic)
{
    (void)context;
    struct mqtt_topic one = {.topic = text(topic), .qos = MQTT_QOS_1_AT_LEAST_ONCE};
    const struct mqtt_subscription_list list = {.list = &one, .list_count = 1, .message_id = next_packet()};
    return host.open && mqtt_subscribe(&host.client, &list) == 0;
}

static uint32_t publish(void *context, const char *topic, const uint8_t *payload, size_t length, bool retain)
{
    (void)context;
    struct mqtt_publish_param message = {
        .message = {.topic = {.topic = text(topic), .qos = MQTT_QOS_1_AT_LEAST_ONCE}, .payload = {(uint8_t *)payload, length}},
        .message_id = next_packet(),
        .retain_flag = retain,
    };
    return host.open && mqtt_publish(&host.client, &message) == 0 ? message.message_id : 0;
}

static int32_t signal_dbm(void *context)
{
    (void)context;
    return BW_NO_VALUE; /* ask the board's modem */
}

void link_mqtt_init(struct bw_link *link, struct bw_device *device)
{
    host.device = device;
    *link = (struct bw_link){NULL, connect_broker, disconnect_broker, subscribe, publish, signal_dbm};
}

void link_mqtt_wait(int32_t wait_ms)
{
    if (!host.open) {
        k_msleep(wait_ms);
        return;
    }
    struct zsock_pollfd poll = {.fd = host.client.transport.tls.sock, .events = ZSOCK_POLLIN};
    if (zsock_poll(&poll, 1, wait_ms) > 0 && mqtt_input(&host.client) != 0) {
        (void)mqtt_abort(&host.client); /* reports the disconnection */
    } else {
        (void)mqtt_live(&host.client);
    }
}
