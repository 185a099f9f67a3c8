/* mod_posixshmem.c - _posixshmem: shared memory that has a name.
 *
 * What        shm_open and shm_unlink, on which multiprocessing.shared_memory is built.
 * How         The system's own, with mode and flags as given. The descriptor is closed by exec; mmap makes memory of it.
 * GIL         dropped around both.
 * Read next   stdlib/lib/multiprocessing/shared_memory.toy */
#include <errno.h>
#include <sys/mman.h>

#include "vm/toy.h"

static ToyValue posix_shm_open(ToyThread *t, ToyValue self, const ToyValue *args)
{
    const char *name;
    int flags, mode = 0777, fd;
    if (!toy_arg_text(t, args[0], "shm_open", "'path'", &name) || !toy_arg_int(t, args[1], &flags) || !toy_arg_int(t, args[2], &mode)) return TOY_FAILED;
    do {
        toy_block_begin(t, "shm_open");
        fd = shm_open(name, flags, (mode_t)mode);
        toy_block_end(t);
    } while (fd < 0 && toy_block_retry(t));
    return fd < 0 ? toy_block_failed(t, args[0]) : toy_int(t, fd);
}

static ToyValue posix_shm_unlink(ToyThread *t, ToyValue self, const ToyValue *args)
{
    const char *name;
    int result;
    if (!toy_arg_text(t, args[0], "shm_unlink", "'path'", &name)) return TOY_FAILED;
    do {
        toy_block_begin(t, "shm_unlink");
        result = shm_unlink(name);
        toy_block_end(t);
    } while (result < 0 && toy_block_retry(t));
    return result < 0 ? toy_block_failed(t, args[0]) : TOY_NONE;
}

static const ToyFunction functions[] = {
    TOY_FUNCTION("shm_open", posix_shm_open, "(path, flags, mode=511)", 0, "Open the shared memory of that name; a descriptor."),
    TOY_FUNCTION("shm_unlink", posix_shm_unlink, "(path)", 0, "Take the name away; the memory stays as long as somebody has it open or mapped."),
    TOY_FUNCTIONS_END,
};

const ToyModule toy_module_posixshmem = {
    .name = "_posixshmem",
    .doc = "Shared memory that has a name.",
    .functions = functions,
};
