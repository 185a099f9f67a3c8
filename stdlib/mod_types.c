/* mod_types.c - _types: the machine's own types, by the names that `types` gives them.
 *
 * What        One name per type. `types` is these and a few helpers written in toy.
 * How         A table. Scripts could find most of the types by asking things for their class; that costs more at each start.
 * GIL         held.
 * Read next   lib/types.toy, vm/object/kinds.def */
#include "vm/toy.h"

static const struct { const char *name; ToyBuiltin kind; } rows[] = {
    {"AsyncGeneratorType", TOY_KIND_ASYNC_GENERATOR},
    {"BuiltinFunctionType", TOY_KIND_NATIVE_FUNCTION},
    {"BuiltinMethodType", TOY_KIND_NATIVE_FUNCTION},
    {"CapsuleType", TOY_KIND_CAPSULE},
    {"CellType", TOY_KIND_CELL},
    {"ClassMethodDescriptorType", TOY_KIND_CLASS_METHOD_DESCRIPTOR},
    {"CodeType", TOY_KIND_CODE},
    {"CoroutineType", TOY_KIND_COROUTINE},
    {"EllipsisType", TOY_KIND_ELLIPSIS},
    {"FrameType", TOY_KIND_FRAME},
    {"FunctionType", TOY_KIND_FUNCTION},
    {"GeneratorType", TOY_KIND_GENERATOR},
    {"GenericAlias", TOY_KIND_GENERIC_ALIAS},
    {"GetSetDescriptorType", TOY_KIND_GETSET},
    {"LambdaType", TOY_KIND_FUNCTION},
    {"MappingProxyType", TOY_KIND_MAPPING_PROXY},
    {"MemberDescriptorType", TOY_KIND_MEMBER},
    {"MethodDescriptorType", TOY_KIND_METHOD_DESCRIPTOR},
    {"MethodType", TOY_KIND_METHOD},
    {"MethodWrapperType", TOY_KIND_METHOD_WRAPPER},
    {"ModuleType", TOY_KIND_MODULE},
    {"NoneType", TOY_KIND_NONE_TYPE},
    {"NotImplementedType", TOY_KIND_NOT_IMPLEMENTED},
    {"SimpleNamespace", TOY_KIND_NAMESPACE},
    {"TracebackType", TOY_KIND_TRACEBACK},
    {"UnionType", TOY_KIND_UNION},
    {"WrapperDescriptorType", TOY_KIND_SLOT_WRAPPER},
};

static bool init(ToyThread *t, ToyModuleObject *module)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (!toy_module_add(t, module, rows[i].name, toy_retain(toy_type_value(toy_builtin_type(t, rows[i].kind))))) return false;
    return true;
}

const ToyModule toy_module_types = {
    .name = "_types",
    .doc = "The machine's own types, by the names that module types gives them.",
    .init = init,
};
