#include "script.h"

#include <stdlib.h>
#include <string.h>

static void read_next(struct script *script)
{
    char line[200];
    double at_s = 0;
    while (script->file != NULL) {
        if (fgets(line, sizeof line, script->file) == NULL) {
            fclose(script->file);
            script->file = NULL;
            return;
        }
        script->line_number++;
        line[strcspn(line, "#\r\n")] = '\0';
        if (line[strspn(line, " \t")] == '\0') {
            continue;
        }
        if (sscanf(line, "%lf %31s %95[^\n]", &at_s, script->next.name, script->next.value) != 3) {
            fprintf(stderr, "error: %s, line %u: 'seconds name value' is wanted\n", script->path, script->line_number);
            exit(2);
        }
        script->next.at_ms = (int64_t)(at_s * 1000);
        return;
    }
}

bool script_open(struct script *script, const char *path)
{
    memset(script, 0, sizeof *script);
    if (path == NULL) {
        return true;
    }
    script->path = path;
    script->file = fopen(path, "r");
    if (script->file == NULL) {
        perror(path);
        return false;
    }
    read_next(script);
    return true;
}

const struct script_line *script_due(struct script *script, int64_t uptime_ms)
{
    static struct script_line due;
    if (script->file == NULL || script->next.at_ms > uptime_ms) {
        return NULL;
    }
    due = script->next;
    read_next(script);
    return &due;
}
