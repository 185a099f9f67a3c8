/* accounts.h - what modules pwd and grp share.
 *
 * What        Numbers of users and groups as arguments, fields of entries, and the size of the room that a look-up needs.
 * How         A number is 32 bits; -1 stands for the highest. The C library writes an entry's texts into room of the caller's, and says
 *             when it was too small.
 * GIL         held.
 * Read next   mod_pwd.c, mod_grp.c */
#ifndef TOY_STDLIB_UNIX_ACCOUNTS_H
#define TOY_STDLIB_UNIX_ACCOUNTS_H

#include <errno.h>

#include "vm/toy.h"

enum { ENTRY_ROOM = 2048, ENTRY_ROOM_MAX = 1 << 20 };

enum AccountNumber { ACCOUNT_RAISED, ACCOUNT_READ, ACCOUNT_TOO_SMALL, ACCOUNT_TOO_LARGE };
/* [what] is "uid" or "gid". */
static inline enum AccountNumber account_number(ToyThread *t, ToyValue v, const char *what, uint32_t *number)
{
    ToyValue n = toy_is_float(v) ? TOY_FAILED : toy_index(t, v);
    if (toy_failed(n)) {
        toy_raised_clear(t);
        (void)toy_raise_type_error(t, "%s should be integer, not %T", what, v);
        return ACCOUNT_RAISED;
    }
    int64_t wide = 0;
    bool is_wide = !toy_int_fits_int64(n, &wide), is_negative = toy_int_sign(n) < 0;
    toy_release(n);
    *number = (uint32_t)wide;
    /* CPython compares after cutting down to 32 bits, and so calls all that fits 64 bits, but not these, too small. */
    if (is_wide) return is_negative ? ACCOUNT_TOO_SMALL : ACCOUNT_TOO_LARGE;
    return wide < -1 || wide > UINT32_MAX ? ACCOUNT_TOO_SMALL : ACCOUNT_READ;
}

static inline ToyValue account_text(ToyThread *t, const char *text) { return text ? toy_str_from_os(t, text, strlen(text)) : TOY_NONE; }
static inline ToyValue account_number_value(ToyThread *t, uint32_t number) { return toy_int(t, number == UINT32_MAX ? -1 : (int64_t)number); }

#endif
