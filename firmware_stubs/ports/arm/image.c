/* Both programs in one image, for their size: a board whose every function is a stub that a port would fill. */
#include "../../programs/shelf.h"
#include "../../programs/tracker.h"

struct bw_tracker tracker;
struct bw_shelf shelf;
extern const struct bw_board board; /* the port's */

void start(void);

void start(void)
{
    (void)bw_shelf_start(&shelf, &board);
    (void)bw_tracker_start(&tracker, &board);
    for (;;) {
        (void)bw_shelf_step(&shelf);
        (void)bw_tracker_step(&tracker);
    }
}
