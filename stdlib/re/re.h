/* re.h - what the files of the regular-expression machine share.
 *
 * What        The tree that the parser makes, the program that is made of it, the state of one match, and the three kinds of objects that
 *             scripts see.
 * How         text --parse--> tree --generate--> words --prepare--> words with links --match--> marks. Each arrow is a file. What a
 *             script holds is a Pattern (a program and the text it came from), a Match (marks and the subject they count in) and a Scanner.
 * Invariants  I1 a program never changes after prepare: any number of threads and of nested matches read it.
 *             I2 places in a subject are counted in characters from its real begin, whatever pos was given.
 *             I3 what a match needs lies in its Matcher; a signal handler that runs in the middle may match with the same pattern.
 * GIL         held throughout. A match never gives it up by itself, as CPython's does not; it looks for signals.
 * Read next   README.md, parse.c, matcher.c */
#ifndef TOY_STDLIB_RE_H
#define TOY_STDLIB_RE_H

#include "vm/toy.h"

enum RegexFlag {
    REGEX_IGNORECASE = 2, REGEX_LOCALE = 4, REGEX_MULTILINE = 8, REGEX_DOTALL = 16, REGEX_UNICODE = 32, REGEX_VERBOSE = 64,
    REGEX_DEBUG = 128, REGEX_ASCII = 256,
    REGEX_CHARACTERS = REGEX_ASCII | REGEX_LOCALE | REGEX_UNICODE,   /* of these one holds at a time */
};

#define REGEX_MANY       UINT32_MAX   /* the upper end of x* */
#define REGEX_GROUPS_MAX 0x3fffffffu

/* ==== instructions: opcodes.def ============================================================================================= */

#define OP(name, operands, sentence) OP_##name,
#define PLACE(name, line, locale, unicode)
#define CATEGORY(name, locale, unicode)
typedef enum RegexOp {
#include "stdlib/re/opcodes.def"
    OP_COUNT
} RegexOp;
#undef OP
#undef PLACE
#define OP(name, operands, sentence)
#define PLACE(name, line, locale, unicode) PLACE_##name,
typedef enum RegexPlace {
#include "stdlib/re/opcodes.def"
    PLACE_COUNT
} RegexPlace;
#undef PLACE
#undef CATEGORY
#define PLACE(name, line, locale, unicode)
#define CATEGORY(name, locale, unicode) CATEGORY_##name,
typedef enum RegexCategory {
#include "stdlib/re/opcodes.def"
    CATEGORY_COUNT
} RegexCategory;
#undef OP
#undef PLACE
#undef CATEGORY

/* ==== tree.c: what was read ================================================================================================= */

/* One entry of a [set]: NEGATE, LITERAL, RANGE or CATEGORY. */
typedef struct SetItem { RegexOp op; uint32_t low, high; } SetItem;

/* How many characters something matches, at least and at most; UINT64_MAX: no limit. */
typedef struct Width { uint64_t least, most; } Width;

/* The kinds of nodes. Their names are those that re.DEBUG prints. */
typedef enum NodeKind {
    NODE_LITERAL, NODE_NOT_LITERAL, NODE_ANY, NODE_IN, NODE_AT, NODE_FAILURE, NODE_GROUPREF,
    NODE_MAX_REPEAT, NODE_MIN_REPEAT, NODE_POSSESSIVE_REPEAT,   /* one arm, minimum, maximum */
    NODE_SUBPATTERN,                                            /* one arm; number: the group, 0 for none; flags */
    NODE_ATOMIC_GROUP,                                          /* one arm */
    NODE_ASSERT, NODE_ASSERT_NOT,                               /* one arm; number: 1 if it looks back */
    NODE_BRANCH,                                                /* two arms or more */
    NODE_GROUPREF_EXISTS,                                       /* two arms, the second NULL if there is no | */
} NodeKind;

struct Node;
/* Items that match one after the other. */
typedef struct Sequence { struct Node *first, *last; size_t count; struct Sequence *next; } Sequence;   /* [next]: among the arms of a node */

typedef struct Node {
    struct Node *next;
    NodeKind kind;
    uint32_t number;                          /* a character, a group, a RegexPlace; see above */
    uint32_t minimum, maximum;                /* of a repeat */
    uint32_t flags_on, flags_off;             /* of (?i-m:...) */
    Sequence *arms;                           /* a list */
    SetItem *items;
    size_t item_count;
    Width width;
} Node;

typedef struct TreeBlock { struct TreeBlock *next; size_t size, used; } TreeBlock;
typedef struct TreeGroup { bool is_open; Width width; } TreeGroup;

/* All nodes lie in blocks that are freed together. */
typedef struct Tree {
    ToyThread *t;
    TreeBlock *blocks;
    Sequence *root;
    uint32_t flags;
    uint32_t group_count;                     /* from 1 on */
    TreeGroup *groups;                        /* [0] is not used */
    size_t group_capacity;
    ToyValue names;                           /* dict: name -> number */
} Tree;

TOY_MUST_CHECK bool tree_init(Tree *tree, ToyThread *t, uint32_t flags);
void tree_free(Tree *tree);
TOY_MUST_CHECK void *tree_alloc(Tree *tree, size_t size);
TOY_MUST_CHECK Node *tree_node(Tree *tree, NodeKind kind, uint32_t number);
TOY_MUST_CHECK Sequence *tree_sequence(Tree *tree);
/* The number of the new group, 0: raised. */
TOY_MUST_CHECK uint32_t tree_open_group(Tree *tree);
void tree_close_group(Tree *tree, uint32_t group, const Sequence *body);
void sequence_append(Sequence *sequence, Node *node);
Width sequence_width(const Sequence *sequence);
/* Once its arms are complete. */
void node_measure(const Tree *tree, Node *node);
bool node_equal(const Node *a, const Node *b);
/* Flags of what lies inside of (?on-off:...). */
uint32_t flags_inside(uint32_t flags, const Node *subpattern);

/* ==== parse.c, parse_escape.c, parse_group.c: text -> tree ================================================================== */

/* A token is one character, or a backslash with the character behind it. */
#define TOKEN_END UINT32_MAX
typedef struct Token { uint32_t c; bool is_escape; } Token;

typedef struct Parser {
    ToyThread *t;
    Tree *tree;
    ToyValue pattern, text;                   /* as given; as a str: bytes are read as Latin-1 */
    bool is_str;
    const void *data;
    unsigned width;
    size_t length;
    size_t at;                                /* where the next token begins */
    size_t next_length;
    Token next;
    bool has_failed;                          /* raised; tokens are all TOKEN_END from here on */
    uint32_t lookbehind_groups;               /* groups that were there when the outermost lookbehind began; 0: in none */
    struct { uint32_t group; size_t place; } *conditions;   /* (?(n)...): n may come later */
    size_t condition_count, condition_capacity;
    int stack_level;                          /* of warnings */
} Parser;

/* Parse [pattern], a str or bytes-like value with its text in [text], to tree->root, and set tree->flags. */
TOY_MUST_CHECK bool regex_parse(Tree *tree, ToyValue pattern, ToyValue text, bool is_str, int stack_level);
Sequence *parse_alternatives(Parser *p, bool is_verbose, int nesting);        /* NULL: raised */
Sequence *parse_items(Parser *p, bool is_verbose, int nesting, bool is_first);
/* Behind "(". Adds to the sequence, which is what this level has read so far. */
bool parse_group(Parser *p, Sequence *into, bool *is_verbose, int nesting, bool is_first);
/* Behind a backslash and [letter], which stand at [start]. Makes a node, or in a set an item. */
Node *parse_escape(Parser *p, uint32_t letter, size_t start);
bool parse_set_escape(Parser *p, uint32_t letter, size_t start, SetItem *item);
/* \n, (?P=n) and (?(n)...): raises if the group is open, or defined in the same lookbehind. */
bool parse_check_lookbehind(Parser *p, uint32_t group);
Node *parse_reference(Parser *p, uint32_t group, size_t back);

/* The tokens, for the parser and for templates. */
void tokens_begin(Parser *p, ToyValue text);
Token token_get(Parser *p);
bool token_accept(Parser *p, uint32_t c);
void token_go_back(Parser *p, size_t at);
static inline bool token_is(Token token, uint32_t c) { return token.c == c && !token.is_escape; }
static inline bool token_is_end(Token token) { return token.c == TOKEN_END; }
static inline bool token_is_digit(Token token) { return !token.is_escape && token.c >= '0' && token.c <= '9'; }
static inline bool token_is_octal(Token token) { return !token.is_escape && token.c >= '0' && token.c <= '7'; }
static inline bool is_ascii_letter(uint32_t c) { return (c | 32) >= 'a' && (c | 32) <= 'z'; }
/* The text up to [terminator], which is read too; FAILED: raised. */
ToyValue tokens_until(Parser *p, uint32_t terminator, const char *what);
/* A group's name: an identifier. [behind]: characters from its end to the next token. */
bool name_check(Parser *p, ToyValue name, size_t behind);
/* Digits, and nothing else: a number instead of a name. */
bool name_is_number(ToyValue name);
uint64_t name_number(ToyValue name);          /* UINT64_MAX when larger */
/* Raises that there is no group of the number in [name], whatever its length; false. */
bool name_no_such_number(Parser *p, ToyValue name, size_t back);
/* A backslash and a digit but 0 have been read: an octal character of three digits, or the number of a group. */
bool token_octal_or_group(Parser *p, size_t start, bool *is_octal, uint32_t *n);

/* PatternError at [back] characters before the next token; false. Does nothing if something is raised already. */
TOY_COLD bool parse_error(Parser *p, size_t back, const char *format, ...);
/* The same with the text between two places as only argument. */
bool parse_error_text(Parser *p, size_t back, const char *format, size_t from, size_t to);
/* Something else has been raised; false. */
bool parse_failed(Parser *p);
/* PatternError without (SIZE_MAX) or with a place. */
ToyValue regex_raise(ToyThread *t, TOY_TAKES ToyValue message, ToyValue pattern, size_t place);

/* ==== generate.c, charset.c: tree -> words ================================================================================== */

/* 256 bits, and whether there may be characters above. */
typedef struct Bitmap { uint32_t bits[8]; bool has_high; } Bitmap;
static inline bool bitmap_has(const Bitmap *bitmap, uint32_t c)
{
    return c < 256 ? (bitmap->bits[c >> 5] >> (c & 31)) & 1 : bitmap->has_high;
}
static inline void bitmap_add(Bitmap *bitmap, uint32_t c)
{
    if (c < 256) bitmap->bits[c >> 5] |= UINT32_C(1) << (c & 31);
    else bitmap->has_high = true;
}

typedef struct Program {
    uint32_t *code;
    uint32_t *links;                          /* one for each word; see prepare.c */
    size_t length, capacity;
    Bitmap *bitmaps;                          /* [0] has every character */
    size_t bitmap_count, bitmap_capacity;
    uint8_t *needle;                          /* the literal prefix, if all of it is below 256 */
    size_t needle_length;
    uint32_t group_count, loop_count;
} Program;

enum { INFO_PREFIX = 1, INFO_LITERAL = 2, INFO_CHARSET = 4 };
/* The words of INFO, which every program begins with. */
enum { INFO_SKIP = 1, INFO_FLAGS = 2, INFO_LEAST = 3, INFO_MOST = 4, INFO_PREFIX_LENGTH = 5, INFO_PREFIX_SKIP = 6, INFO_PREFIX_TEXT = 7 };
static inline size_t program_start(const Program *program) { return 1 + program->code[INFO_SKIP]; }

/* Adds a word; the two below, instructions for a tree and for a set. */
TOY_MUST_CHECK bool program_add(Program *program, ToyThread *t, uint32_t word);
TOY_MUST_CHECK bool generate_program(Tree *tree, Program *program);
void program_free(Program *program, ToyThread *t);

/* Case as flags want it: which characters count as the same. */
typedef enum CaseRule { CASE_EXACT, CASE_ASCII, CASE_LOCALE, CASE_UNICODE } CaseRule;
enum { CASE_OTHERS_MAX = 2 };
CaseRule case_rule(uint32_t flags);
uint32_t case_lower(CaseRule rule, uint32_t c);
bool case_matters(CaseRule rule, uint32_t c);                              /* there is another case of it */
/* The lower-case characters that share their upper case with [lower], but it; returns how many. */
unsigned case_others(CaseRule rule, uint32_t lower, uint32_t others[CASE_OTHERS_MAX]);
uint32_t case_ascii_lower(uint32_t c);
uint32_t case_locale_lower(uint32_t c);
uint32_t case_locale_upper(uint32_t c);

/* A set as it will be written. [bits]: of the map, if CHARSET or BIGCHARSET is among the items. */
typedef struct Charset { const SetItem *items; size_t count; bool has_case; const uint32_t *bits; } Charset;
TOY_MUST_CHECK bool charset_make(Tree *tree, const SetItem *items, size_t count, CaseRule rule, Charset *set);
TOY_MUST_CHECK bool charset_write(Program *program, ToyThread *t, const Charset *set, uint32_t flags);
bool charset_has(const uint32_t *set, uint32_t c);                         /* [set]: the words */
bool category_has(uint32_t category, uint32_t c);

/* prepare.c: links and bitmaps. item_has: does the instruction at [at], which matches one character, match this one? */
bool item_has(const uint32_t *code, size_t at, uint32_t c);
TOY_MUST_CHECK bool program_prepare(Program *program, ToyThread *t);
/* listing.c: what re.DEBUG prints. */
TOY_MUST_CHECK bool listing_tree(ToyThread *t, const Tree *tree);
TOY_MUST_CHECK bool listing_program(ToyThread *t, const Program *program);

/* ==== matcher.c, search.c ===================================================================================================== */

/* What is remembered for the way back, one behind the other: a choice that was made, or what something was before. */
typedef struct Note { uint32_t kind, at; size_t place, a, b; } Note;
/* A loop that is being run: how often its body has been gone through, and where the last optional round began. */
typedef struct Loop { size_t count, last; } Loop;

#define PLACE_NONE SIZE_MAX
enum { NOTES_INLINE = 64, SPANS_INLINE = 20, LOOPS_INLINE = 8 };

typedef enum MatchResult { MATCH_NO, MATCH_YES, MATCH_RAISED } MatchResult;

typedef struct Matcher {
    ToyThread *t;
    const Program *program;
    const void *text;
    unsigned width;
    size_t start, end;              /* where a match may begin first, and where the subject ends for it */
    size_t length;                  /* of the whole subject */
    size_t must_pass;               /* a match may not be empty and end here; PLACE_NONE: it may */
    bool must_reach_end;            /* fullmatch */
    size_t match_start, match_end;
    size_t *spans;                  /* two a group and two for the whole match, in front */
    size_t *marks;                  /* the groups' only, from group 1 on; PLACE_NONE: not set */
    uint32_t last_group;            /* that was closed last; 0: none */
    Loop *loops;
    Note *notes;
    size_t note_count, note_capacity;
    uint32_t ticks;
    size_t spans_inline[SPANS_INLINE];
    Loop loops_inline[LOOPS_INLINE];
    Note notes_inline[NOTES_INLINE];
} Matcher;

/* [matcher] is filled in for the whole subject; the caller sets start, end, must_pass, must_reach_end. */
TOY_MUST_CHECK bool matcher_init(Matcher *m, ToyThread *t, const Program *program, const void *text, unsigned width, size_t length);
void matcher_free(Matcher *m);
void matcher_reset(Matcher *m);
/* Of a match that was found: begin and end of the whole, then of each group. */
const size_t *matcher_spans(Matcher *m);
/* One try: the instructions from [pc] on, at one place. */
MatchResult matcher_run(Matcher *m, size_t pc, size_t at);
/* A match that begins at start. */
MatchResult matcher_match(Matcher *m);
/* The first place from [at] on, before [end], where the character is; [end] if there is none. */
size_t find_char(const void *text, unsigned width, uint32_t c, size_t at, size_t end);
/* The first match that begins at start or behind it. */
MatchResult matcher_search(Matcher *m);

#endif
