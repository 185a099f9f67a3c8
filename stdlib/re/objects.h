/* objects.h - what scripts hold of the machine: Pattern, Match, Scanner.
 *
 * What        Their structs, the subject of a match, and the functions the three files share.
 * How         A Pattern owns its program. A Match owns its marks and keeps the subject itself, not its text: a bytearray that has changed
 *             since is read as it is now. While the machine runs, and as long as a Scanner lives, the subject's buffer is exported.
 * GIL         held.
 * Read next   pattern.c, match_object.c, scanner.c */
#ifndef TOY_STDLIB_RE_OBJECTS_H
#define TOY_STDLIB_RE_OBJECTS_H

#include "stdlib/re/re.h"

typedef struct SreState { ToyType *pattern, *match, *scanner, *iterator; } SreState;

typedef struct Pattern {
    ToyObject head;
    ToyValue source;            /* the text as it was given; None of a lexicon */
    ToyValue names;             /* dict: group name -> number */
    ToyValue template_source;   /* the last replacement with backslashes in it, and what it means */
    ToyValue template;
    Program program;
    int64_t flags, groups;
    bool is_str, is_bytes;      /* what it can be used on; a lexicon on both */
} Pattern;

enum { MATCH_MARKS_INLINE = 8 };
typedef struct Match {
    ToyObject head;
    ToyValue pattern, string;
    ToyValue regions;           /* .regs, once asked for */
    int64_t pos, endpos;
    uint32_t last_group;        /* 0: none */
    size_t *marks;              /* two a group; group 0 is the whole match */
    size_t marks_inline[MATCH_MARKS_INLINE];
} Match;

/* What is searched: a str, or the bytes of something bytes-like. */
typedef struct Subject {
    ToyValue value;             /* borrowed */
    const void *data;
    unsigned width;
    size_t length;
    bool is_str;
    ToyBuffer buffer;           /* exported if not is_str */
} Subject;

static inline Pattern *as_pattern(ToyValue v) { return (Pattern *)toy_object(v); }
static inline Match *as_match(ToyValue v) { return (Match *)toy_object(v); }

/* Must be matched by subject_release; TypeError if [v] is not for that pattern (which may be NULL). */
TOY_MUST_CHECK bool subject_get(ToyThread *t, const Pattern *pattern, ToyValue v, Subject *subject);
void subject_release(ToyThread *t, Subject *subject);
TOY_MUST_CHECK ToyValue subject_slice(ToyThread *t, const Subject *subject, size_t start, size_t end);
/* matcher_init on a subject, from [pos] to [endpos], either of which may be UNBOUND. */
TOY_MUST_CHECK bool subject_matcher(ToyThread *t, const Pattern *pattern, const Subject *subject, ToyValue pos, ToyValue endpos, Matcher *m);
/* Behind the last match: an empty one may not be found there again. */
void matcher_advance(Matcher *m);

/* A Match of what [m] found; [pos] is where the caller wanted it to begin looking. */
TOY_MUST_CHECK ToyValue match_new(ToyThread *t, const SreState *state, ToyValue pattern, ToyValue string, Matcher *m, size_t pos);
TOY_MUST_CHECK ToyValue scanner_new(ToyThread *t, ToyType *type, ToyValue pattern, ToyValue string, ToyValue pos, ToyValue endpos);

/* template.c. A template is a tuple: text, group, text, group ... text. Owned. */
TOY_MUST_CHECK ToyValue template_of(ToyThread *t, ToyValue pattern, ToyValue source);
/* Its text for a match whose spans these are. */
TOY_MUST_CHECK ToyValue template_expand(ToyThread *t, ToyValue template, const Subject *subject, const size_t *spans);
/* Texts as one; [like] decides whether str or bytes. Takes the list. */
TOY_MUST_CHECK ToyValue join_texts(ToyThread *t, bool is_str, TOY_TAKES ToyValue list);

extern const ToyTypeSpec pattern_spec, match_spec, scanner_spec, iterator_spec;
TOY_MUST_CHECK ToyValue pattern_compile(ToyThread *t, const SreState *state, ToyValue source, ToyValue flags);
TOY_MUST_CHECK ToyValue pattern_compile_lexicon(ToyThread *t, const SreState *state, ToyValue phrases, ToyValue flags);

#endif
