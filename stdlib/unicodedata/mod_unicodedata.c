/* mod_unicodedata.c - unicodedata: the Unicode database.
 *
 * What        category, name, lookup, normalize ... of Unicode 15.1; ucd_3_2_0, an object with the same methods for Unicode 3.2.
 * How         The database itself is the machine's (vm/base). For 3.2 a list of runs of characters tells what was different; most of
 *             them were not assigned. Module and object share their functions: which of the two is asked is told by self.
 * GIL         held.
 * Read next   ucd_tables.h, vm/base/unicode.h */
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "stdlib/unicodedata/ucd_tables.h"
#include "vm/toy.h"

#define LENGTH_OF(array) (sizeof(array) / sizeof *(array))

/* ---- arguments ---- */

static bool is_old(ToyThread *t, ToyValue self)
{
    return !toy_is_a(t, self, toy_builtin_type(t, TOY_KIND_MODULE));
}

/* One character; [number] 0: the only argument. */
static bool read_character(ToyThread *t, const char *function, int number, ToyValue v, uint32_t *c)
{
    if (toy_is_str(v) && toy_str_length(v) == 1) {
        *c = toy_str_char(v, 0);
        return true;
    }
    if (number == 0) return toy_raise_false(t, TOY_TypeError, "%s() argument must be a unicode character, not %N", function, v);
    return toy_raise_false(t, TOY_TypeError, "%s() argument %d must be a unicode character, not %N", function, number, v);
}

/* ---- records ---- */

/* What was different in 3.2, or NULL. */
static const struct OldRecord *old_record(uint32_t c)
{
    size_t low = 0, high = LENGTH_OF(old_records);
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (old_records[middle].last < c) low = middle + 1;
        else high = middle;
    }
    return low < LENGTH_OF(old_records) && old_records[low].first <= c ? &old_records[low] : NULL;
}

static bool was_unassigned(uint32_t c)
{
    const struct OldRecord *record = old_record(c);
    return record && strcmp(record->category, "Cn") == 0;
}

static bool read_record(ToyThread *t, ToyValue self, const char *function, int number, ToyValue v, ToyCharacter *known)
{
    uint32_t c;
    if (!read_character(t, function, number, v, &c)) return false;
    *known = toy_char(c);
    const struct OldRecord *old = is_old(t, self) ? old_record(c) : NULL;
    if (!old) return true;
    known->category = old->category;
    known->bidirectional = old->bidirectional;
    known->east_asian_width = old->width;
    known->is_mirrored = old->is_mirrored;
    known->decimal = old->decimal;
    if (was_unassigned(c)) {
        known->combining = 0;
        known->is_numeric = false;
    }
    return true;
}

static ToyValue category(ToyThread *t, ToyValue self, const ToyValue *args)
{
    ToyCharacter known;
    return read_record(t, self, "category", 0, args[0], &known) ? toy_str(t, known.category) : TOY_FAILED;
}

static ToyValue bidirectional(ToyThread *t, ToyValue self, const ToyValue *args)
{
    ToyCharacter known;
    return read_record(t, self, "bidirectional", 0, args[0], &known) ? toy_str(t, known.bidirectional) : TOY_FAILED;
}

static ToyValue east_asian_width(ToyThread *t, ToyValue self, const ToyValue *args)
{
    ToyCharacter known;
    return read_record(t, self, "east_asian_width", 0, args[0], &known) ? toy_str(t, known.east_asian_width) : TOY_FAILED;
}

static ToyValue combining(ToyThread *t, ToyValue self, const ToyValue *args)
{
    ToyCharacter known;
    return read_record(t, self, "combining", 0, args[0], &known) ? toy_int(t, known.combining) : TOY_FAILED;
}

static ToyValue mirrored(ToyThread *t, ToyValue self, const ToyValue *args)
{
    ToyCharacter known;
    return read_record(t, self, "mirrored", 0, args[0], &known) ? toy_int(t, known.is_mirrored) : TOY_FAILED;
}

/* ---- numbers ---- */

static ToyValue number_or(ToyThread *t, TOY_TAKES ToyValue number, bool exists, ToyValue fallback, const char *message)
{
    if (exists) return number;
    toy_release(number);
    return toy_is_bound(fallback) ? toy_retain(fallback) : toy_raise_value_error(t, "%s", message);
}

static ToyValue decimal(ToyThread *t, ToyValue self, const ToyValue *args)
{
    ToyCharacter known;
    if (!read_record(t, self, "decimal", 1, args[0], &known)) return TOY_FAILED;
    return number_or(t, toy_int(t, known.decimal), known.decimal >= 0, args[1], "not a decimal");
}

static ToyValue digit(ToyThread *t, ToyValue self, const ToyValue *args)
{
    ToyCharacter known;
    if (!read_record(t, self, "digit", 1, args[0], &known)) return TOY_FAILED;
    return number_or(t, toy_int(t, known.digit), known.digit >= 0, args[1], "not a digit");
}

static ToyValue numeric(ToyThread *t, ToyValue self, const ToyValue *args)
{
    ToyCharacter known;
    if (!read_record(t, self, "numeric", 1, args[0], &known)) return TOY_FAILED;
    ToyValue number = toy_float(t, known.is_numeric ? known.numeric : 0);
    return toy_failed(number) ? TOY_FAILED : number_or(t, number, known.is_numeric, args[1], "not a numeric character");
}

/* ---- names ---- */

static ToyValue name(ToyThread *t, ToyValue self, const ToyValue *args)
{
    uint32_t c;
    char text[TOY_CHAR_NAME_MAX];
    if (!read_character(t, "name", 1, args[0], &c)) return TOY_FAILED;
    if ((!is_old(t, self) || !was_unassigned(c)) && toy_char_name(c, text) > 0) return toy_str(t, text);
    return toy_is_bound(args[1]) ? toy_retain(args[1]) : toy_raise_value_error(t, "no such name");
}

static int compare_names(const void *wanted, const void *row)
{
    return strcmp(wanted, ((const struct NamedSequence *)row)->name);
}

/* FAILED without anything raised: there is no such sequence. */
static ToyValue find_sequence(ToyThread *t, const char *wanted, size_t length)
{
    char capitals[TOY_CHAR_NAME_MAX];
    if (length >= sizeof capitals || memchr(wanted, 0, length)) return TOY_FAILED;
    for (size_t i = 0; i < length; i++)
        capitals[i] = wanted[i] >= 'a' && wanted[i] <= 'z' ? (char)(wanted[i] - 'a' + 'A') : wanted[i];
    capitals[length] = '\0';
    const struct NamedSequence *found = bsearch(capitals, named_sequences, LENGTH_OF(named_sequences), sizeof *named_sequences, compare_names);
    if (!found) return TOY_FAILED;
    uint32_t characters[4];
    size_t count = 0;
    for (; count < 4 && found->text[count]; count++)
        characters[count] = found->text[count];
    return toy_str_from_ucs4(t, characters, count);
}

static ToyValue lookup_text(ToyThread *t, ToyValue self, const char *wanted, size_t length)
{
    enum { LONGEST = 256 };
    if (length > LONGEST) return toy_raise(t, TOY_KeyError, "name too long");
    uint32_t c = toy_char_by_name(wanted, length);
    char own_name[TOY_CHAR_NAME_MAX];
    bool is_alias = c != UINT32_MAX && (toy_char_name(c, own_name) != length || strncasecmp(own_name, wanted, length) != 0);
    if (c != UINT32_MAX && !(is_alias && is_old(t, self))) return toy_str_from_char(t, c);
    ToyValue sequence = is_old(t, self) ? TOY_FAILED : find_sequence(t, wanted, length);
    if (!toy_failed(sequence) || toy_is_raised(t)) return sequence;
    ToyValue shown = toy_str_decode(t, wanted, strnlen(wanted, length), "utf-8", "replace");
    if (!toy_failed(shown)) toy_raise(t, TOY_KeyError, "undefined character name '%S'", shown);
    toy_release(shown);
    return TOY_FAILED;
}

static ToyValue lookup(ToyThread *t, ToyValue self, const ToyValue *args)
{
    size_t length;
    if (toy_is_str(args[0])) {
        const char *text = toy_str_utf8(t, args[0], &length);
        return text ? lookup_text(t, self, text, length) : TOY_FAILED;
    }
    ToyBuffer bytes;
    if (!toy_buffer_get(t, args[0], &bytes, 0)) return TOY_FAILED;
    ToyValue character = lookup_text(t, self, (const char *)bytes.data, bytes.length);
    toy_buffer_release(t, &bytes);
    return character;
}

/* ---- decomposing and composing ---- */

static ToyValue decomposition(ToyThread *t, ToyValue self, const ToyValue *args)
{
    uint32_t c;
    if (!read_character(t, "decomposition", 0, args[0], &c)) return TOY_FAILED;
    const uint32_t *parts;
    const char *tag = "";
    size_t count = is_old(t, self) && was_unassigned(c) ? 0 : toy_char_decomposition(c, &parts, &tag);
    ToyText text;
    toy_text_init(&text, t);
    if (count) toy_text_add_ascii(&text, tag, strlen(tag));
    for (size_t i = 0; i < count; i++) {
        char part[16];
        int length = snprintf(part, sizeof part, "%s%04X", i > 0 || tag[0] ? " " : "", (unsigned)parts[i]);
        toy_text_add_ascii(&text, part, (size_t)length);
    }
    return toy_text_finish(&text);
}

static bool read_form(ToyThread *t, const char *function, const ToyValue *args, ToyNormalForm *form)
{
    static const char *const names[] = {"NFC", "NFD", "NFKC", "NFKD"};
    for (int i = 0; i < 2; i++) {
        if (!toy_is_str(args[i])) return toy_raise_false(t, TOY_TypeError, "%s() argument %d must be str, not %N", function, i + 1, args[i]);
    }
    for (size_t i = 0; i < LENGTH_OF(names); i++) {
        if (!toy_str_is(args[0], names[i])) continue;
        *form = (ToyNormalForm)i;
        return true;
    }
    return toy_raise_false(t, TOY_ValueError, "invalid normalization form");
}

/* What had no meaning yet in 3.2 stays as it is and parts the text, but for marks, which have their order; corrected characters become what they were thought to be. */
static ToyValue normalize_old(ToyThread *t, ToyValue str, ToyNormalForm form)
{
    size_t length = toy_str_length(str);
    ToyText whole, part;
    toy_text_init(&whole, t);
    toy_text_init(&part, t);
    for (size_t i = 0; i <= length && !whole.has_failed; i++) {
        uint32_t c = i < length ? toy_str_char(str, i) : 0;
        bool is_barrier = i == length || (was_unassigned(c) && toy_char(c).combining == 0);
        for (size_t j = 0; !is_barrier && j < LENGTH_OF(old_decompositions); j++)
            if (old_decompositions[j].character == c) c = old_decompositions[j].part;
        if (!is_barrier) {
            toy_text_add_char(&part, c);
            continue;
        }
        ToyValue text = toy_text_finish(&part);
        ToyValue normal = toy_failed(text) ? TOY_FAILED : toy_str_normalize(t, text, form);
        toy_release(text);
        if (toy_failed(normal)) {
            toy_text_abandon(&whole);
            return TOY_FAILED;
        }
        toy_text_add(&whole, normal);
        toy_release(normal);
        if (i < length) toy_text_add_char(&whole, c);
    }
    return toy_text_finish(&whole);
}

static ToyValue normal_text(ToyThread *t, ToyValue self, ToyValue str, ToyNormalForm form)
{
    return is_old(t, self) ? normalize_old(t, str, form) : toy_str_normalize(t, str, form);
}

static ToyValue normalize(ToyThread *t, ToyValue self, const ToyValue *args)
{
    ToyNormalForm form;
    return read_form(t, "normalize", args, &form) ? normal_text(t, self, args[1], form) : TOY_FAILED;
}

static ToyValue is_normalized(ToyThread *t, ToyValue self, const ToyValue *args)
{
    ToyNormalForm form;
    if (!read_form(t, "is_normalized", args, &form)) return TOY_FAILED;
    ToyValue normal = normal_text(t, self, args[1], form);
    if (toy_failed(normal)) return TOY_FAILED;
    bool is_same = toy_str_equal(normal, args[1]);
    toy_release(normal);
    return toy_bool(is_same);
}

/* ---- the module, and the object that is like it ---- */

#define FUNCTIONS(receiver) \
    TOY_FUNCTION("bidirectional", bidirectional, "(" receiver "chr, /)", TOY_LEAF, "Return the bidirectional class of a character, '' if it has none."), \
    TOY_FUNCTION("category", category, "(" receiver "chr, /)", TOY_LEAF, "Return the general category of a character: 'Lu', 'Nd' ..."), \
    TOY_FUNCTION("combining", combining, "(" receiver "chr, /)", TOY_LEAF, "How a mark is placed at the letter before it: its combining class, 0 if it is none."), \
    TOY_FUNCTION("decimal", decimal, "(" receiver "chr, default=<unrepresentable>, /)", TOY_LEAF, \
                 "Return the value of a decimal digit as int.\n\nWithout a value: the default, or ValueError."), \
    TOY_FUNCTION("decomposition", decomposition, "(" receiver "chr, /)", TOY_LEAF, "Return the decomposition mapping of a character as text."), \
    TOY_FUNCTION("digit", digit, "(" receiver "chr, default=<unrepresentable>, /)", TOY_LEAF, \
                 "Return the value of a digit, superscripts and such included, as int.\n\nWithout a value: the default, or ValueError."), \
    TOY_FUNCTION("east_asian_width", east_asian_width, "(" receiver "chr, /)", TOY_LEAF, "Return how wide a character is in East Asian text: 'N', 'W' ..."), \
    TOY_FUNCTION("is_normalized", is_normalized, "(" receiver "form, unistr, /)", TOY_LEAF, "Is the text in the normal form ('NFC', 'NFKC', 'NFD' or 'NFKD')?"), \
    TOY_FUNCTION("lookup", lookup, "(" receiver "name, /)", 0, \
                 "Return the character, or the sequence of characters, of that name.\n\nKeyError if there is none."), \
    TOY_FUNCTION("mirrored", mirrored, "(" receiver "chr, /)", TOY_LEAF, "Return 1 if a character is mirrored in text from right to left, else 0."), \
    TOY_FUNCTION("name", name, "(" receiver "chr, default=<unrepresentable>, /)", TOY_LEAF, \
                 "Return the name of a character.\n\nWithout a name: the default, or ValueError."), \
    TOY_FUNCTION("normalize", normalize, "(" receiver "form, unistr, /)", TOY_LEAF, "Return the text in a normal form: 'NFC', 'NFKC', 'NFD' or 'NFKD'."), \
    TOY_FUNCTION("numeric", numeric, "(" receiver "chr, default=<unrepresentable>, /)", TOY_LEAF, \
                 "Return the value of a numeric character as float.\n\nWithout a value: the default, or ValueError."), \
    TOY_FUNCTIONS_END

static const ToyFunction functions[] = {FUNCTIONS("")};
static const ToyFunction methods[] = {FUNCTIONS("$self, ")};

typedef struct OldDatabase { ToyObject head; ToyValue version; } OldDatabase;

static void old_database_free(ToyObject *self) { toy_clear(&((OldDatabase *)self)->version); }

static const ToyMember old_database_members[] = {
    {"unidata_version", MEMBER_VALUE, offsetof(OldDatabase, version), true, NULL},
    {NULL, MEMBER_VALUE, 0, true, NULL},
};

static const ToyTypeSpec old_database_spec = {
    .doc = "An older version of the database, with the functions of the module as methods.",
    .size = sizeof(OldDatabase),
    .flags = TOY_TYPE_IS_FINAL | TOY_TYPE_NO_NEW,
    .methods = methods,
    .members = old_database_members,
    .free = old_database_free,
};

static bool init(ToyThread *t, ToyModuleObject *module)
{
    ToyType *type = toy_type_new(t, NULL, &old_database_spec, "unicodedata.UCD", NULL);
    if (!type || !toy_module_add_type(t, module, type) || !toy_module_add(t, module, "unidata_version", toy_str(t, toy_unicode_version()))) return false;
    OldDatabase *old = (OldDatabase *)toy_type_alloc(t, type);
    if (!old) return false;
    old->version = toy_str(t, "3.2.0");
    if (toy_failed(old->version)) {
        toy_release(toy_value(old));
        return false;
    }
    return toy_module_add(t, module, "ucd_3_2_0", toy_value(old));
}

const ToyModule toy_module_unicodedata = {
    .name = "unicodedata",
    .doc = "The Unicode database: names, categories, decompositions and more of every character.",
    .functions = functions,
    .init = init,
};
