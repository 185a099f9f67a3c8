/* disasm_constant.c - constants of a code unit as repr() writes them.
 *
 * What        The floor of plain data has no objects and so no repr of its own; listings need one.
 * How         One function per kind. Integers are turned to decimal by dividing by 10**19, the largest power of ten in a limb:
 *             quadratic, which is good enough for what people write into a program as a literal.
 * GIL         as the Buffer's Memory.
 * Read next   disasm.c */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "vm/base/codec.h"
#include "vm/base/float_text.h"
#include "vm/base/unicode.h"
#include "vm/bytecode/disasm.h"

#define LIMB_POWER UINT64_C(10000000000000000000)  /* 10**19 */

static void add_integer(Buffer *out, const Const *constant)
{
    size_t count = constant->integer.count;
    if (constant->is_negative)
        buffer_add_byte(out, '-');
    if (count == 0) {
        buffer_add_byte(out, '0');
        return;
    }
    /* 64 bits are fewer than 20 decimal digits, so 20 groups of 19 digits hold 19 limbs; one more for the rest. */
    size_t room = count + count / 16 + 2, groups = 0;
    uint64_t *limbs = memory_alloc_array(out->memory, count, sizeof *limbs);
    uint64_t *digits = memory_alloc_array(out->memory, room, sizeof *digits);
    if (limbs && digits) {
        memcpy(limbs, constant->integer.limbs, count * sizeof *limbs);
        for (size_t left = count; left > 0; ) {
            unsigned __int128 rest = 0;
            for (size_t i = left; i-- > 0; ) {
                rest = rest << 64 | limbs[i];
                limbs[i] = (uint64_t)(rest / LIMB_POWER);
                rest %= LIMB_POWER;
            }
            digits[groups++] = (uint64_t)rest;
            while (left > 0 && limbs[left - 1] == 0)
                left--;
        }
        buffer_add_format(out, "%" PRIu64, digits[groups - 1]);
        for (size_t i = groups - 1; i-- > 0; )
            buffer_add_format(out, "%019" PRIu64, digits[i]);
    } else {
        out->has_failed = true;
    }
    memory_free(out->memory, limbs, count * sizeof *limbs);
    memory_free(out->memory, digits, room * sizeof *digits);
}

static void add_float(Buffer *out, double value)
{
    float_format(out, value, 'r', 0, FLOAT_ADD_DOT_0);
}

static void add_complex(Buffer *out, double real, double imaginary)
{
    if (real == 0 && !signbit(real)) {
        float_format(out, imaginary, 'r', 0, 0);
        buffer_add_byte(out, 'j');
        return;
    }
    buffer_add_byte(out, '(');
    float_format(out, real, 'r', 0, 0);
    float_format(out, imaginary, 'r', 0, FLOAT_ALWAYS_SIGN);
    buffer_add_text(out, "j)");
}

static void add_escaped(Buffer *out, uint32_t c, const void *bytes, unsigned length, bool is_bytes)
{
    switch (c) {
    case '\n': buffer_add_text(out, "\\n"); return;
    case '\r': buffer_add_text(out, "\\r"); return;
    case '\t': buffer_add_text(out, "\\t"); return;
    case '\\': buffer_add_text(out, "\\\\"); return;
    default: break;
    }
    if (is_bytes ? c >= 0x20 && c < 0x7f : unicode_is_printable(c))
        buffer_add(out, bytes, length);
    else if (c < 0x100)
        buffer_add_format(out, "\\x%02x", c);
    else
        buffer_add_format(out, c < 0x10000 ? "\\u%04x" : "\\U%08x", c);
}

void disasm_text(Buffer *out, CodeText text, bool is_bytes)
{
    bool has_single = text.length && memchr(text.bytes, '\'', text.length);
    bool has_double = text.length && memchr(text.bytes, '"', text.length);
    char quote = has_single && !has_double ? '"' : '\'';
    if (is_bytes)
        buffer_add_byte(out, 'b');
    buffer_add_byte(out, (unsigned char)quote);
    for (size_t i = 0; i < text.length && buffer_ok(out); ) {
        uint32_t c = (unsigned char)text.bytes[i];
        unsigned length = is_bytes ? 1 : utf8_read(text.bytes + i, text.length - i, CODEC_SURROGATES, &c);
        if (length == 0)
            length = 1;  /* a damaged unit: show the byte */
        if (c == (uint32_t)quote)
            buffer_add_format(out, "\\%c", quote);
        else
            add_escaped(out, c, text.bytes + i, length, is_bytes);
        i += length;
    }
    buffer_add_byte(out, (unsigned char)quote);
}

static void add_items(Buffer *out, const Const *constant)
{
    size_t count = constant->items.count;
    for (size_t i = 0; i < count && buffer_ok(out); i++) {
        if (i)
            buffer_add_text(out, ", ");
        disasm_constant(out, &constant->items.items[i]);
    }
}

void disasm_code_object(Buffer *out, const CodeUnit *unit)
{
    buffer_add_text(out, "<code object ");
    buffer_add(out, unit->name.bytes, unit->name.length);
    buffer_add_format(out, " at %p, file \"", (const void *)unit);
    buffer_add(out, unit->filename.bytes, unit->filename.length);
    buffer_add_format(out, "\", line %u>", unit->first_line);
}

void disasm_constant(Buffer *out, const Const *constant)
{
    switch (constant->kind) {
    case CONST_NONE:     buffer_add_text(out, "None"); break;
    case CONST_TRUE:     buffer_add_text(out, "True"); break;
    case CONST_FALSE:    buffer_add_text(out, "False"); break;
    case CONST_ELLIPSIS: buffer_add_text(out, "Ellipsis"); break;
    case CONST_INT:      add_integer(out, constant); break;
    case CONST_FLOAT:    add_float(out, constant->real); break;
    case CONST_COMPLEX:  add_complex(out, constant->real, constant->imaginary); break;
    case CONST_TEXT:     disasm_text(out, constant->text, false); break;
    case CONST_BYTES:    disasm_text(out, constant->text, true); break;
    case CONST_TUPLE:
        buffer_add_byte(out, '(');
        add_items(out, constant);
        buffer_add_text(out, constant->items.count == 1 ? ",)" : ")");
        break;
    case CONST_FROZENSET:
        buffer_add_text(out, "frozenset(");
        if (constant->items.count) {
            buffer_add_byte(out, '{');
            add_items(out, constant);
            buffer_add_byte(out, '}');
        }
        buffer_add_byte(out, ')');
        break;
    case CONST_CODE:     disasm_code_object(out, constant->code); break;
    }
}
