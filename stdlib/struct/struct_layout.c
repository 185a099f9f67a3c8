/* struct_layout.c - reading a format: "<3hq5s" becomes a list of fields with offsets.
 *
 * What        layout_read, layout_drop.
 * How         The first character chooses one of two tables: the C compiler's sizes, with padding so that each item is aligned, or the
 *             standard sizes without. Sizes are added up with care: a format may ask for more than there can be.
 * GIL         held.
 * Read next   struct_items.c */
#include "stdlib/struct/struct.h"

typedef struct Letter { char letter; uint8_t size, alignment; ItemKind kind; } Letter;

#define NATIVE(letter, type, kind) {letter, sizeof(type), __alignof__(type), kind}
static const Letter native_letters[] = {
    {'x', 1, 1, ITEM_PAD}, {'c', 1, 1, ITEM_CHAR}, {'s', 1, 1, ITEM_TEXT}, {'p', 1, 1, ITEM_PASCAL}, {'e', 2, 2, ITEM_FLOAT},
    {'b', 1, 1, ITEM_SIGNED}, {'B', 1, 1, ITEM_UNSIGNED}, NATIVE('?', _Bool, ITEM_BOOL),
    NATIVE('h', short, ITEM_SIGNED), NATIVE('H', unsigned short, ITEM_UNSIGNED), NATIVE('i', int, ITEM_SIGNED), NATIVE('I', unsigned, ITEM_UNSIGNED),
    NATIVE('l', long, ITEM_SIGNED), NATIVE('L', unsigned long, ITEM_UNSIGNED), NATIVE('q', long long, ITEM_SIGNED),
    NATIVE('Q', unsigned long long, ITEM_UNSIGNED), NATIVE('n', ssize_t, ITEM_SIGNED), NATIVE('N', size_t, ITEM_UNSIGNED),
    NATIVE('P', void *, ITEM_ADDRESS), NATIVE('f', float, ITEM_FLOAT), NATIVE('d', double, ITEM_FLOAT), {0},
};
static const Letter standard_letters[] = {
    {'x', 1, 1, ITEM_PAD}, {'c', 1, 1, ITEM_CHAR}, {'s', 1, 1, ITEM_TEXT}, {'p', 1, 1, ITEM_PASCAL}, {'e', 2, 1, ITEM_FLOAT},
    {'b', 1, 1, ITEM_SIGNED}, {'B', 1, 1, ITEM_UNSIGNED}, {'?', 1, 1, ITEM_BOOL}, {'h', 2, 1, ITEM_SIGNED}, {'H', 2, 1, ITEM_UNSIGNED},
    {'i', 4, 1, ITEM_SIGNED}, {'I', 4, 1, ITEM_UNSIGNED}, {'l', 4, 1, ITEM_SIGNED}, {'L', 4, 1, ITEM_UNSIGNED}, {'q', 8, 1, ITEM_SIGNED},
    {'Q', 8, 1, ITEM_UNSIGNED}, {'f', 4, 1, ITEM_FLOAT}, {'d', 8, 1, ITEM_FLOAT}, {0},
};

static const Letter *find_letter(const Letter *table, char letter)
{
    for (; table->letter; table++)
        if (table->letter == letter) return table;
    return NULL;
}

static size_t layout_bytes(size_t fields) { return sizeof(Layout) + fields * sizeof(Field); }

void layout_drop(ToyThread *t, Layout *layout)
{
    if (layout && --layout->users == 0) toy_free(t, layout, layout_bytes(layout->field_capacity));
}

/* Adds a field behind those that are there. False: too long. Fields that move nothing are not kept, but their alignment counts. */
static bool add_field(Layout *layout, const Letter *letter, bool is_aligned, bool is_swapped, int64_t count)
{
    int64_t bytes, gap = is_aligned ? -layout->size & (letter->alignment - 1) : 0;
    if (__builtin_add_overflow(layout->size, gap, &layout->size)) return false;
    Field field = {letter->kind, letter->letter, is_swapped && letter->size > 1, letter->size, count, layout->size};
    if (__builtin_mul_overflow(count, (int64_t)letter->size, &bytes) || __builtin_add_overflow(layout->size, bytes, &layout->size)) return false;
    if (letter->kind == ITEM_TEXT || letter->kind == ITEM_PASCAL) {
        field.size = count;
        field.count = 1;
    }
    if (letter->kind == ITEM_PAD || field.count == 0) return true;
    layout->item_count += field.count;
    layout->fields[layout->field_count++] = field;
    return true;
}

static bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

/* False with *problem set; NULL there: too long. */
static bool read_fields(Layout *layout, const char *at, const char *end, const char **problem)
{
    const Letter *table = native_letters;
    bool is_aligned = true, is_swapped = false;
    if (at < end && strchr("@=<>!", *at)) {
        is_aligned = *at == '@';
        table = is_aligned ? native_letters : standard_letters;
        is_swapped = (*at == '>' || *at == '!') == (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__) && *at != '=' && *at != '@';
        at++;
    }
    while (at < end) {
        int64_t count = 1;
        *problem = NULL;
        if (is_space(*at)) {
            at++;
            continue;
        }
        if (*at >= '0' && *at <= '9') {
            for (count = 0; at < end && *at >= '0' && *at <= '9'; at++)
                if (__builtin_mul_overflow(count, 10, &count) || __builtin_add_overflow(count, *at - '0', &count)) return false;
            *problem = "repeat count given without format specifier";
            if (at == end) return false;
        }
        const Letter *letter = find_letter(table, *at++);
        *problem = letter ? NULL : "bad char in struct format";
        if (!letter || !add_field(layout, letter, is_aligned, is_swapped, count)) return false;
    }
    return true;
}

Layout *layout_read(ToyThread *t, const StructState *state, const char *format, size_t length)
{
    if (memchr(format, 0, length)) return (toy_raise_type(t, state->error, "embedded null character"), NULL);
    Layout *layout = toy_alloc(t, layout_bytes(length));   /* a field takes a character at least */
    if (!layout) return NULL;
    *layout = (Layout){.users = 1, .field_capacity = length};
    const char *problem = NULL;
    if (read_fields(layout, format, format + length, &problem)) return layout;
    layout_drop(t, layout);
    return (toy_raise_type(t, state->error, "%s", problem ? problem : "total struct size too long"), NULL);
}
