/* _greeting.c - the module of vm/README.md, "A module of one's own", for shared_object.sh. */
#include "toy.h"

static ToyValue hello(ToyThread *t, ToyValue self, const ToyValue *args)
{
    const char *name;
    if (!toy_arg_text(t, args[0], "hello", "1", &name)) return TOY_FAILED;
    return toy_str_format(t, "hello, %s", name);
}

static const ToyFunction functions[] = {
    TOY_FUNCTION("hello", hello, "(name, /)", 0, "Return a greeting."),
    TOY_FUNCTIONS_END,
};

#ifndef ABI
#define ABI TOY_ABI
#endif
const ToyModule toy_module = {.abi = ABI, .name = "greeting", .doc = "Greetings.", .functions = functions};
