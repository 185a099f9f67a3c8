/* scanner.c - one match after the other: what finditer returns, and the object of Pattern.scanner.
 *
 * What        match() and search() that go on where the last match ended; an iterator that calls search().
 * How         Both are the same struct, a Matcher with its subject. The subject's buffer stays exported as long as it lives. Once nothing was
 *             found, nothing will be.
 * GIL         held. A match may run script code (a signal handler); if that calls the same scanner, ValueError.
 * Read next   pattern.c */
#include "stdlib/re/objects.h"

typedef struct Scanner {
    ToyObject head;
    ToyValue pattern, string;
    Subject subject;
    bool has_subject, is_running, is_over;
    size_t start, end, must_pass;
} Scanner;

ToyValue scanner_new(ToyThread *t, ToyType *type, ToyValue pattern, ToyValue string, ToyValue pos, ToyValue endpos)
{
    Scanner *scanner = (Scanner *)toy_type_alloc(t, type);
    Matcher m;
    if (!scanner) return TOY_FAILED;
    scanner->pattern = toy_retain(pattern);
    scanner->string = toy_retain(string);
    scanner->has_subject = subject_get(t, as_pattern(pattern), string, &scanner->subject);
    if (!scanner->has_subject || !subject_matcher(t, as_pattern(pattern), &scanner->subject, pos, endpos, &m)) {
        toy_release(toy_value(scanner));
        return TOY_FAILED;
    }
    scanner->start = m.start;
    scanner->end = m.end;
    scanner->must_pass = PLACE_NONE;
    matcher_free(&m);
    return toy_value(scanner);
}

/* The next match, or None. */
static ToyValue scan(ToyThread *t, ToyValue self, bool is_search)
{
    Scanner *scanner = (Scanner *)toy_object(self);
    Matcher m;
    if (scanner->is_running) return toy_raise_value_error(t, "regular expression scanner already executing");
    if (scanner->is_over) return TOY_NONE;
    const Pattern *pattern = as_pattern(scanner->pattern);
    if (!matcher_init(&m, t, &pattern->program, scanner->subject.data, scanner->subject.width, scanner->subject.length)) return TOY_FAILED;
    m.start = scanner->start;
    m.end = scanner->end;
    m.must_pass = scanner->must_pass;
    scanner->is_running = true;
    MatchResult result = is_search ? matcher_search(&m) : matcher_match(&m);
    scanner->is_running = false;
    ToyValue match = result == MATCH_RAISED ? TOY_FAILED : TOY_NONE;
    if (result == MATCH_YES) match = match_new(t, toy_instance_state(self), scanner->pattern, scanner->string, &m, m.start);
    scanner->is_over = result == MATCH_NO;
    if (result == MATCH_YES) matcher_advance(&m);
    scanner->start = m.start;
    scanner->must_pass = m.must_pass;
    matcher_free(&m);
    return match;
}

static ToyValue scanner_match(ToyThread *t, ToyValue self, const ToyValue *args) { return scan(t, self, false); }
static ToyValue scanner_search(ToyThread *t, ToyValue self, const ToyValue *args) { return scan(t, self, true); }

static ToyValue iterator_next(ToyThread *t, ToyValue self)
{
    ToyValue match = scan(t, self, true);
    return toy_is_none(match) ? TOY_END : match;
}
static ToyValue iterator_iterate(ToyThread *t, ToyValue self) { return toy_retain(self); }

static void scanner_traverse(ToyObject *self, ToyVisit visit, void *context)
{
    const Scanner *scanner = (Scanner *)self;
    toy_visit(scanner->pattern, visit, context);
    toy_visit(scanner->string, visit, context);
}
static void scanner_free(ToyObject *self)
{
    Scanner *scanner = (Scanner *)self;
    if (scanner->has_subject) subject_release(toy_thread(), &scanner->subject);
    toy_clear(&scanner->pattern);
    toy_clear(&scanner->string);
}

static const ToyFunction scanner_methods[] = {
    TOY_FUNCTION("match", scanner_match, "($self, /)", 0, "Match where the last match ended: a Match, or None."),
    TOY_FUNCTION("search", scanner_search, "($self, /)", 0, "Find the next match from there on: a Match, or None."),
    TOY_FUNCTIONS_END,
};
static const ToyMember scanner_members[] = {
    {"pattern", MEMBER_VALUE, offsetof(Scanner, pattern), true, "The Pattern it belongs to."},
    {NULL, MEMBER_VALUE, 0, true, NULL},
};
const ToyTypeSpec scanner_spec = {
    .size = sizeof(Scanner),
    .flags = TOY_TYPE_IS_FINAL | TOY_TYPE_IS_CONTAINER | TOY_TYPE_NO_NEW,
    .methods = scanner_methods,
    .members = scanner_members,
    .traverse = scanner_traverse,
    .free = scanner_free,
};
const ToyTypeSpec iterator_spec = {
    .size = sizeof(Scanner),
    .flags = TOY_TYPE_IS_FINAL | TOY_TYPE_IS_CONTAINER | TOY_TYPE_NO_NEW,
    .slots = {.iterate = iterator_iterate, .next = iterator_next},
    .traverse = scanner_traverse,
    .free = scanner_free,
};
