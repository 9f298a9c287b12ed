/* A virtual tracker on a real broker. */
#include "../../programs/tracker.h"
#include "stage.h"

static int32_t step(void *program)
{
    return bw_tracker_step(program);
}

int main(int count, char **arguments)
{
    static struct stage stage;
    static struct bw_tracker tracker;
    struct options options = options_read(count, arguments);
    stage_init(&stage, &options, &tracker.device, "beatwatch-tracker 1.0.0");
    if (!bw_tracker_start(&tracker, &stage.board)) {
        fputs("error: the flash cannot be used\n", stderr);
        return 2;
    }
    stage_provision(&stage, &tracker.device);
    return stage_run(&stage, step, &tracker, &tracker.device);
}
