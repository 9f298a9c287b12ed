/* The link of hal/link.h by libmosquitto, driven from the program's own thread. */
#ifndef BW_LINK_MOSQUITTO_H
#define BW_LINK_MOSQUITTO_H

#include <mosquitto.h>

#include "../../programs/device.h"

struct link_mosquitto {
    struct bw_link link;
    struct bw_device *device; /* told what happens */
    struct mosquitto *client; /* NULL = no connection, and none under way */
    const char *ca_file;      /* NULL: without TLS */
    const char *certificate;
    const char *key;
    bool network;             /* false: as out of coverage */
};

void link_mosquitto_init(struct link_mosquitto *host, struct bw_device *device);

/* Sends, receives and calls the device, for at most `wait_ms`. */
void link_mosquitto_loop(struct link_mosquitto *host, int wait_ms);

/* In or out of coverage; going out loses the connection without a word. */
void link_mosquitto_network(struct link_mosquitto *host, bool network);

#endif
