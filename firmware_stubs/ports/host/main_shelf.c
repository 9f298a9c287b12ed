/* A virtual shelf or cooler sensor on a real broker. */
#include "../../programs/shelf.h"
#include "stage.h"

static int32_t step(void *program)
{
    return bw_shelf_step(program);
}

int main(int count, char **arguments)
{
    static struct stage stage;
    static struct bw_shelf shelf;
    struct options options = options_read(count, arguments);
    stage_init(&stage, &options, &shelf.device, "beatwatch-shelf 1.0.0");
    if (!bw_shelf_start(&shelf, &stage.board)) {
        fputs("error: the flash cannot be used\n", stderr);
        return 2;
    }
    stage_provision(&stage, &shelf.device);
    return stage_run(&stage, step, &shelf, &shelf.device);
}
