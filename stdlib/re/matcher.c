/* matcher.c - the little machine: runs a program at one place of a subject.
 *
 * What        matcher_match, and matcher_run for search.c.
 * How         Instructions are executed one after the other until one does not fit. Then the last note is taken from the stack of notes and
 *             says how to go on: a choice (try this arm, give back one character), or what must be put right first (this mark was there, this
 *             loop had that count). No note left: no match. There is no recursion, in the pattern or in the subject; the stack grows in
 *             toy's memory.
 *                 notes:  [mark 0 was unset] [arm 2 is left, at 5] [greedy: 9 down to 7] <- top
 *             A part that is tried by itself (lookaround, atomic group, a round of a possessive loop) begins with a note that remembers where;
 *             on its SUCCESS the choices above that note are dropped, and what is to be put right stays.
 * Invariants  I1 when all notes are taken back, marks and loops are as they were: a search need not clear them at each place.
 *             I2 matcher_run is compiled once for each width of characters; [width] is constant inside.
 * GIL         held. Every few thousand steps back and rounds it looks for signals: a handler may run script code, Ctrl-C ends the match.
 * Read next   opcodes.def, prepare.c (the links) */
#include "stdlib/re/re.h"

#define ALWAYS_INLINE static inline __attribute__((always_inline))

/* ==== state ================================================================================================================= */

static void *room(ToyThread *t, void *own, size_t inline_size, size_t size) { return size <= inline_size ? own : toy_alloc(t, size); }

static size_t spans_size(const Program *program) { return 2 * ((size_t)program->group_count + 1) * sizeof(size_t); }

bool matcher_init(Matcher *m, ToyThread *t, const Program *program, const void *text, unsigned width, size_t length)
{
    m->t = t;
    m->program = program;
    m->text = text;
    m->width = width;
    m->start = 0;
    m->end = m->length = length;
    m->must_pass = PLACE_NONE;
    m->must_reach_end = false;
    m->notes = m->notes_inline;
    m->note_count = 0;
    m->note_capacity = NOTES_INLINE;
    m->ticks = 0;
    m->loops = NULL;
    m->spans = room(t, m->spans_inline, sizeof m->spans_inline, spans_size(program));
    m->marks = m->spans + 2;
    if (m->spans) m->loops = room(t, m->loops_inline, sizeof m->loops_inline, program->loop_count * sizeof *m->loops);
    if (m->loops) return true;
    matcher_free(m);
    return false;
}

void matcher_free(Matcher *m)
{
    if (m->notes != m->notes_inline) toy_free(m->t, m->notes, m->note_capacity * sizeof *m->notes);
    if (m->spans && m->spans != m->spans_inline) toy_free(m->t, m->spans, spans_size(m->program));
    if (m->loops && m->loops != m->loops_inline) toy_free(m->t, m->loops, m->program->loop_count * sizeof *m->loops);
}

static __attribute__((noinline)) bool grow_notes(Matcher *m)
{
    size_t capacity = 4 * m->note_capacity;
    Note *notes;
    if (m->notes == m->notes_inline) {
        notes = toy_alloc(m->t, capacity * sizeof *notes);
        if (notes) memcpy(notes, m->notes, m->note_count * sizeof *notes);
    } else {
        capacity = 2 * m->note_capacity;
        notes = toy_resize(m->t, m->notes, m->note_capacity * sizeof *notes, capacity * sizeof *notes);
    }
    if (!notes) return false;
    m->notes = notes;
    m->note_capacity = capacity;
    return true;
}

/* ==== notes ================================================================================================================= */

typedef enum NoteKind {
    NOTE_MARK,      /* marks[at] was a, last_group was b */
    NOTE_LOOP,      /* loops[at] was {a, b} */
    NOTE_ARM,       /* the arm whose skip is at [at] has not been tried, at place */
    NOTE_GREEDY,    /* the repeat at [at] has matched up to place and can give back down to a */
    NOTE_LAZY,      /* the repeat at [at] has matched up to place and can take more up to a */
    NOTE_BEHIND,    /* the MAX_UNTIL at [at]: one round less, loop was {a, b}, and go on behind it at place */
    NOTE_ROUND,     /* the MIN_UNTIL at [at]: one round more at place */
    NOTE_PART,      /* the part at [at] began at place; a: the note of the part around it */
} NoteKind;

ALWAYS_INLINE bool note(Matcher *m, NoteKind kind, size_t at, size_t place, size_t a, size_t b)
{
    if (__builtin_expect(m->note_count == m->note_capacity, 0) && !grow_notes(m)) return false;
    m->notes[m->note_count++] = (Note){kind, (uint32_t)at, place, a, b};
    return true;
}

/* The part that began at note [part] is done: its choices go, what is to be put right stays. */
static void drop_choices(Matcher *m, size_t part)
{
    size_t kept = part;
    for (size_t i = part + 1; i < m->note_count; i++)
        if (m->notes[i].kind == NOTE_MARK) m->notes[kept++] = m->notes[i];
    m->note_count = kept;
}

/* Puts right everything since note [part], which goes too. */
static void take_back(Matcher *m, size_t part)
{
    while (m->note_count > part) {
        const Note *last = &m->notes[--m->note_count];
        if (last->kind != NOTE_MARK) continue;
        m->marks[last->at] = last->a;
        m->last_group = (uint32_t)last->b;
    }
}

/* ==== characters ============================================================================================================ */

ALWAYS_INLINE uint32_t char_at(const void *text, size_t at, const unsigned width)
{
    if (width == 1) return ((const uint8_t *)text)[at];
    return width == 2 ? ((const uint16_t *)text)[at] : ((const uint32_t *)text)[at];
}

/* Is the character in the bitmap, or above it and matched by the item it belongs to? */
ALWAYS_INLINE bool bitmap_item_has(const Program *program, const Bitmap *bitmap, size_t item, uint32_t c, const unsigned width)
{
    if (width == 1 || c < 256) return (bitmap->bits[c >> 5] >> (c & 31)) & 1;
    return bitmap->has_high && item_has(program->code, item, c);
}

ALWAYS_INLINE bool fits(const Program *program, size_t item, uint32_t c, const unsigned width)
{
    uint32_t link = program->links[item];
    return link ? bitmap_item_has(program, &program->bitmaps[link], item, c, width) : item_has(program->code, item, c);
}

/* May what has [link] as bitmap of firsts begin at [at]? */
ALWAYS_INLINE bool may_begin(const Matcher *m, uint32_t link, size_t at, const unsigned width)
{
    return !link || (at < m->end && bitmap_has(&m->program->bitmaps[link], char_at(m->text, at, width)));
}

/* How far the item at [item] goes on matching from [at] on, but not beyond [limit]. */
ALWAYS_INLINE size_t run_of(const Matcher *m, size_t item, size_t at, size_t limit, const unsigned width)
{
    const Program *program = m->program;
    const uint32_t op = program->code[item];
    if (op == OP_ANY_ALL) return limit;
    if (op == OP_ANY) return find_char(m->text, width, '\n', at, limit);
    if (op == OP_NOT_LITERAL) return find_char(m->text, width, program->code[item + 1], at, limit);
    if (op == OP_LITERAL) {
        while (at < limit && char_at(m->text, at, width) == program->code[item + 1]) at++;
        return at;
    }
    uint32_t link = program->links[item];
    if (!link) {
        while (at < limit && item_has(program->code, item, char_at(m->text, at, width))) at++;
        return at;
    }
    const Bitmap *bitmap = &program->bitmaps[link];
    while (at < limit && bitmap_item_has(program, bitmap, item, char_at(m->text, at, width), width)) at++;
    return at;
}

/* ==== places ================================================================================================================ */

static bool is_word(const Matcher *m, size_t at, RegexCategory category)
{
    uint32_t c = char_at(m->text, at, m->width);
    return category_has(category, c);
}
static bool is_boundary(const Matcher *m, size_t at, RegexCategory category)
{
    return (at > 0 && is_word(m, at - 1, category)) != (at < m->end && is_word(m, at, category));
}

static bool place_is(const Matcher *m, uint32_t place, size_t at)
{
    switch ((RegexPlace)place) {
    case PLACE_BEGINNING: case PLACE_BEGINNING_STRING: return at == 0;
    case PLACE_BEGINNING_LINE: return at == 0 || char_at(m->text, at - 1, m->width) == '\n';
    case PLACE_END: return at == m->end || (at + 1 == m->end && char_at(m->text, at, m->width) == '\n');
    case PLACE_END_LINE: return at == m->end || char_at(m->text, at, m->width) == '\n';
    case PLACE_END_STRING: return at == m->end;
    /* In an empty subject there is no boundary, and none of what is no boundary. */
    case PLACE_BOUNDARY: return m->end > 0 && is_boundary(m, at, CATEGORY_WORD);
    case PLACE_NON_BOUNDARY: return m->end > 0 && !is_boundary(m, at, CATEGORY_WORD);
    case PLACE_LOC_BOUNDARY: return m->end > 0 && is_boundary(m, at, CATEGORY_LOC_WORD);
    case PLACE_LOC_NON_BOUNDARY: return m->end > 0 && !is_boundary(m, at, CATEGORY_LOC_WORD);
    case PLACE_UNI_BOUNDARY: return m->end > 0 && is_boundary(m, at, CATEGORY_UNI_WORD);
    case PLACE_UNI_NON_BOUNDARY: return m->end > 0 && !is_boundary(m, at, CATEGORY_UNI_WORD);
    case PLACE_COUNT: break;
    }
    return false;
}

static uint32_t same_case(RegexOp op, uint32_t c)
{
    switch (op) {
    case OP_GROUPREF_IGNORE: return case_ascii_lower(c);
    case OP_GROUPREF_LOC_IGNORE: return case_locale_lower(c);
    case OP_GROUPREF_UNI_IGNORE: return toy_char_lower(c);
    default: return c;
    }
}

/* The group's text once more: the place behind it, or PLACE_NONE. */
ALWAYS_INLINE size_t match_reference(const Matcher *m, RegexOp op, uint32_t group, size_t at, const unsigned width)
{
    size_t from = m->marks[2 * group], to = m->marks[2 * group + 1];
    if (from == PLACE_NONE || to == PLACE_NONE || to < from || to - from > m->end - at) return PLACE_NONE;
    for (; from < to; from++, at++) {
        uint32_t a = char_at(m->text, at, width), b = char_at(m->text, from, width);
        if (a != b && (op == OP_GROUPREF || same_case(op, a) != same_case(op, b))) return PLACE_NONE;
    }
    return at;
}

/* ==== the machine =========================================================================================================== */

/* The arm to try: the first from [arm] on that can begin here; 0: none. A note is made of the next one. */
ALWAYS_INLINE bool choose_arm(Matcher *m, size_t *arm, size_t at, const unsigned width)
{
    const uint32_t *code = m->program->code, *links = m->program->links;
    size_t first = *arm;
    while (code[first] && !may_begin(m, links[first], at, width)) first += code[first];
    *arm = code[first] ? first : 0;
    if (!*arm) return true;
    size_t next = first + code[first];
    while (code[next] && !may_begin(m, links[next], at, width)) next += code[next];
    return !code[next] || note(m, NOTE_ARM, next, at, 0, 0);
}

/* One more round of the loop whose UNTIL is at *pc, come what may. */
ALWAYS_INLINE bool begin_round(Matcher *m, size_t *pc, size_t at)
{
    size_t repeat = m->program->links[*pc];
    uint32_t number = m->program->links[repeat];
    Loop *loop = &m->loops[number];
    if (!note(m, NOTE_LOOP, number, 0, loop->count, loop->last)) return false;
    *loop = (Loop){loop->count + 1, at};
    *pc = repeat + 4;
    return true;
}

/* At the UNTIL at *pc, so many rounds are complete: one more, or on behind it. A round that is not needed may not begin where the one
 * before began: it would go on so for ever. */
ALWAYS_INLINE bool next_round(Matcher *m, size_t *pc, size_t at)
{
    const uint32_t *code = m->program->code;
    size_t until = *pc, repeat = m->program->links[until];
    uint32_t number = m->program->links[repeat], maximum = code[repeat + 3];
    Loop *loop = &m->loops[number];
    if (loop->count < code[repeat + 2]) {
        if (!note(m, NOTE_LOOP, number, 0, loop->count, loop->last)) return false;
        loop->count++;
        *pc = repeat + 4;
        return true;
    }
    bool is_possible = (loop->count < maximum || maximum == REGEX_MANY) && at != loop->last;
    *pc = until + 1;
    if (code[until] == OP_MIN_UNTIL) return !is_possible || note(m, NOTE_ROUND, until, at, 0, 0);
    if (!is_possible) return true;
    if (!note(m, NOTE_BEHIND, until, at, loop->count, loop->last)) return false;
    *loop = (Loop){loop->count + 1, at};
    *pc = repeat + 4;
    return true;
}

/* Called wherever a match may go on for long. False: a signal's handler has raised. */
ALWAYS_INLINE bool tick(Matcher *m)
{
    enum { TICKS_BETWEEN = 4096 };
    return __builtin_expect(++m->ticks % TICKS_BETWEEN != 0, 1) || toy_check_signals(m->t);
}

/* This way does not match: back to the last note. */
#define FAIL  goto fail
/* No memory, or a signal's handler has raised. */
#define RAISE return MATCH_RAISED

/* [at] may not lie behind m->end. I1. */
ALWAYS_INLINE MatchResult run(Matcher *m, size_t pc, size_t at, const unsigned width)
{
    const uint32_t *const code = m->program->code, *const links = m->program->links;
    const void *const text = m->text;
    const size_t end = m->end;
    size_t part = SIZE_MAX;     /* the note of the innermost part that is being tried */
    size_t start, stop, low, arm, begun, part_skip;
    Loop *loop;
    const Note *last;

    for (;;) {
        switch ((RegexOp)code[pc]) {
        /* ---- characters ---- */
        case OP_LITERAL:
            if (at >= end || char_at(text, at, width) != code[pc + 1]) FAIL;
            at++;
            pc += 2;
            break;
        case OP_NOT_LITERAL:
            if (at >= end || char_at(text, at, width) == code[pc + 1]) FAIL;
            at++;
            pc += 2;
            break;
        case OP_ANY:
            if (at >= end || char_at(text, at, width) == '\n') FAIL;
            at++;
            pc++;
            break;
        case OP_ANY_ALL:
            if (at >= end) FAIL;
            at++;
            pc++;
            break;
        case OP_IN: case OP_IN_IGNORE: case OP_IN_UNI_IGNORE: case OP_IN_LOC_IGNORE:
            if (at >= end || !fits(m->program, pc, char_at(text, at, width), width)) FAIL;
            at++;
            pc += 1 + code[pc + 1];
            break;
        case OP_LITERAL_IGNORE: case OP_LITERAL_UNI_IGNORE: case OP_LITERAL_LOC_IGNORE:
        case OP_NOT_LITERAL_IGNORE: case OP_NOT_LITERAL_UNI_IGNORE: case OP_NOT_LITERAL_LOC_IGNORE:
            if (at >= end || !fits(m->program, pc, char_at(text, at, width), width)) FAIL;
            at++;
            pc += 2;
            break;

        /* ---- places and groups ---- */
        case OP_AT:
            if (!place_is(m, code[pc + 1], at)) FAIL;
            pc += 2;
            break;
        case OP_MARK: {
            uint32_t mark = code[pc + 1];
            if (!note(m, NOTE_MARK, mark, 0, m->marks[mark], m->last_group)) RAISE;
            m->marks[mark] = at;
            if (mark & 1) m->last_group = mark / 2 + 1;
            pc += 2;
            break;
        }
        case OP_GROUPREF: case OP_GROUPREF_IGNORE: case OP_GROUPREF_LOC_IGNORE: case OP_GROUPREF_UNI_IGNORE:
            stop = match_reference(m, (RegexOp)code[pc], code[pc + 1], at, width);
            if (stop == PLACE_NONE) FAIL;
            at = stop;
            pc += 2;
            break;
        case OP_GROUPREF_EXISTS: {
            const size_t *marks = m->marks + 2 * code[pc + 1];
            bool exists = marks[0] != PLACE_NONE && marks[1] != PLACE_NONE && marks[0] <= marks[1];
            pc += exists ? 3 : 1 + code[pc + 2];
            break;
        }

        /* ---- ways to choose from ---- */
        case OP_BRANCH:
            arm = pc + 1;
        choose:   /* from NOTE_ARM too */
            if (!choose_arm(m, &arm, at, width)) RAISE;
            if (!arm) FAIL;
            pc = arm + 1;
            break;
        case OP_JUMP:
            pc += 1 + code[pc + 1];
            break;
        case OP_REPEAT_ONE: case OP_POSSESSIVE_REPEAT_ONE:
            if (end - at < code[pc + 2]) FAIL;
            low = at + code[pc + 2];
            stop = run_of(m, pc + 4, at, code[pc + 3] < end - at ? at + code[pc + 3] : end, width);
            if (stop < low) FAIL;
            /* Nothing that it repeats can follow: giving back would be in vain. */
            if (links[pc + 1] || code[pc] == OP_POSSESSIVE_REPEAT_ONE) low = stop;
            while (stop > low && !may_begin(m, links[pc], stop, width)) stop--;
            if (stop == low && !may_begin(m, links[pc], stop, width)) FAIL;
            if (stop > low && !note(m, NOTE_GREEDY, pc, stop, low, 0)) RAISE;
            at = stop;
            pc += 1 + code[pc + 1];
            break;
        case OP_MIN_REPEAT_ONE:
            if (end - at < code[pc + 2]) FAIL;
            low = at + code[pc + 2];
            stop = code[pc + 3] < end - at ? at + code[pc + 3] : end;
            if (low > at && run_of(m, pc + 4, at, low, width) < low) FAIL;
            at = low;
        take_more:   /* from NOTE_LAZY too */
            while (!may_begin(m, links[pc], at, width)) {
                if (at >= stop || !fits(m->program, pc + 4, char_at(text, at, width), width)) FAIL;
                at++;
            }
            if (at < stop && !note(m, NOTE_LAZY, pc, at, stop, 0)) RAISE;
            pc += 1 + code[pc + 1];
            break;

        /* ---- loops ---- */
        case OP_REPEAT:
            loop = &m->loops[links[pc]];
            if (!note(m, NOTE_LOOP, links[pc], 0, loop->count, loop->last)) RAISE;
            *loop = (Loop){0, PLACE_NONE};
            pc += 1 + code[pc + 1];
            break;
        case OP_MAX_UNTIL: case OP_MIN_UNTIL:
            if (!tick(m) || !next_round(m, &pc, at)) RAISE;
            break;

        /* ---- parts that are tried by themselves ---- */
        case OP_ASSERT: case OP_ASSERT_NOT:
            if (code[pc + 2] > at) {
                if (code[pc] == OP_ASSERT) FAIL;
                pc += 1 + code[pc + 1];
                break;
            }
            if (!note(m, NOTE_PART, pc, at, part, 0)) RAISE;
            part = m->note_count - 1;
            at -= code[pc + 2];
            pc += 3;
            break;
        case OP_ATOMIC_GROUP:
            if (!note(m, NOTE_PART, pc, at, part, 0)) RAISE;
            part = m->note_count - 1;
            pc += 2;
            break;
        case OP_POSSESSIVE_REPEAT:
            m->loops[links[pc]].count = 0;
            if (code[pc + 3] == 0) {
                pc += 2 + code[pc + 1];
                break;
            }
        possess:   /* the next round too */
            if (!note(m, NOTE_PART, pc, at, part, 0)) RAISE;
            part = m->note_count - 1;
            pc += 4;
            break;
        case OP_SUCCESS:
            if (part == SIZE_MAX) {
                if ((m->must_reach_end && at != end) || at == m->must_pass) FAIL;
                m->match_end = at;
                return MATCH_YES;
            }
            begun = part;
            pc = m->notes[begun].at;
            start = m->notes[begun].place;
            part = m->notes[begun].a;
            if (code[pc] == OP_ASSERT_NOT) {
                take_back(m, begun);
                FAIL;
            }
            drop_choices(m, begun);
            part_skip = pc + 1;
            if (code[pc] == OP_POSSESSIVE_REPEAT) {
                loop = &m->loops[links[pc]];
                loop->count++;
                if (loop->count < code[pc + 2] || ((loop->count < code[pc + 3] || code[pc + 3] == REGEX_MANY) && at != start)) goto possess;
                pc++;   /* a SUCCESS stands where the skip leads */
            } else if (code[pc] == OP_ASSERT) {
                at = start;
            }
            pc += 1 + code[part_skip];
            break;
        default:   /* FAILURE; nothing else is an instruction */
            FAIL;
        }
        continue;

    fail:
        if (!tick(m)) RAISE;
    again:
        if (m->note_count == 0) return MATCH_NO;
        last = &m->notes[--m->note_count];
        pc = last->at;
        at = last->place;
        switch ((NoteKind)last->kind) {
        case NOTE_MARK:
            m->marks[pc] = last->a;
            m->last_group = (uint32_t)last->b;
            goto again;
        case NOTE_LOOP:
            m->loops[pc] = (Loop){last->a, last->b};
            goto again;
        case NOTE_ARM:
            arm = pc;
            goto choose;
        case NOTE_GREEDY:
            low = last->a;
            do at--; while (at > low && !may_begin(m, links[pc], at, width));
            if (at > low) {
                m->notes[m->note_count++].place = at;   /* the same note once more */
            } else if (!may_begin(m, links[pc], at, width)) {
                goto again;
            }
            pc += 1 + code[pc + 1];
            break;
        case NOTE_LAZY:
            stop = last->a;
            if (!fits(m->program, pc + 4, char_at(text, at, width), width)) goto again;
            at++;
            goto take_more;
        case NOTE_BEHIND:
            m->loops[links[links[pc]]] = (Loop){last->a, last->b};
            pc++;
            break;
        case NOTE_ROUND:
            if (!begin_round(m, &pc, at)) RAISE;
            break;
        case NOTE_PART:
            part = last->a;
            if (code[pc] == OP_ASSERT_NOT) {
                pc += 1 + code[pc + 1];
                break;
            }
            if (code[pc] != OP_POSSESSIVE_REPEAT || m->loops[links[pc]].count < code[pc + 2]) goto again;
            pc += 2 + code[pc + 1];
            break;
        }
    }
}

static MatchResult run_narrow(Matcher *m, size_t pc, size_t at) { return run(m, pc, at, 1); }
static MatchResult run_middle(Matcher *m, size_t pc, size_t at) { return run(m, pc, at, 2); }
static MatchResult run_wide(Matcher *m, size_t pc, size_t at) { return run(m, pc, at, 4); }

MatchResult matcher_run(Matcher *m, size_t pc, size_t at)
{
    switch (m->width) {
    case 1: return run_narrow(m, pc, at);
    case 2: return run_middle(m, pc, at);
    default: return run_wide(m, pc, at);
    }
}

void matcher_reset(Matcher *m)
{
    for (size_t i = 0; i < 2 * m->program->group_count; i++) m->marks[i] = PLACE_NONE;
    m->last_group = 0;
    m->note_count = 0;
}

const size_t *matcher_spans(Matcher *m)
{
    m->spans[0] = m->match_start;
    m->spans[1] = m->match_end;
    return m->spans;
}

MatchResult matcher_match(Matcher *m)
{
    matcher_reset(m);
    m->match_start = m->start;
    if (m->start > m->end) return MATCH_NO;
    return matcher_run(m, program_start(m->program), m->start);
}
