/* mod_posix.c - posix: the system's calls; os is written in toy on top of it.
 *
 * What        Puts together what the other files of this folder define.
 * How         descriptors.c, transfers.c, event_descriptors.c: open files. paths.c, file_status.c, extended_attributes.c, scandir.c:
 *             files by name. processes.c, programs.c, scheduling.c, namespaces.c: processes. configuration.c, system.c: all the rest. path_argument.c reads paths for all of them.
 * Invariants  I1 a call that the kernel may let wait drops the lock exactly once; one that it answers at once keeps it.
 * GIL         held.
 * Read next   descriptors.c, processes.c, stdlib/lib/os.toy */
#include "stdlib/os/os.h"

static bool add_function(ToyThread *t, ToyModuleObject *module, const ToyFunction *row)
{
    ToyValue function = toy_function_new(t, row, toy_module_value(module)), name = toy_str(t, "posix");
    bool done = !toy_failed(function) && !toy_failed(name) && toy_set_attribute(t, function, "__module__", name);
    toy_release(name);
    if (done) return toy_module_add(t, module, row->name, function);
    toy_release(function);
    return false;
}

static bool add_functions(ToyThread *t, ToyModuleObject *module, const ToyFunction *table)
{
    for (const ToyFunction *row = table; row->name; row++)
        if (!add_function(t, module, row)) return false;
    return true;
}

static bool init(ToyThread *t, ToyModuleObject *module)
{
    static const ToyFunction *const tables[] = {posix_file_functions, posix_path_functions, posix_stat_functions, posix_scan_functions,
                                                posix_process_functions, posix_schedule_functions, posix_system_functions, posix_terminal_functions,
                                                posix_identity_functions, posix_transfer_functions, posix_event_functions, posix_attribute_functions,
                                                posix_program_functions, posix_configuration_functions, posix_namespace_functions};
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        if (!add_functions(t, module, tables[i])) return false;
    return add_stat_types(t, module) && add_scan_types(t, module) && add_process_types(t, module) && add_schedule_types(t, module) && add_system_types(t, module) &&
           add_system_values(t, module) && add_configuration_names(t, module) && add_program_constants(t, module) && add_transfer_constants(t, module) &&
           add_event_constants(t, module) && add_posix_constants(t, module) &&
           toy_module_add(t, module, "error", toy_type_value(toy_exception_type(t, TOY_OSError)));
}

const ToyModule toy_module_posix = {
    .name = "posix",
    .doc = "What the operating system offers, one function a call: the floor under the module os.",
    .state_size = sizeof(PosixState),
    .init = init,
};
