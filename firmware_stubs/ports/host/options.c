#define _POSIX_C_SOURCE 200809L
#include "options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char HELP[] =
    "usage: tracker|shelf [options]      a virtual device on a real broker\n"
    "  --url URL          mqtt://[user[:password]@]host[:port] or mqtts://...   (environment: MQTT_URL; mqtt://127.0.0.1:1883)\n"
    "  --tenant NAME      first level of its topics                            (BEATWATCH_TENANT; default)\n"
    "  --device NAME      its name                                             (BEATWATCH_DEVICE; van-host or shelf-host)\n"
    "  --ca FILE          certificate authority for mqtts\n"
    "  --certificate FILE --key FILE   the device's own, where the broker wants it\n"
    "  --flash FILE       flash image, kept between runs                       (in memory)\n"
    "  --track CSV        drive a recorded track (Track CSV), as if it began now; --track-device ID picks one of several\n"
    "  --script FILE      what sensors and network do: lines 'seconds name value' (see README.md)\n"
    "  --configuration FILE   JSON or CBOR document to start with\n"
    "  --public-key HEX   Ed25519 key that updates are signed with\n"
    "  --power-cut-after N    loses power after N bytes were written to flash (exit code 3)\n"
    "  --duration N       stop after N seconds of the device's time\n"
    "  --begin-ago N      the device was switched on N seconds ago and catches up: for scripts with 'speed max'\n"
    "  --speed X          the device's time runs X times as fast               (1)\n";

__attribute__((noreturn)) static void refuse(const char *what, const char *value)
{
    fprintf(stderr, "error: %s: %s\n", what, value);
    exit(2);
}

static const char *or_environment(const char *value, const char *name, const char *standard)
{
    const char *from = value != NULL ? value : getenv(name);
    return from != NULL && from[0] != '\0' ? from : standard;
}

static double number(const char *text, double least)
{
    char *end = NULL;
    double value = strtod(text, &end);
    if (end == text || *end != '\0' || !(value >= least)) {
        refuse("not a usable number", text);
    }
    return value;
}

static void read_key(const char *hex, struct options *options)
{
    if (strlen(hex) != 64) {
        refuse("a public key has 64 hexadecimal digits", hex);
    }
    for (unsigned i = 0; i < 32; i++) {
        unsigned byte = 0;
        if (sscanf(hex + 2u * i, "%2x", &byte) != 1) {
            refuse("a public key has 64 hexadecimal digits", hex);
        }
        options->public_key[i] = (uint8_t)byte;
    }
    options->has_public_key = true;
}

/* Splits the URL and writes the same document that a technician would send over the serial line. */
static void read_url(const char *url, const char *tenant, const char *device, struct options *options)
{
    char user[40] = "", password[64] = "", host[64] = "", rest[256];
    int port = 0;
    options->tls = strncmp(url, "mqtts://", 8) == 0;
    if (!options->tls && strncmp(url, "mqtt://", 7) != 0) {
        refuse("not an mqtt:// or mqtts:// address", url);
    }
    snprintf(rest, sizeof rest, "%s", url + (options->tls ? 8 : 7));
    rest[strcspn(rest, "/?")] = '\0';
    char *at = strrchr(rest, '@');
    if (at != NULL) {
        *at = '\0';
        (void)sscanf(rest, "%39[^:]:%63s", user, password);
    }
    if (sscanf(at != NULL ? at + 1 : rest, "%63[^:]:%d", host, &port) < 1) {
        refuse("no host in the address", url);
    }
    snprintf(options->identity, sizeof options->identity,
             "{\"tenant\":\"%s\",\"device\":\"%s\",\"host\":\"%s\",\"port\":%d,\"user\":\"%s\",\"password\":\"%s\"}", tenant, device,
             host, port != 0 ? port : options->tls ? 8883 : 1883, user[0] != '\0' ? user : device,
             password[0] != '\0' ? password : "none");
}

struct options options_read(int count, char **arguments)
{
    static const char *const NAMES[] = {"url",   "tenant",        "device",     "ca",              "certificate", "key",   "flash", "track", "track-device",
                                        "script", "configuration", "public-key", "power-cut-after", "duration",    "begin-ago", "speed", "help"};
    enum { URL, TENANT, DEVICE, CA, CERTIFICATE, KEY, FLASH, TRACK, TRACK_DEVICE, SCRIPT, CONFIGURATION, PUBLIC_KEY, CUT, DURATION, BEGIN_AGO, SPEED, HELP_FLAG, OPTIONS };
    struct option flags[OPTIONS + 1] = {{NULL, 0, NULL, 0}};
    const char *given[OPTIONS] = {NULL};
    for (int i = 0; i < OPTIONS; i++) {
        flags[i] = (struct option){NAMES[i], i == HELP_FLAG ? no_argument : required_argument, NULL, i};
    }
    for (int flag; (flag = getopt_long(count, arguments, "", flags, NULL)) != -1;) {
        if (flag == HELP_FLAG || flag == '?') {
            fputs(HELP, flag == '?' ? stderr : stdout);
            exit(flag == '?' ? 2 : 0);
        }
        given[flag] = optarg;
    }
    struct options options = {
        .ca_file = given[CA], .certificate = given[CERTIFICATE], .key = given[KEY], .flash_file = given[FLASH], .script = given[SCRIPT],
        .track = given[TRACK], .track_device = given[TRACK_DEVICE], .configuration = given[CONFIGURATION],
        .power_cut_after = given[CUT] != NULL ? (int64_t)number(given[CUT], 0) : -1,
        .duration_s = given[DURATION] != NULL ? (int64_t)number(given[DURATION], 1) : 0,
        .begin_ago_s = given[BEGIN_AGO] != NULL ? (int64_t)number(given[BEGIN_AGO], 0) : 0,
        .speed = given[SPEED] != NULL ? number(given[SPEED], 0.001) : 1,
    };
    const char *program = strrchr(arguments[0], '/') != NULL ? strrchr(arguments[0], '/') + 1 : arguments[0];
    char standard[64];
    snprintf(standard, sizeof standard, "%s-host", strcmp(program, "shelf") == 0 ? "shelf" : "van");
    read_url(or_environment(given[URL], "MQTT_URL", "mqtt://127.0.0.1:1883"), or_environment(given[TENANT], "BEATWATCH_TENANT", "default"),
             or_environment(given[DEVICE], "BEATWATCH_DEVICE", standard), &options);
    if (given[PUBLIC_KEY] != NULL) {
        read_key(given[PUBLIC_KEY], &options);
    }
    return options;
}
