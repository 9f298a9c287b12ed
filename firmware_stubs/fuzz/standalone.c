/* Runs a fuzz target without clang: a fixed number of inputs from a fixed seed, mutated from files and from each other.
 *
 * Not guided by coverage as libFuzzer is; it is what every `make test` can afford, and the same each time. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LARGEST 1200u
#define POOL 64u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
    uint8_t bytes[LARGEST];
    size_t size;
};

static struct input pool[POOL];
static unsigned pooled;
static uint64_t state = 88172645463325252u;

static uint32_t random_below(uint32_t limit)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)((state >> 16) % limit);
}

static void load(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file != NULL && pooled < POOL) {
        pool[pooled].size = fread(pool[pooled].bytes, 1, LARGEST, file);
        pooled++;
    }
    if (file != NULL) {
        fclose(file);
    }
}

static void remove_part(struct input *input)
{
    size_t from = random_below((uint32_t)input->size);
    size_t length = 1u + random_below((uint32_t)(input->size - from));
    memmove(input->bytes + from, input->bytes + from + length, input->size - from - length);
    input->size -= length;
}

static void repeat_part(struct input *input)
{
    size_t from = random_below((uint32_t)input->size);
    size_t length = 1u + random_below((uint32_t)(input->size - from));
    if (input->size + length <= LARGEST) {
        memmove(input->bytes + from + length, input->bytes + from, input->size - from);
        input->size += length;
    }
}

static void mutate(struct input *input)
{
    for (uint32_t times = 1u + random_below(4); times > 0 && input->size > 0; times--) {
        uint8_t *byte = &input->bytes[random_below((uint32_t)input->size)];
        switch (random_below(5)) {
        case 0:
            *byte ^= (uint8_t)(1u << random_below(8));
            break;
        case 1:
            *byte = (uint8_t)random_below(256);
            break;
        case 2:
            remove_part(input);
            break;
        case 3:
            repeat_part(input);
            break;
        default:
            *byte = (uint8_t)"\0\377{}[],:\"$*\r\n0-"[random_below(15)];
        }
    }
}

static void invent(struct input *input)
{
    input->size = 1u + random_below(LARGEST - 1u);
    for (size_t i = 0; i < input->size; i++) {
        input->bytes[i] = (uint8_t)random_below(256);
    }
}

int main(int count, char **arguments)
{
    static struct input input;
    unsigned long runs = count > 1 ? strtoul(arguments[1], NULL, 10) : 0;
    for (int i = 2; i < count; i++) {
        load(arguments[i]);
    }
    for (unsigned long run = 0; run < runs; run++) {
        if (pooled == 0 || random_below(50) == 0) {
            invent(&input);
        } else {
            input = pool[random_below(pooled)];
        }
        mutate(&input);
        LLVMFuzzerTestOneInput(input.bytes, input.size);
        if (pooled < POOL || random_below(20) == 0) {
            pool[pooled < POOL ? pooled++ : random_below(POOL)] = input;
        }
    }
    printf("%lu inputs, no finding\n", runs);
    return 0;
}
