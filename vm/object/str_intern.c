/* str_intern.c - one object for each name.
 *
 * What        The table of interned strings, and the strings that exist once: '' and those of one Latin-1 character.
 * How         Open addressing over the strings' own hashes. The table does not count as a holder: an interned string
 *             that dies leaves it (str_forget_interned), and a tombstone keeps the rows of probes together.
 * Invariants  I1 equal strings in the table are the same object (I3 of str.h).  I2 a Str is in the table exactly if it has OBJECT_IS_INTERNED.
 *             I3 at least a quarter of the entries is empty.
 * GIL         held.
 * Read next   str.c, vm/object/names.def */
#include "vm/object/exception.h"
#include "vm/object/heap.h"
#include "vm/object/str.h"

enum { FIRST_SIZE = 1024 };

struct InternTable {
    Str **entries;            /* NULL: empty; a tombstone: somebody died here */
    size_t mask;
    size_t used, filled;      /* live; live and tombstones */
};

/* The address of something that is no Str. */
static Str *tombstone(InternTable *table)
{
    return (Str *)table;
}

/* The entry of an equal string, or the place where [s] belongs. */
static Str **find_entry(InternTable *table, const Str *s)
{
    Str **free_entry = NULL;
    for (size_t i = (size_t)s->hash & table->mask;; i = (i + 1) & table->mask) {
        Str **entry = &table->entries[i];
        if (!*entry)
            return free_entry ? free_entry : entry;
        if (*entry == tombstone(table)) {
            if (!free_entry)
                free_entry = entry;
        } else if ((*entry)->hash == s->hash && str_equal(*entry, s)) {
            return entry;
        }
    }
}

static bool table_resize(Interp *interp, InternTable *table, size_t size)
{
    Str **old = table->entries;
    size_t old_size = old ? table->mask + 1 : 0;
    Str **entries = memory_alloc_zeroed(&interp->memory, size * sizeof *entries);
    if (!entries)
        return false;
    table->entries = entries;
    table->mask = size - 1;
    table->filled = table->used;
    for (size_t i = 0; i < old_size; i++) {
        if (old[i] && old[i] != tombstone(table))
            *find_entry(table, old[i]) = old[i];
    }
    memory_free(&interp->memory, old, old_size * sizeof *old);
    return true;
}

Str *str_intern(Thread *t, TAKES Str *s)
{
    if (!s || (s->head.flags & OBJECT_IS_INTERNED))
        return s;
    Interp *interp = t->interp;
    InternTable *table = interp->interned;
    if (s->head.kind != KIND_STR) {  /* an instance of a subclass may carry anything: its plain copy is interned */
        Value copy = str_exact(t, s);
        object_release(s);
        return failed(copy) ? NULL : str_intern(t, as_str(copy));
    }
    if (s->length == 1 && s->width == 1) {
        Str *shared = interp->one_char[str_char(s, 0)];
        if (shared && shared != s) {
            object_retain(shared);
            object_release(s);
            s = shared;
        }
    }
    str_hash(t, s);
    Str **entry = find_entry(table, s);
    if (*entry && *entry != tombstone(table)) {
        Str *known = *entry;
        object_retain(known);
        object_release(s);
        return known;
    }
    if ((table->filled + 1) * 4 > (table->mask + 1) * 3) {
        if (!table_resize(interp, table, (table->mask + 1) * (table->used * 2 > table->mask ? 2 : 1))) {
            object_release(s);
            raise_memory_error(t);
            return NULL;
        }
        entry = find_entry(table, s);
    }
    table->filled += !*entry;
    table->used++;
    *entry = s;
    s->head.flags |= OBJECT_IS_INTERNED;
    return s;
}

Str *str_intern_text(Thread *t, const char *text)
{
    return str_intern(t, str_from_text(t, text));
}

void str_forget_interned(Interp *interp, Str *s)
{
    InternTable *table = interp->interned;
    if (!table)  /* the interpreter ends: str_finish was here */
        return;
    Str **entry = find_entry(table, s);
    if (*entry == s) {
        *entry = tombstone(table);
        table->used--;
    }
}

/* ---- start and end ---- */

bool str_init(Thread *t)
{
    Interp *interp = t->interp;
    InternTable *table = memory_alloc_zeroed(&interp->memory, sizeof *table);
    if (!table || !table_resize(interp, table, FIRST_SIZE)) {
        memory_free(&interp->memory, table, sizeof *table);
        return false;
    }
    interp->interned = table;
    Str *empty = str_new(t, 0, 0);
    if (!empty)
        return false;
    empty->head.count = COUNT_IMMORTAL;
    interp->empty_str = object_value(empty);
    for (unsigned c = 0; c < 256; c++) {
        Str *one = str_new(t, 1, c);
        if (!one)
            return false;
        str_put(one, 0, c);
        one->head.count = COUNT_IMMORTAL;
        interp->one_char[c] = one;
    }
    return true;
}

void str_finish(Interp *interp)
{
    InternTable *table = interp->interned;
    if (!table)
        return;
    memory_free(&interp->memory, table->entries, (table->mask + 1) * sizeof *table->entries);
    memory_free(&interp->memory, table, sizeof *table);
    interp->interned = NULL;
}
