/* code.h - the code unit: what the compiler hands to the machine, as plain data.
 *
 * What        One CodeUnit per module, function body, class body, lambda or comprehension: instructions, constants, names,
 *             and the tables beside the code (lines and columns, handlers). No Values: the compiler knows none.
 * How         The compiler emits plain instructions only. A unit is immutable once assembled and verified; it is shared by
 *             forks. vm/object/codeobj wraps it for scripts and keeps what is mutable (materialised constants, the
 *             hot copy with its caches) outside of it.
 * Layout      an instruction is one 32-bit word, then as many cache words as its row in opcodes.def declares:
 *
 *                 31                      8 7        0
 *                +-------------------------+----------+
 *                |        operand          |  opcode  |      EXTENDED_ARG carries bits 24.. of the next operand
 *                +-------------------------+----------+
 *                |        cache word (zero here, used by the hot copy) ...
 * Invariants  I1 a unit that passed code_verify never makes the machine read outside its tables.
 *             I2 offsets in tables count words from the start of the code.
 *             I3 line_table is sorted by start; handler_table lists inner ranges before the ranges around them.
 * GIL         never needed.
 * Read next   opcodes.def, verify.h, disasm.h, vm/object/codeobj.h */
#ifndef TOY_BYTECODE_CODE_H
#define TOY_BYTECODE_CODE_H

#include "vm/base/memory.h"

typedef uint32_t Word;

#define WORD_MAKE(opcode, operand) ((Word)(opcode) | ((Word)(operand) << 8))
#define WORD_OPCODE(word)          ((uint8_t)((word) & 0xff))
#define WORD_OPERAND(word)         ((word) >> 8)
#define OPERAND_MAX                0xffffffu

typedef struct CodeUnit CodeUnit;

/* Text is UTF-8 that may hold lone surrogates (three bytes each, as in WTF-8). Lengths count bytes. */
typedef struct CodeText {
    const char *bytes;
    size_t length;
} CodeText;

typedef enum ConstKind {
    CONST_NONE, CONST_TRUE, CONST_FALSE, CONST_ELLIPSIS,
    CONST_INT,        /* sign and magnitude */
    CONST_FLOAT, CONST_COMPLEX,
    CONST_TEXT, CONST_BYTES,
    CONST_TUPLE, CONST_FROZENSET,
    CONST_CODE,
} ConstKind;

typedef struct Const {
    ConstKind kind;
    bool is_negative;                 /* CONST_INT */
    union {
        struct { const uint64_t *limbs; size_t count; } integer;   /* least significant first, no leading zero limb; 0 has none */
        double real;                                               /* CONST_FLOAT, and the real part of CONST_COMPLEX */
        CodeText text;                                             /* CONST_TEXT, CONST_BYTES */
        struct { const struct Const *items; size_t count; } items; /* CONST_TUPLE, CONST_FROZENSET */
        CodeUnit *code;
    };
    double imaginary;                 /* CONST_COMPLEX */
} Const;

#define NO_COLUMN UINT32_MAX          /* -X no_debug_ranges: only lines were kept */

/* Where an instruction came from. Lines from 1, columns from 0 in bytes of UTF-8, or NO_COLUMN; line 0: no source position. */
typedef struct LineEntry {
    uint32_t start;                   /* first word this entry covers; it ends where the next one starts */
    uint32_t line, end_line;
    uint32_t column, end_column;
} LineEntry;

/* A raise at a word in [start, end) unwinds the stack to [depth], pushes the offset if wanted, pushes the exception, goes to target. */
typedef struct HandlerEntry {
    uint32_t start, end, target;
    uint32_t depth : 31;
    uint32_t pushes_offset : 1;       /* a `with` or `finally` cleanup that re-raises keeps the original traceback line */
} HandlerEntry;

enum CodeFlags {                      /* bit values are CPython's co_flags */
    CODE_OPTIMIZED = 0x1, CODE_NEWLOCALS = 0x2, CODE_VARARGS = 0x4, CODE_VARKEYWORDS = 0x8, CODE_NESTED = 0x10,
    CODE_GENERATOR = 0x20, CODE_COROUTINE = 0x80, CODE_ITERABLE_COROUTINE = 0x100, CODE_ASYNC_GENERATOR = 0x200,
    CODE_FUTURE_BARRY_AS_BDFL = 0x400000, CODE_FUTURE_ANNOTATIONS = 0x1000000, CODE_HAS_DOCSTRING = 0x4000000,
};

/* Slots of a frame, in this order: arguments (positional, keyword-only, *args, **kwargs), other locals, own cells that are not
 * arguments, free variables. An argument that an inner function captures is a local AND a cell: its slot holds the cell. */
enum SlotKind { SLOT_LOCAL = 0x20, SLOT_CELL = 0x40, SLOT_FREE = 0x80, SLOT_HIDDEN = 0x10 /* inlined comprehension's own variable */ };

struct CodeUnit {
    CodeText name, qualified_name, filename;
    uint32_t flags;                           /* enum CodeFlags */
    uint32_t argument_count;                  /* positional ones, positional-only included; not *args */
    uint32_t positional_only_count, keyword_only_count;
    uint32_t first_line;

    Word *words;              uint32_t word_count;
    uint32_t stack_size;                      /* deepest stack, counted by the assembler from the opcode table */

    Const *constants;         uint32_t constant_count;
    CodeText *names;          uint32_t name_count;      /* globals, attributes, imports, class-body names */
    CodeText *slot_names;     uint8_t *slot_kinds;      /* locals, cells and free variables, one row */
    uint32_t slot_count;
    uint32_t local_count;                     /* slots that are SLOT_LOCAL (cells among the arguments included) */
    uint32_t cell_count, free_count;          /* the last free_count slots are the free variables, in closure order */

    LineEntry *lines;         uint32_t line_count;
    HandlerEntry *handlers;   uint32_t handler_count;

    Arena arena;                              /* owns everything above and this struct; nested units are owned through constants */
    bool is_verified;
};

bool const_is_true(const Const *value);        /* what bool() says of it at run time */
MUST_CHECK CodeUnit *code_new(Memory *memory);  /* all zero, lying in its own arena; NULL: no memory */
void code_free(TAKES CodeUnit *unit);         /* nested units too; NULL is fine */
/* The position of the instruction at [offset]; an entry with line 0 when there is none. */
LineEntry code_position(const CodeUnit *unit, uint32_t offset);
/* The innermost handler that covers [offset], or NULL. */
BORROWED const HandlerEntry *code_handler(const CodeUnit *unit, uint32_t offset);

#endif
