/* str_format.c - see str_format.h.
 *
 * What        The reader of replacement fields: literal text, {name.attribute[key]!conversion:specification}.
 * How         Piece by piece: markup_next cuts off one literal and the field behind it; field_value walks name, attributes and keys;
 *             then the conversion, then __format__ with the specification, which may itself hold fields, one level deep.
 * Invariants  I1 fields are either all numbered by hand or all by the machine.
 * GIL         held; attributes, keys and __format__ run script code, the format string cannot change under us.
 * Read next   format.c */
#include "vm/object/str_format.h"

#include "vm/object/exception.h"
#include "vm/object/int.h"
#include "vm/object/list.h"
#include "vm/object/protocol.h"

/* A part of a Str. */
typedef struct Part {
    Str *s;
    size_t start, end;
} Part;

static size_t part_length(Part part) { return part.end - part.start; }
static uint32_t part_char(const Part *part) { return str_char(part->s, part->start); }
static Value part_str(Thread *t, Part part) { return str_slice(t, part.s, part.start, part.end); }

typedef enum Numbering { NUMBERING_UNKNOWN, NUMBERING_AUTO, NUMBERING_MANUAL } Numbering;

typedef struct Formatter {
    Thread *t;
    const Value *args;          /* NULL for format_map */
    size_t count;
    Tuple *names;               /* of the keyword values behind the positional ones, or NULL */
    Value mapping;              /* for format_map */
    Numbering numbering;
    int64_t next_number;
} Formatter;

/* ---- cutting the format string up ---- */

typedef struct Markup {
    Part literal, name, spec;
    bool has_field, spec_has_fields;
    uint32_t conversion;        /* 0: none */
} Markup;

static bool fail(Thread *t, const char *message)
{
    return raise_false(t, EXC_ValueError, "%s", message);
}

/* Behind "!x" or ":", up to the closing brace that is ours. */
static bool read_spec(Thread *t, Part *rest, Markup *markup)
{
    int depth = 1;
    markup->spec.start = rest->start;
    while (rest->start < rest->end) {
        uint32_t c = part_char(rest);
        rest->start++;
        if (c == '{') {
            markup->spec_has_fields = true;
            depth++;
        } else if (c == '}' && --depth == 0) {
            markup->spec.end = rest->start - 1;
            return true;
        }
    }
    return fail(t, "unmatched '{' in format spec");
}

static bool read_conversion(Thread *t, Part *rest, Markup *markup, bool *is_done)
{
    *is_done = false;
    if (rest->start >= rest->end)
        return fail(t, "end of string while looking for conversion specifier");
    markup->conversion = part_char(rest);
    rest->start++;
    if (rest->start < rest->end) {
        uint32_t c = part_char(rest);
        rest->start++;
        *is_done = c == '}';
        if (c != '}' && c != ':')
            return fail(t, "expected ':' after conversion specifier");
    }
    return true;
}

/* Behind the opening brace. */
static bool read_field(Thread *t, Part *rest, Markup *markup)
{
    uint32_t c = 0;
    markup->has_field = true;
    markup->name.start = rest->start;
    while (rest->start < rest->end) {
        c = part_char(rest);
        rest->start++;
        if (c == '{')
            return fail(t, "unexpected '{' in field name");
        if (c == '[') {
            while (rest->start < rest->end && part_char(rest) != ']')
                rest->start++;
        } else if (c == '}' || c == ':' || c == '!') {
            break;
        }
    }
    if (c != '}' && c != ':' && c != '!')
        return fail(t, "expected '}' before end of string");
    markup->name.end = rest->start - 1;
    markup->spec.start = markup->spec.end = rest->start;
    bool is_done = c == '}';
    if (c == '!' && !read_conversion(t, rest, markup, &is_done))
        return false;
    return is_done || read_spec(t, rest, markup);
}

/* Cuts one literal and the field behind it, if there is one, off [rest]. */
static bool markup_next(Thread *t, Part *rest, Markup *markup)
{
    *markup = (Markup){.literal = {rest->s, rest->start, rest->start}, .name = {rest->s, 0, 0}, .spec = {rest->s, 0, 0}};
    size_t at = rest->start;
    uint32_t c = 0;
    while (at < rest->end) {
        c = str_char(rest->s, at++);
        if (c == '{' || c == '}')
            break;
    }
    bool is_brace = c == '{' || c == '}';
    bool is_double = is_brace && at < rest->end && str_char(rest->s, at) == c;
    if (c == '}' && !is_double)
        return fail(t, "Single '}' encountered in format string");
    if (c == '{' && at >= rest->end)
        return fail(t, "Single '{' encountered in format string");
    markup->literal.end = at - (is_brace && !is_double);  /* of a doubled brace, one belongs to the literal */
    rest->start = at + is_double;
    return !is_brace || is_double || read_field(t, rest, markup);
}

/* ---- names ---- */

/* The part as a number; -1: it is none. false: raised. */
static bool part_number(Thread *t, Part part, int64_t *number)
{
    *number = -1;
    int64_t n = 0;
    for (size_t i = part.start; i < part.end; i++) {
        uint32_t c = str_char(part.s, i);
        if (c < '0' || c > '9')
            return true;
        if (__builtin_mul_overflow(n, 10, &n) || __builtin_add_overflow(n, (int64_t)(c - '0'), &n))
            return fail(t, "Too many decimal digits in format string");
    }
    if (part_length(part) > 0)
        *number = n;
    return true;
}

/* The name up to the first '.' or '['; the rest stays in *field. */
static Part cut_first(Part *field)
{
    Part first = *field;
    while (field->start < field->end && part_char(field) != '.' && part_char(field) != '[')
        field->start++;
    first.end = field->start;
    return first;
}

/* Cuts ".name" or "[key]" off *rest. */
static bool cut_access(Thread *t, Part *rest, bool *is_attribute, Part *name)
{
    uint32_t c = part_char(rest);
    rest->start++;
    *name = *rest;
    *is_attribute = c == '.';
    if (c == '.') {
        while (rest->start < rest->end && part_char(rest) != '.' && part_char(rest) != '[')
            rest->start++;
        name->end = rest->start;
    } else if (c == '[') {
        while (rest->start < rest->end && part_char(rest) != ']')
            rest->start++;
        if (rest->start >= rest->end)
            return fail(t, "Missing ']' in format string");
        name->end = rest->start++;
    } else {
        return fail(t, "Only '.' or '[' may follow ']' in format field specifier");
    }
    if (part_length(*name) == 0)
        return fail(t, "Empty attribute in format string");
    return true;
}

static Value keyword_value(Formatter *f, Part first)
{
    Thread *t = f->t;
    Value key = part_str(t, first);
    if (failed(key))
        return FAILED;
    Value v = FAILED;
    if (is_bound(f->mapping)) {
        v = value_get_item(t, f->mapping, key);
    } else {
        for (size_t i = 0; f->names && i < f->names->count && failed(v); i++) {
            if (str_equal(as_str(f->names->items[i]), as_str(key)))
                v = retain(f->args[f->count + i]);
        }
        if (failed(v))
            raise_value(t, EXC_KeyError, key);
    }
    release(key);
    return v;
}

static Value first_value(Formatter *f, Part first)
{
    Thread *t = f->t;
    int64_t number;
    if (!part_number(t, first, &number))
        return FAILED;
    bool is_empty = part_length(first) == 0;
    if (!is_empty && number < 0)
        return keyword_value(f, first);
    if (f->numbering == NUMBERING_UNKNOWN)
        f->numbering = is_empty ? NUMBERING_AUTO : NUMBERING_MANUAL;
    if (is_empty && f->numbering == NUMBERING_MANUAL)  /* I1 */
        return raise_value_error(t, "cannot switch from manual field specification to automatic field numbering");
    if (!is_empty && f->numbering == NUMBERING_AUTO)
        return raise_value_error(t, "cannot switch from automatic field numbering to manual field specification");
    if (is_empty)
        number = f->next_number++;
    if (!f->args && is_bound(f->mapping))
        return raise_value_error(t, "Format string contains positional fields");
    if ((uint64_t)number >= f->count)
        return raise_error(t, EXC_IndexError, "Replacement index %lld out of range for positional args tuple", (long long)number);
    return retain(f->args[number]);
}

static Value access_value(Thread *t, Value v, bool is_attribute, Part name)
{
    int64_t number = -1;
    if (!is_attribute && !part_number(t, name, &number))
        return FAILED;
    Value key = number >= 0 ? int_from_int64(t, number) : part_str(t, name);
    if (failed(key))
        return FAILED;
    Value answer = is_attribute ? value_get_attribute(t, v, as_str(key)) : value_get_item(t, v, key);
    release(key);
    return answer;
}

static Value field_value(Formatter *f, Part name)
{
    Part first = cut_first(&name);
    Value v = first_value(f, first);
    while (!failed(v) && name.start < name.end) {
        bool is_attribute;
        Part access;
        Value answer = cut_access(f->t, &name, &is_attribute, &access) ? access_value(f->t, v, is_attribute, access) : FAILED;
        release(v);
        v = answer;
    }
    return v;
}

/* ---- putting together ---- */

static Value convert(Thread *t, TAKES Value v, uint32_t conversion)
{
    Value text;
    switch (conversion) {
    case 0:   return v;
    case 'r': text = value_repr(t, v); break;
    case 's': text = value_str(t, v); break;
    case 'a': text = value_ascii(t, v); break;
    default:
        if (conversion > 32 && conversion < 127)
            text = raise_value_error(t, "Unknown conversion specifier %c", (int)conversion);
        else
            text = raise_value_error(t, "Unknown conversion specifier \\x%x", (unsigned)conversion);
    }
    release(v);
    return text;
}

static bool build(Formatter *f, Part text, int depth, StrBuilder *out);

/* The specification with its own fields filled in. */
static Value expand_spec(Formatter *f, const Markup *markup, int depth)
{
    if (!markup->spec_has_fields)
        return part_str(f->t, markup->spec);
    StrBuilder out;
    str_builder_init(&out, f->t);
    if (build(f, markup->spec, depth - 1, &out))
        return str_builder_finish(&out);
    str_builder_abandon(&out);
    return FAILED;
}

static bool add_field(Formatter *f, const Markup *markup, int depth, StrBuilder *out)
{
    Thread *t = f->t;
    Value v = field_value(f, markup->name);
    if (!failed(v))
        v = convert(t, v, markup->conversion);
    if (failed(v))
        return false;
    Value spec = expand_spec(f, markup, depth);
    Value text = failed(spec) ? FAILED : value_format(t, v, spec);
    release2(v, spec);
    if (failed(text))
        return false;
    str_builder_add(out, as_str(text));
    release(text);
    return !out->has_failed;
}

static bool build(Formatter *f, Part text, int depth, StrBuilder *out)
{
    if (depth <= 0)
        return fail(f->t, "Max string recursion exceeded");
    while (text.start < text.end) {
        Markup markup;
        if (!markup_next(f->t, &text, &markup))
            return false;
        str_builder_add_slice(out, markup.literal.s, markup.literal.start, markup.literal.end);
        if (markup.has_field && !add_field(f, &markup, depth, out))
            return false;
    }
    return !out->has_failed;
}

static Value run(Formatter *f, Str *format)
{
    enum { DEPTH = 2 };  /* a specification may hold fields, but not fields whose specification holds fields */
    StrBuilder out;
    str_builder_init(&out, f->t);
    if (build(f, (Part){format, 0, format->length}, DEPTH, &out))
        return str_builder_finish(&out);
    str_builder_abandon(&out);
    return FAILED;
}

Value str_format_call(Thread *t, Str *format, const Value *args, size_t count, Tuple *names)
{
    Formatter f = {.t = t, .args = args, .count = count, .names = names};
    return run(&f, format);
}

Value str_format_map(Thread *t, Str *format, Value mapping)
{
    Formatter f = {.t = t, .mapping = mapping};
    return run(&f, format);
}

/* ---- for string.Formatter ---- */

static Value markup_tuple(Thread *t, const Markup *markup)
{
    Value parts[4] = {part_str(t, markup->literal), NONE, NONE, NONE};
    if (markup->has_field) {
        parts[1] = part_str(t, markup->name);
        parts[2] = part_str(t, markup->spec);
        if (markup->conversion)
            parts[3] = object_value(str_from_char(t, markup->conversion));
    }
    bool is_good = !failed(parts[0]) && !failed(parts[1]) && !failed(parts[2]) && !failed(parts[3]);
    Tuple *tuple = is_good ? tuple_from_values(t, parts, 4) : NULL;
    for (size_t i = 0; i < 4; i++)
        release(parts[i]);
    return tuple ? object_value(tuple) : FAILED;
}

Value str_format_parse(Thread *t, Str *format)
{
    List *list = list_new(t, 0);
    Part rest = {format, 0, format->length};
    bool is_good = list != NULL;
    while (is_good && rest.start < rest.end) {
        Markup markup;
        Value item = markup_next(t, &rest, &markup) ? markup_tuple(t, &markup) : FAILED;
        is_good = !failed(item) && list_append_take(t, list, item);
    }
    if (is_good)
        return object_value(list);
    if (list)
        object_release(list);
    return FAILED;
}

static Value number_or_name(Thread *t, Part part)
{
    int64_t number;
    if (!part_number(t, part, &number))
        return FAILED;
    return number >= 0 ? int_from_int64(t, number) : part_str(t, part);
}

Value str_format_split_field(Thread *t, Str *field)
{
    Part rest = {field, 0, field->length};
    Value first = number_or_name(t, cut_first(&rest));
    List *list = failed(first) ? NULL : list_new(t, 0);
    bool is_good = list != NULL;
    while (is_good && rest.start < rest.end) {
        bool is_attribute;
        Part name;
        Value key = !cut_access(t, &rest, &is_attribute, &name) ? FAILED : is_attribute ? part_str(t, name) : number_or_name(t, name);
        Value item = failed(key) ? FAILED : tuple_pack2(t, bool_value(is_attribute), key);
        release(key);
        is_good = !failed(item) && list_append_take(t, list, item);
    }
    Value pair = is_good ? tuple_pack2(t, first, object_value(list)) : FAILED;
    release(first);
    if (list)
        object_release(list);
    return pair;
}
