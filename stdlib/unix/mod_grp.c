/* mod_grp.c - grp: the groups of users of this machine.
 *
 * What        getgrgid, getgrnam, getgrall, and the record struct_group.
 * How         One look-up of the C library each, in its reentrant form, with room that grows until the entry fits.
 * GIL         dropped during a look-up; held while all are walked through, for that walk is one for the whole process.
 * Read next   accounts.h, mod_pwd.c */
#include <grp.h>

#include "stdlib/unix/accounts.h"

typedef struct GrpState { ToyType *entry; } GrpState;

static const ToyMember entry_fields[] = {
    TOY_RECORD_FIELD("gr_name", 0, "The name."), TOY_RECORD_FIELD("gr_passwd", 1, "The password, or 'x'."), TOY_RECORD_FIELD("gr_gid", 2, "The number."),
    TOY_RECORD_FIELD("gr_mem", 3, "A list of the members' names."), TOY_RECORD_END,
};
enum { ENTRY_FIELDS = 4 };
static const ToyTypeSpec entry_spec = TOY_RECORD("A group of users of this machine.", entry_fields, ENTRY_FIELDS);

static ToyValue entry_value(ToyThread *t, ToyValue module, const struct group *entry)
{
    ToyValue members = toy_list(t);
    for (char **name = entry->gr_mem; !toy_failed(members) && *name; name++)
        if (!toy_list_append_take(t, members, account_text(t, *name))) toy_clear(&members);
    ToyValue values[ENTRY_FIELDS] = {account_text(t, entry->gr_name), account_text(t, entry->gr_passwd), account_number_value(t, entry->gr_gid), members};
    return toy_record_new(t, ((GrpState *)toy_module_state(module))->entry, values);
}

/* By name, or if that is NULL by number. UNBOUND with nothing raised: there is none. */
static ToyValue look_up(ToyThread *t, ToyValue module, const char *name, gid_t number)
{
    for (size_t size = ENTRY_ROOM;; size *= 2) {
        struct group room, *entry = NULL;
        char *buffer = toy_alloc(t, size);
        if (!buffer) return TOY_FAILED;
        toy_block_begin(t, "getgrnam");
        int error = name ? getgrnam_r(name, &room, buffer, size, &entry) : getgrgid_r(number, &room, buffer, size, &entry);
        toy_block_end(t);
        ToyValue value = entry ? entry_value(t, module, entry) : TOY_UNBOUND;
        toy_free(t, buffer, size);
        if (error != ERANGE || size >= ENTRY_ROOM_MAX) return value;
    }
}

static ToyValue grp_getgrgid(ToyThread *t, ToyValue self, const ToyValue *args)
{
    uint32_t number;
    enum AccountNumber kind = account_number(t, args[0], "gid", &number);
    if (kind == ACCOUNT_RAISED) return TOY_FAILED;
    if (kind != ACCOUNT_READ) return toy_raise(t, TOY_OverflowError, "gid is %s", kind == ACCOUNT_TOO_SMALL ? "less than minimum" : "greater than maximum");
    ToyValue entry = look_up(t, self, NULL, number);
    if (toy_is_bound(entry) || toy_is_raised(t)) return entry;
    return toy_raise(t, TOY_KeyError, "getgrgid(): gid not found: %lld", number == UINT32_MAX ? -1LL : (long long)number);
}

static ToyValue grp_getgrnam(ToyThread *t, ToyValue self, const ToyValue *args)
{
    if (!toy_is_str(args[0])) return toy_raise_type_error(t, "getgrnam() argument 1 must be str, not %N", args[0]);
    ToyValue holder;
    const char *name = toy_path(t, args[0], NULL, &holder);
    if (!name) return TOY_FAILED;
    ToyValue entry = look_up(t, self, name, 0);
    toy_release(holder);
    if (toy_is_bound(entry) || toy_is_raised(t)) return entry;
    return toy_raise(t, TOY_KeyError, "getgrnam(): name not found: %R", args[0]);
}

static ToyValue grp_getgrall(ToyThread *t, ToyValue self, const ToyValue *args)
{
    ToyValue list = toy_list(t);
    struct group *entry;
    setgrent();
    while (!toy_failed(list) && (entry = getgrent()))
        if (!toy_list_append_take(t, list, entry_value(t, self, entry))) toy_clear(&list);
    endgrent();
    return list;
}

static const ToyFunction functions[] = {
    TOY_FUNCTION("getgrgid", grp_getgrgid, "(id)", 0, "The group of that number."),
    TOY_FUNCTION("getgrnam", grp_getgrnam, "(name)", 0, "The group of that name."),
    TOY_FUNCTION("getgrall", grp_getgrall, "()", 0, "A list of all groups, in no particular order."),
    TOY_FUNCTIONS_END,
};

static bool init(ToyThread *t, ToyModuleObject *module)
{
    GrpState *state = toy_module_state(toy_module_value(module));
    state->entry = toy_record_type_new(t, module, &entry_spec, "grp.struct_group");
    return state->entry && toy_module_add_type(t, module, state->entry);
}

const ToyModule toy_module_grp = {
    .name = "grp",
    .doc = "The groups of users of this machine, as records struct_group.",
    .functions = functions,
    .state_size = sizeof(GrpState),
    .init = init,
};
