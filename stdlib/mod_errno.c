/* mod_errno.c - errno: names of the system's error numbers.
 *
 * What        One constant per error, and errorcode, the way back. The smallest module: read it first.
 * How         errno_names.def has the names; a name that this system lacks is left out by the preprocessor.
 * GIL         held.
 * Read next   vm/toy.h, mod_time.c */
#include <errno.h>

#include "vm/toy.h"

static const ToyIntConstant numbers[] = {
#define ERROR(NAME) {#NAME, NAME},
#include "stdlib/errno_names.def"
#undef ERROR
};

static bool init(ToyThread *t, ToyModuleObject *module)
{
    ToyValue codes = toy_dict(t);
    bool done = !toy_failed(codes);
    for (size_t i = 0; done && i < sizeof numbers / sizeof *numbers; i++) {
        ToyValue name = toy_str(t, numbers[i].name);
        done = !toy_failed(name) && toy_dict_set(t, codes, toy_small_int_value(numbers[i].n), name);
        toy_release(name);
    }
    if (!done) {
        toy_release(codes);
        return false;
    }
    return toy_module_add(t, module, "errorcode", codes) && toy_module_add_ints(t, module, numbers, sizeof numbers / sizeof *numbers);
}

const ToyModule toy_module_errno = {
    .name = "errno",
    .doc = "Names of the system's error numbers, and errorcode, which maps each number to its name.",
    .init = init,
};
