/* signature.c - signatures of native functions: read from their text, and used to sort arguments.
 *
 * What        signature_parse, signature_bind, and the readers of single arguments (arg_int64 ...).
 * How         The text is what inspect would show: "($self, x, /, y, z=None, *args, key=0, **kwargs)". Only names, `/`, `*` and whether
 *             there is a default matter; defaults themselves are skipped, quotes and brackets respected.
 * Invariants  I1 names are interned, so that a keyword of a call is found by comparing pointers in most cases.
 * GIL         held.
 * Read next   native.c */
#include "vm/object/native.h"

#include "vm/object/dict.h"
#include "vm/object/exception.h"
#include "vm/object/float.h"
#include "vm/object/heap.h"
#include "vm/object/int.h"
#include "vm/object/list.h"
#include "vm/object/protocol.h"
#include "vm/object/str.h"
#include "vm/object/suggest.h"

/* ---- reading the text ---- */

/* One parameter as written: its name, and whether it has a default. */
typedef struct Piece { const char *name; size_t length; bool has_default, is_in_brackets; } Piece;

static bool is_name_char(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$'; }

/* Reads up to the comma or bracket that ends the parameter. False: no more. */
static bool next_piece(const char **text, Piece *piece)
{
    const char *at = *text;
    for (; *at && strchr(" ,([]", *at); at++) piece->is_in_brackets |= *at == '[';
    if (*at == ')' || !*at) return false;
    piece->name = at;
    while (*at == '*' || *at == '/' || is_name_char(*at)) at++;
    piece->length = (size_t)(at - piece->name);
    piece->has_default = piece->is_in_brackets;
    int depth = 0;
    bool is_named_only = true;
    for (; *at && (depth || (*at != ',' && *at != ')' && *at != ']')); at++) {
        if (*at == '[' && is_named_only) break;   /* "sub[, start[, end]]": what follows may be left out */
        is_named_only &= *at != '=';
        if (*at == '=') piece->has_default = true;
        if (*at == '\'' || *at == '"') {
            char quote = *at++;
            while (*at && *at != quote) at += *at == '\\' && at[1] ? 2 : 1;
            if (!*at) break;
        } else if (*at == '(' || *at == '[' || *at == '{') {
            depth++;
        } else if (*at == ')' || *at == ']' || *at == '}') {
            depth--;
        }
    }
    *text = at;
    return true;
}

static bool is_piece(const Piece *piece, const char *text) { return piece->length == strlen(text) && memcmp(piece->name, text, piece->length) == 0; }

Signature *signature_parse(Thread *t, const char *text)
{
    size_t most = 1;
    for (const char *at = text; *at; at++) most += *at == ',';
    Signature *signature = block_alloc(t, sizeof *signature + most * sizeof(Str *));
    if (!signature) return NULL;
    *signature = (Signature){.names = (Str **)(signature + 1)};
    bool is_keyword_only = false;
    Piece piece = {.is_in_brackets = false};
    const char *at = text;
    while (next_piece(&at, &piece)) {
        if (piece.name[0] == '$') continue;    /* the receiver: not an argument */
        if (is_piece(&piece, "/")) {
            signature->positional_only = signature->count;
            continue;
        }
        if (piece.name[0] == '*') {
            if (piece.length > 2 && piece.name[1] == '*') signature->has_kwargs = true;
            else is_keyword_only = true, signature->has_args |= piece.length > 1;
            continue;
        }
        Str *name = str_intern(t, str_from_ascii(t, piece.name, piece.length));
        if (!name) {
            signature_free(t, signature);
            return NULL;
        }
        uint16_t i = signature->count++;
        signature->names[i] = name;
        if (!is_keyword_only) signature->positional = signature->count;
        if (piece.has_default) continue;
        if (is_keyword_only) signature->keyword_required |= UINT64_C(1) << i;
        else signature->required = signature->count;
    }
    bool is_exact = signature->positional == signature->count && !signature->has_args && !signature->has_kwargs;
    signature->exact_count = is_exact ? signature->count : SIGNATURE_BINDS;
    bool is_few = signature->count - signature->required <= NATIVE_SPARE_WORDS;
    signature->in_place_least = !is_exact ? SIGNATURE_BINDS : is_few ? signature->required : (uint16_t)(signature->count - NATIVE_SPARE_WORDS);
    signature->capacity = (uint16_t)most;
    return signature;
}

void signature_free(Thread *t, TAKES Signature *signature)
{
    if (!signature) return;
    for (uint16_t i = 0; i < signature->count; i++) object_release(signature->names[i]);
    block_free(t, signature, sizeof *signature + signature->capacity * sizeof(Str *));
}

/* ---- binding ---- */

static const char *plural(size_t n) { return n == 1 ? "" : "s"; }

/* "f expected at most 2 arguments, got 3": functions none of whose parameters can be given by name. */
static bool refuse_positional_count(Thread *t, const Signature *s, const char *name, size_t count)
{
    size_t limit = count < s->required ? s->required : s->count;
    const char *bound = s->required == s->count && !s->has_args ? "" : count < s->required ? "at least " : "at most ";
    return raise_false(t, EXC_TypeError, "%s expected %s%zu argument%s, got %zu", name, bound, limit, plural(limit), count);
}

static bool check_counts(Thread *t, const Signature *s, const char *name, size_t count, size_t keywords)
{
    bool is_positional = s->positional_only == s->count && !s->has_kwargs;
    if (is_positional) return (count >= s->required && (count <= s->count || s->has_args)) || refuse_positional_count(t, s, name, count);
    if (!s->has_args && !s->has_kwargs && count + keywords > s->count) {
        return raise_false(t, EXC_TypeError, "%s() takes at most %u %sargument%s (%zu given)", name, s->count, count == 0 ? "keyword " : "",
                           plural(s->count), count + keywords);
    }
    size_t least = s->required < s->positional_only ? s->required : s->positional_only;
    if (count < least)
        return raise_false(t, EXC_TypeError, "%s() takes %s %zu positional argument%s (%zu given)", name,
                           least == s->positional && !s->has_args ? "exactly" : "at least", least, plural(least), count);
    if (!s->has_args && count > s->positional) {
        if (!s->positional) return raise_false(t, EXC_TypeError, "%s() takes no positional arguments", name);
        return raise_false(t, EXC_TypeError, "%s() takes %s %u positional argument%s (%zu given)", name,
                           s->required == s->positional ? "exactly" : "at most", s->positional, plural(s->positional), count);
    }
    return true;
}

/* The parameter called [name] among those that can be given by name; count when there is none. */
static size_t find_parameter(const Signature *s, const Str *name)
{
    for (size_t i = s->positional_only; i < s->count; i++)
        if (s->names[i] == name) return i;
    for (size_t i = s->positional_only; i < s->count; i++)
        if (str_equal(s->names[i], name)) return i;
    return s->count;
}

static bool bind_keywords(Thread *t, const Signature *s, const char *function, const Value *args, size_t count, Tuple *names, Value *slots)
{
    Value *kwargs = s->has_kwargs ? &slots[s->count + s->has_args] : NULL;
    Str *clash = NULL, *unknown = NULL;
    size_t clash_place = 0;
    for (size_t k = 0; k < names->count; k++) {
        Str *name = as_str(names->items[k]);
        size_t i = find_parameter(s, name);
        Value value = args[count + k];
        if (i < s->count && is_unbound(slots[i])) {
            slots[i] = value;
        } else if (i < s->count) {
            if (!clash) clash = name, clash_place = i + 1;
        } else if (!kwargs) {
            if (!unknown) unknown = name;
        } else {
            if (is_unbound(*kwargs)) {
                Dict *dict = dict_new(t);
                if (!dict) return false;
                *kwargs = object_value(dict);
            }
            if (!dict_set_str(t, as_dict(*kwargs), name, value)) return false;
        }
    }
    /* What is missing is told before what is too much, as CPython does. */
    for (size_t i = 0; i < s->count; i++)
        if (is_unbound(slots[i]) && (i < s->required || s->keyword_required >> i & 1))
            return raise_false(t, EXC_TypeError, "%s() missing required argument '%U' (pos %zu)", function, s->names[i], i + 1);
    if (clash) return raise_false(t, EXC_TypeError, "argument for %s() given by name ('%U') and position (%zu)", function, clash, clash_place);
    if (!unknown) return true;
    Str *near = suggest_name(t, unknown, s->names + s->positional_only, s->count - s->positional_only);
    if (near) return raise_false(t, EXC_TypeError, "%s() got an unexpected keyword argument '%U'. Did you mean '%U'?", function, unknown, near);
    return raise_false(t, EXC_TypeError, "%s() got an unexpected keyword argument '%U'", function, unknown);
}

bool signature_bind(Thread *t, const Signature *s, const char *function, const Value *args, size_t count, Tuple *names, Value *slots)
{
    size_t keywords = names ? names->count : 0, total = s->count + s->has_args + s->has_kwargs;
    for (size_t i = 0; i < total; i++) slots[i] = UNBOUND;
    if (!check_counts(t, s, function, count, keywords)) return false;
    size_t positional = count < s->positional ? count : s->positional;
    if (positional > 0) memcpy(slots, args, positional * sizeof(Value));   /* without arguments [args] may be NULL */
    bool is_good = true;
    if (keywords) {
        is_good = bind_keywords(t, s, function, args, count, names, slots);
    } else {
        for (size_t i = 0; i < s->count && is_good; i++)
            if (is_unbound(slots[i]) && (i < s->required || s->keyword_required >> i & 1))
                is_good = raise_false(t, EXC_TypeError, "%s() missing required argument '%U' (pos %zu)", function, s->names[i], i + 1);
    }
    if (is_good && s->has_args) {
        Tuple *rest = tuple_from_values(t, args + positional, count - positional);
        is_good = rest != NULL;
        if (rest) slots[s->count] = object_value(rest);
    }
    if (!is_good && s->has_kwargs) clear(&slots[s->count + s->has_args]);
    return is_good;
}

/* ---- single arguments ---- */

/* [c_type]: what CPython's message calls the 64 bits. */
static bool arg_word(Thread *t, Value v, const char *c_type, int64_t *out)
{
    if (is_unbound(v)) return true;
    if (is_small_int(v)) {
        *out = small_int(v);
        return true;
    }
    Value number = int_from_index(t, v);
    if (failed(number)) return false;
    bool fits = int_fits_int64(number, out);
    release(number);
    return fits || raise_false(t, EXC_OverflowError, "Python int too large to convert to C %s", c_type);
}

bool arg_int64(Thread *t, Value v, int64_t *out) { return arg_word(t, v, "long", out); }
bool arg_size(Thread *t, Value v, int64_t *out) { return arg_word(t, v, "ssize_t", out); }

bool arg_int(Thread *t, Value v, int *out)
{
    int64_t n = 0;
    if (is_unbound(v)) return true;
    if (!arg_int64(t, v, &n)) {
        if (!raised_is(t, EXC_OverflowError)) return false;
        raised_clear(t);
        n = INT64_MAX;
    }
    if (n > INT32_MAX || n < INT32_MIN) return raise_false(t, EXC_OverflowError, "Python int too large to convert to C int");
    *out = (int)n;
    return true;
}

bool arg_index_clipped(Thread *t, Value v, int64_t *out) { return is_unbound(v) || value_to_clipped_index(t, v, out); }

bool arg_double(Thread *t, Value v, double *out)
{
    if (is_unbound(v)) return true;
    if (is_float(v)) {
        *out = as_double(v);
        return true;
    }
    if (is_int(v) && !type_is(value_type(t, v), TYPE_IS_SCRIPT_MADE)) return int_to_double(t, v, out);
    UnaryFn to_float = value_type(t, v)->slots.to_float;
    if (to_float) {
        Value result = to_float(t, v);
        if (failed(result)) return false;
        bool is_good = is_float(result);
        if (is_good) *out = as_double(result);
        else raise_type_error(t, "%T.__float__ returned non-float (type %T)", v, result);
        release(result);
        return is_good;
    }
    if (!value_type(t, v)->slots.index) return raise_false(t, EXC_TypeError, "must be real number, not %T", v);
    Value number = int_from_index(t, v);
    if (failed(number)) return false;
    bool is_good = int_to_double(t, number, out);
    release(number);
    return is_good;
}

bool arg_bool(Thread *t, Value v, bool *out) { return is_unbound(v) || value_truth(t, v, out); }
