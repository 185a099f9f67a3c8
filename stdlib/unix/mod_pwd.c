/* mod_pwd.c - pwd: the users of this machine.
 *
 * What        getpwuid, getpwnam, getpwall, and the record struct_passwd.
 * How         One look-up of the C library each, in its reentrant form, with room that grows until the entry fits.
 * GIL         dropped during a look-up; held while all are walked through, for that walk is one for the whole process.
 * Read next   accounts.h, mod_grp.c */
#include <pwd.h>

#include "stdlib/unix/accounts.h"

typedef struct PwdState { ToyType *entry; } PwdState;

static const ToyMember entry_fields[] = {
    TOY_RECORD_FIELD("pw_name", 0, "The name."), TOY_RECORD_FIELD("pw_passwd", 1, "The password, or 'x'."), TOY_RECORD_FIELD("pw_uid", 2, "The number."),
    TOY_RECORD_FIELD("pw_gid", 3, "The number of the first group."), TOY_RECORD_FIELD("pw_gecos", 4, "The person's name."),
    TOY_RECORD_FIELD("pw_dir", 5, "The home folder."), TOY_RECORD_FIELD("pw_shell", 6, "The shell."), TOY_RECORD_END,
};
enum { ENTRY_FIELDS = 7 };
static const ToyTypeSpec entry_spec = TOY_RECORD("A user of this machine.", entry_fields, ENTRY_FIELDS);

static ToyValue entry_value(ToyThread *t, ToyValue module, const struct passwd *entry)
{
    ToyValue values[ENTRY_FIELDS] = {account_text(t, entry->pw_name), account_text(t, entry->pw_passwd), account_number_value(t, entry->pw_uid),
                                     account_number_value(t, entry->pw_gid), account_text(t, entry->pw_gecos), account_text(t, entry->pw_dir),
                                     account_text(t, entry->pw_shell)};
    return toy_record_new(t, ((PwdState *)toy_module_state(module))->entry, values);
}

/* By name, or if that is NULL by number. UNBOUND with nothing raised: there is none. */
static ToyValue look_up(ToyThread *t, ToyValue module, const char *name, uid_t number)
{
    for (size_t size = ENTRY_ROOM;; size *= 2) {
        struct passwd room, *entry = NULL;
        char *buffer = toy_alloc(t, size);
        if (!buffer) return TOY_FAILED;
        toy_block_begin(t, "getpwnam");
        int error = name ? getpwnam_r(name, &room, buffer, size, &entry) : getpwuid_r(number, &room, buffer, size, &entry);
        toy_block_end(t);
        ToyValue value = entry ? entry_value(t, module, entry) : TOY_UNBOUND;
        toy_free(t, buffer, size);
        if (error != ERANGE || size >= ENTRY_ROOM_MAX) return value;
    }
}

static ToyValue pwd_getpwuid(ToyThread *t, ToyValue self, const ToyValue *args)
{
    uint32_t number;
    enum AccountNumber kind = account_number(t, args[0], "uid", &number);
    if (kind == ACCOUNT_RAISED) return TOY_FAILED;
    if (kind != ACCOUNT_READ) return toy_raise(t, TOY_KeyError, "getpwuid(): uid not found");
    ToyValue entry = look_up(t, self, NULL, number);
    if (toy_is_bound(entry) || toy_is_raised(t)) return entry;
    return toy_raise(t, TOY_KeyError, "getpwuid(): uid not found: %lld", number == UINT32_MAX ? -1LL : (long long)number);
}

static ToyValue pwd_getpwnam(ToyThread *t, ToyValue self, const ToyValue *args)
{
    if (!toy_is_str(args[0])) return toy_raise_type_error(t, "getpwnam() argument must be str, not %N", args[0]);
    ToyValue holder;
    const char *name = toy_path(t, args[0], NULL, &holder);
    if (!name) return TOY_FAILED;
    ToyValue entry = look_up(t, self, name, 0);
    toy_release(holder);
    if (toy_is_bound(entry) || toy_is_raised(t)) return entry;
    return toy_raise(t, TOY_KeyError, "getpwnam(): name not found: %R", args[0]);
}

static ToyValue pwd_getpwall(ToyThread *t, ToyValue self, const ToyValue *args)
{
    ToyValue list = toy_list(t);
    struct passwd *entry;
    setpwent();
    while (!toy_failed(list) && (entry = getpwent()))
        if (!toy_list_append_take(t, list, entry_value(t, self, entry))) toy_clear(&list);
    endpwent();
    return list;
}

static const ToyFunction functions[] = {
    TOY_FUNCTION("getpwuid", pwd_getpwuid, "(uidobj, /)", 0, "The user of that number."),
    TOY_FUNCTION("getpwnam", pwd_getpwnam, "(name, /)", 0, "The user of that name."),
    TOY_FUNCTION("getpwall", pwd_getpwall, "()", 0, "A list of all users, in no particular order."),
    TOY_FUNCTIONS_END,
};

static bool init(ToyThread *t, ToyModuleObject *module)
{
    PwdState *state = toy_module_state(toy_module_value(module));
    state->entry = toy_record_type_new(t, module, &entry_spec, "pwd.struct_passwd");
    return state->entry && toy_module_add_type(t, module, state->entry);
}

const ToyModule toy_module_pwd = {
    .name = "pwd",
    .doc = "The users of this machine, as records struct_passwd.",
    .functions = functions,
    .state_size = sizeof(PwdState),
    .init = init,
};
