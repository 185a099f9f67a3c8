/* image.c - see image.h.
 *
 * What        A writer and a reader that mirror each other, function by function.
 * How         image   "TOYC", fingerprint of the opcode table (8 bytes), unit
 *             unit    counts and flags, texts, words (4 bytes each), constants, names, slots, line table, handler table
 *             number  7 bits a byte, least significant first, the top bit says that more follow
 *             text    length, bytes.   constant: a byte for its kind, then what the kind has
 *             Line entries are stored as differences from the entry before: most take five bytes.
 *             The reader's first failure sticks: later reads give zeros, and one check at the end of each unit suffices.
 * Invariants  I1, I2 as in image.h: every count is compared with the bytes that are left before anything is allocated.
 * GIL         as the Memory.
 * Read next   code.h */
#include "vm/bytecode/image.h"

#include <endian.h>
#include <string.h>

#include "vm/bytecode/opcode.h"

enum { NESTING_MAX = 400 };  /* of units and tuples: the recursion below is bounded */

static const char magic[4] = {'T', 'O', 'Y', 'C'};

/* FNV-1a over what a reader of old words would get wrong: names in order, lengths, operand kinds. */
static uint64_t table_fingerprint(void)
{
    uint64_t hash = UINT64_C(14695981039346656037);
    for (unsigned opcode = 0; opcode < OPCODE_PLAIN_COUNT; opcode++) {
        const OpcodeInfo *info = opcode_info(opcode);
        for (const char *at = info->name; *at; at++)
            hash = (hash ^ (unsigned char)*at) * UINT64_C(1099511628211);
        hash = (hash ^ (unsigned)info->operand) * UINT64_C(1099511628211);
        hash = (hash ^ info->caches) * UINT64_C(1099511628211);
    }
    return hash;
}

/* Signed differences as unsigned numbers: 0, -1, 1, -2 become 0, 1, 2, 3. */
static uint32_t fold_sign(uint32_t difference)
{
    return difference << 1 ^ (uint32_t)((int32_t)difference >> 31);
}

static uint32_t unfold_sign(uint32_t folded)
{
    return folded >> 1 ^ (0u - (folded & 1));
}

/* -- writing -- */

static void write_number(Buffer *out, uint64_t number)
{
    for (; number >= 0x80; number >>= 7)
        buffer_add_byte(out, (unsigned char)(number | 0x80));
    buffer_add_byte(out, (unsigned char)number);
}

static void write_u64(Buffer *out, uint64_t word)
{
    word = htole64(word);
    buffer_add(out, &word, sizeof word);
}

static void write_double(Buffer *out, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    write_u64(out, bits);
}

static void write_text(Buffer *out, CodeText text)
{
    write_number(out, text.length);
    buffer_add(out, text.bytes, text.length);
}

static void write_unit(Buffer *out, const CodeUnit *unit);

static void write_constant(Buffer *out, const Const *constant)
{
    buffer_add_byte(out, (unsigned char)constant->kind);
    switch (constant->kind) {
    case CONST_NONE: case CONST_TRUE: case CONST_FALSE: case CONST_ELLIPSIS:
        break;
    case CONST_INT:
        buffer_add_byte(out, constant->is_negative);
        write_number(out, constant->integer.count);
        for (size_t i = 0; i < constant->integer.count; i++)
            write_u64(out, constant->integer.limbs[i]);
        break;
    case CONST_COMPLEX:
        write_double(out, constant->imaginary);
        write_double(out, constant->real);
        break;
    case CONST_FLOAT:
        write_double(out, constant->real);
        break;
    case CONST_TEXT: case CONST_BYTES:
        write_text(out, constant->text);
        break;
    case CONST_TUPLE: case CONST_FROZENSET:
        write_number(out, constant->items.count);
        for (size_t i = 0; i < constant->items.count; i++)
            write_constant(out, &constant->items.items[i]);
        break;
    case CONST_CODE:
        write_unit(out, constant->code);
        break;
    }
}

static void write_lines(Buffer *out, const CodeUnit *unit)
{
    LineEntry before = {0, unit->first_line, 0, 0, 0};
    write_number(out, unit->line_count);
    for (uint32_t i = 0; i < unit->line_count; i++) {
        const LineEntry *entry = &unit->lines[i];
        write_number(out, entry->start - before.start);
        write_number(out, fold_sign(entry->line - before.line));
        write_number(out, fold_sign(entry->end_line - entry->line));
        write_number(out, entry->column);
        write_number(out, entry->end_column);
        before = *entry;
    }
}

static void write_handlers(Buffer *out, const CodeUnit *unit)
{
    write_number(out, unit->handler_count);
    for (uint32_t i = 0; i < unit->handler_count; i++) {
        const HandlerEntry *entry = &unit->handlers[i];
        write_number(out, entry->start);
        write_number(out, entry->end - entry->start);
        write_number(out, entry->target);
        write_number(out, (uint64_t)entry->depth << 1 | entry->pushes_offset);
    }
}

static void write_unit(Buffer *out, const CodeUnit *unit)
{
    write_text(out, unit->name);
    write_text(out, unit->qualified_name);
    write_text(out, unit->filename);
    const uint32_t numbers[] = {
        unit->flags, unit->argument_count, unit->positional_only_count, unit->keyword_only_count, unit->first_line,
        unit->stack_size, unit->local_count, unit->cell_count, unit->free_count,
    };
    for (size_t i = 0; i < ARRAY_LENGTH(numbers); i++)
        write_number(out, numbers[i]);
    write_number(out, unit->word_count);
    for (uint32_t i = 0; i < unit->word_count; i++)
        buffer_add_u32(out, htole32(unit->words[i]));
    write_number(out, unit->constant_count);
    for (uint32_t i = 0; i < unit->constant_count; i++)
        write_constant(out, &unit->constants[i]);
    write_number(out, unit->name_count);
    for (uint32_t i = 0; i < unit->name_count; i++)
        write_text(out, unit->names[i]);
    write_number(out, unit->slot_count);
    for (uint32_t i = 0; i < unit->slot_count; i++) {
        buffer_add_byte(out, unit->slot_kinds[i]);
        write_text(out, unit->slot_names[i]);
    }
    write_lines(out, unit);
    write_handlers(out, unit);
}

void image_write(Buffer *out, const CodeUnit *unit)
{
    buffer_add(out, magic, sizeof magic);
    write_u64(out, table_fingerprint());
    write_unit(out, unit);
}

/* -- reading -- */

typedef struct Reader {
    Memory *memory;
    const unsigned char *start, *at, *end;
    unsigned options;
    unsigned depth;
    ImageError *error;
    bool has_failed;
} Reader;

static void reader_fail(Reader *reader, const char *message)
{
    if (reader->has_failed)
        return;
    reader->has_failed = true;
    reader->error->message = message;
    reader->error->offset = (size_t)(reader->at - reader->start);
}

static void reader_no_memory(Reader *reader)
{
    reader_fail(reader, "out of memory");
    reader->error->is_out_of_memory = true;
}

/* The next [length] bytes, or NULL when there are not so many. */
static const unsigned char *read_bytes(Reader *reader, uint64_t length)
{
    if (reader->has_failed || length > (uint64_t)(reader->end - reader->at)) {
        reader_fail(reader, "the data ends too early");
        return NULL;
    }
    const unsigned char *bytes = reader->at;
    reader->at += length;
    return bytes;
}

static unsigned read_byte(Reader *reader)
{
    const unsigned char *byte = read_bytes(reader, 1);
    return byte ? *byte : 0;
}

static uint64_t read_number(Reader *reader)
{
    uint64_t number = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        unsigned byte = read_byte(reader);
        number |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return number;
    }
    reader_fail(reader, "a number is too long");
    return 0;
}

static uint32_t read_u32(Reader *reader)
{
    uint64_t number = read_number(reader);
    if (number > UINT32_MAX)
        reader_fail(reader, "a number is too large");
    return reader->has_failed ? 0 : (uint32_t)number;
}

static uint64_t read_u64(Reader *reader)
{
    const unsigned char *bytes = read_bytes(reader, sizeof(uint64_t));
    uint64_t word = 0;
    if (bytes)
        memcpy(&word, bytes, sizeof word);
    return le64toh(word);
}

static double read_double(Reader *reader)
{
    uint64_t bits = read_u64(reader);
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* How many things follow, each of which takes at least [least] bytes (I1). */
static uint32_t read_count(Reader *reader, size_t least)
{
    uint32_t count = read_u32(reader);
    if (count > (size_t)(reader->end - reader->at) / least)
        reader_fail(reader, "a count is larger than the data");
    return reader->has_failed ? 0 : count;
}

static void *reader_alloc(Reader *reader, CodeUnit *unit, size_t count, size_t size)
{
    if (reader->has_failed)
        return NULL;
    void *block = arena_alloc(&unit->arena, count * size);  /* count is at most the data's length, so no overflow */
    if (!block)
        reader_no_memory(reader);
    return block;
}

static CodeText read_text(Reader *reader, CodeUnit *unit)
{
    CodeText text = {"", 0};
    uint64_t length = read_number(reader);
    const unsigned char *bytes = read_bytes(reader, length);
    if (!bytes)
        return text;
    const char *kept = (const char *)bytes;
    if (!(reader->options & IMAGE_BORROW)) {
        kept = arena_copy(&unit->arena, kept, length);
        if (!kept) {
            reader_no_memory(reader);
            return text;
        }
    }
    return (CodeText){kept, length};
}

static CodeUnit *read_unit(Reader *reader);

static void read_integer(Reader *reader, CodeUnit *unit, Const *constant)
{
    constant->is_negative = read_byte(reader) != 0;
    size_t count = read_count(reader, sizeof(uint64_t));
    uint64_t *limbs = reader_alloc(reader, unit, count, sizeof *limbs);
    if (!limbs)
        return;
    for (size_t i = 0; i < count; i++)
        limbs[i] = read_u64(reader);
    constant->integer.limbs = limbs;
    constant->integer.count = count;
}

static void read_constant(Reader *reader, CodeUnit *unit, Const *constant);

static void read_items(Reader *reader, CodeUnit *unit, Const *constant)
{
    size_t count = read_count(reader, 1);
    Const *items = reader_alloc(reader, unit, count, sizeof *items);
    if (!items)
        return;
    /* Set before they are filled: code_free finds nested units also if reading fails half way (zeroed items are None). */
    constant->items.items = items;
    constant->items.count = count;
    if (++reader->depth > NESTING_MAX)
        reader_fail(reader, "constants nest too deeply");
    for (size_t i = 0; i < count && !reader->has_failed; i++)
        read_constant(reader, unit, &items[i]);
    reader->depth--;
}

static void read_constant(Reader *reader, CodeUnit *unit, Const *constant)
{
    ConstKind kind = (ConstKind)read_byte(reader);
    if (reader->has_failed)
        return;
    constant->kind = kind;
    switch (kind) {
    case CONST_NONE: case CONST_TRUE: case CONST_FALSE: case CONST_ELLIPSIS:
        return;
    case CONST_INT:
        read_integer(reader, unit, constant);
        return;
    case CONST_COMPLEX:
        constant->imaginary = read_double(reader);
        constant->real = read_double(reader);
        return;
    case CONST_FLOAT:
        constant->real = read_double(reader);
        return;
    case CONST_TEXT: case CONST_BYTES:
        constant->text = read_text(reader, unit);
        return;
    case CONST_TUPLE: case CONST_FROZENSET:
        read_items(reader, unit, constant);
        return;
    case CONST_CODE:
        constant->code = read_unit(reader);
        return;
    }
    constant->kind = CONST_NONE;
    reader_fail(reader, "a constant is of no known kind");
}

static void read_words(Reader *reader, CodeUnit *unit)
{
    uint32_t count = read_count(reader, sizeof(Word));
    unit->words = reader_alloc(reader, unit, count, sizeof(Word));
    const unsigned char *bytes = read_bytes(reader, (uint64_t)count * sizeof(Word));
    if (!unit->words || !bytes)
        return;
    memcpy(unit->words, bytes, count * sizeof(Word));
    for (uint32_t i = 0; i < count; i++)
        unit->words[i] = le32toh(unit->words[i]);
    unit->word_count = count;
}

static void read_constants(Reader *reader, CodeUnit *unit)
{
    uint32_t count = read_count(reader, 1);
    unit->constants = reader_alloc(reader, unit, count, sizeof *unit->constants);
    if (!unit->constants)
        return;
    unit->constant_count = count;
    for (uint32_t i = 0; i < count && !reader->has_failed; i++)
        read_constant(reader, unit, &unit->constants[i]);
}

static void read_names(Reader *reader, CodeUnit *unit)
{
    uint32_t count = read_count(reader, 1);
    unit->names = reader_alloc(reader, unit, count, sizeof *unit->names);
    if (!unit->names)
        return;
    unit->name_count = count;
    for (uint32_t i = 0; i < count; i++)
        unit->names[i] = read_text(reader, unit);
}

static void read_slots(Reader *reader, CodeUnit *unit)
{
    uint32_t count = read_count(reader, 2);
    unit->slot_names = reader_alloc(reader, unit, count, sizeof *unit->slot_names);
    unit->slot_kinds = reader_alloc(reader, unit, count, sizeof *unit->slot_kinds);
    if (!unit->slot_names || !unit->slot_kinds)
        return;
    unit->slot_count = count;
    for (uint32_t i = 0; i < count; i++) {
        unit->slot_kinds[i] = (uint8_t)read_byte(reader);
        unit->slot_names[i] = read_text(reader, unit);
    }
}

static void read_lines(Reader *reader, CodeUnit *unit)
{
    uint32_t count = read_count(reader, 5);
    unit->lines = reader_alloc(reader, unit, count, sizeof *unit->lines);
    if (!unit->lines)
        return;
    unit->line_count = count;
    LineEntry before = {0, unit->first_line, 0, 0, 0};
    for (uint32_t i = 0; i < count; i++) {
        LineEntry *entry = &unit->lines[i];
        entry->start = before.start + read_u32(reader);
        entry->line = before.line + unfold_sign(read_u32(reader));
        entry->end_line = entry->line + unfold_sign(read_u32(reader));
        entry->column = read_u32(reader);
        entry->end_column = read_u32(reader);
        before = *entry;
    }
}

static void read_handlers(Reader *reader, CodeUnit *unit)
{
    uint32_t count = read_count(reader, 4);
    unit->handlers = reader_alloc(reader, unit, count, sizeof *unit->handlers);
    if (!unit->handlers)
        return;
    unit->handler_count = count;
    for (uint32_t i = 0; i < count; i++) {
        HandlerEntry *entry = &unit->handlers[i];
        entry->start = read_u32(reader);
        entry->end = entry->start + read_u32(reader);
        entry->target = read_u32(reader);
        uint32_t depth = read_u32(reader);
        entry->depth = depth >> 1;
        entry->pushes_offset = depth & 1;
    }
}

static CodeUnit *read_unit(Reader *reader)
{
    if (++reader->depth > NESTING_MAX)
        reader_fail(reader, "code units nest too deeply");
    if (reader->has_failed)
        return NULL;
    CodeUnit *unit = code_new(reader->memory);
    if (!unit) {
        reader_no_memory(reader);
        return NULL;
    }
    unit->name = read_text(reader, unit);
    unit->qualified_name = read_text(reader, unit);
    unit->filename = read_text(reader, unit);
    uint32_t *const numbers[] = {
        &unit->flags, &unit->argument_count, &unit->positional_only_count, &unit->keyword_only_count, &unit->first_line,
        &unit->stack_size, &unit->local_count, &unit->cell_count, &unit->free_count,
    };
    for (size_t i = 0; i < ARRAY_LENGTH(numbers); i++)
        *numbers[i] = read_u32(reader);
    read_words(reader, unit);
    read_constants(reader, unit);
    read_names(reader, unit);
    read_slots(reader, unit);
    read_lines(reader, unit);
    read_handlers(reader, unit);
    reader->depth--;
    if (!reader->has_failed)
        return unit;
    code_free(unit);
    return NULL;
}

CodeUnit *image_read(Memory *memory, const void *bytes, size_t length, unsigned options, ImageError *error)
{
    *error = (ImageError){0};
    Reader reader = {.memory = memory, .start = bytes, .at = bytes, .options = options, .error = error};
    reader.end = reader.start + length;
    const unsigned char *head = read_bytes(&reader, sizeof magic);
    if (head && memcmp(head, magic, sizeof magic) != 0)
        reader_fail(&reader, "this is no code image");
    if (read_u64(&reader) != table_fingerprint())
        reader_fail(&reader, "the image was made for another opcode table");
    if (reader.has_failed)
        return NULL;
    CodeUnit *unit = read_unit(&reader);
    if (unit && reader.at != reader.end) {
        reader_fail(&reader, "there are bytes behind the image");
        code_free(unit);
        return NULL;
    }
    return unit;
}
