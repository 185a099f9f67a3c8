/* pattern.c - re.Pattern: a compiled pattern and everything that can be done with it.
 *
 * What        Making one of a text; match, fullmatch, search, findall, finditer, split, sub, subn, scanner.
 * How         Each method takes the subject, sets a Matcher up, runs it once or again and again from where the last match ended, and
 *             makes what is asked for of the marks. Only sub with a function and the signal handlers run script code in between; the Matcher
 *             is the method's own.
 * GIL         held.
 * Read next   match_object.c, template.c, subject.c */
#include <stdio.h>

#include "stdlib/re/objects.h"

/* ==== making one ============================================================================================================ */

/* Takes the tree. [is_read]: it is complete; else something has been raised. */
static ToyValue pattern_new(ToyThread *t, const SreState *state, ToyValue source, TOY_TAKES Tree *tree, bool is_read, bool is_str, bool is_bytes)
{
    Program program = {.code = NULL};
    Pattern *pattern = NULL;
    bool is_listed = tree->flags & REGEX_DEBUG && !toy_is_none(source);
    bool done = is_read && (!is_listed || listing_tree(t, tree)) && generate_program(tree, &program) && program_prepare(&program, t) &&
                (!is_listed || listing_program(t, &program));
    if (done) pattern = (Pattern *)toy_type_alloc(t, state->pattern);
    if (pattern) {
        pattern->source = toy_retain(source);
        pattern->names = toy_retain(tree->names);
        pattern->program = program;
        pattern->flags = tree->flags;
        pattern->groups = tree->group_count;
        pattern->is_str = is_str;
        pattern->is_bytes = is_bytes;
    } else {
        program_free(&program, t);
    }
    tree_free(tree);
    return toy_value(pattern);
}

/* The text of a pattern as a str; bytes as if they were Latin-1. */
static ToyValue source_text(ToyThread *t, ToyValue source)
{
    if (toy_is_str(source)) return toy_retain(source);
    ToyBuffer buffer;
    if (!toy_has_buffer(t, source)) return toy_raise_type_error(t, "first argument must be string or compiled pattern");
    if (!toy_buffer_get(t, source, &buffer, 0)) return TOY_FAILED;
    ToyValue text = toy_str_from_latin1(t, (const char *)buffer.data, buffer.length);
    toy_buffer_release(t, &buffer);
    return text;
}

/* Which frame is warned of a pattern: behind _compile() and compile() whoever called that; of a lexicon two further, as in CPython. */
enum { WARNING_LEVEL = 3, WARNING_LEVEL_LEXICON = 4 };

ToyValue pattern_compile(ToyThread *t, const SreState *state, ToyValue source, ToyValue flags)
{
    int64_t bits = 0;
    Tree tree;
    bool is_str = toy_is_str(source);
    if (!toy_arg_int64(t, flags, &bits)) return TOY_FAILED;
    ToyValue text = source_text(t, source);
    if (toy_failed(text) || !tree_init(&tree, t, (uint32_t)bits)) {
        toy_release(text);
        return TOY_FAILED;
    }
    bool is_read = regex_parse(&tree, source, text, is_str, WARNING_LEVEL);
    toy_release(text);
    return pattern_new(t, state, source, &tree, is_read, is_str, !is_str);
}

/* Adds a phrase of a lexicon as an arm: a group of its own around a pattern that counts its groups from 1, as if it stood alone. So groups
 * may get in each other's way, as they do in CPython; but there must be as many phrases as groups in any one of them. */
static bool add_phrase(Tree *tree, Node *branch, Sequence **last, ToyValue phrase, size_t phrase_count)
{
    ToyThread *t = tree->t;
    uint32_t count = tree->group_count, flags = tree->flags;
    Sequence *arm = tree_sequence(tree);
    Node *group = arm ? tree_node(tree, NODE_SUBPATTERN, count + 1) : NULL;
    ToyValue text = group ? source_text(t, phrase) : TOY_FAILED;
    tree->group_count = 0;
    bool is_read = !toy_failed(text) && regex_parse(tree, phrase, text, toy_is_str(phrase), WARNING_LEVEL_LEXICON);
    uint32_t groups_inside = tree->group_count;
    tree->group_count = count;
    tree->flags = flags;
    toy_release(text);
    if (!is_read || (flags & REGEX_DEBUG && !listing_tree(t, tree))) return false;
    if (groups_inside > phrase_count) return toy_raise_false(t, TOY_RuntimeError, "invalid SRE code");
    toy_dict_clear(t, tree->names);
    if (!tree_open_group(tree)) return false;
    tree_close_group(tree, count + 1, tree->root);
    group->arms = tree->root;
    node_measure(tree, group);
    sequence_append(arm, group);
    if (*last) (*last)->next = arm;
    else branch->arms = arm;
    *last = arm;
    return true;
}

ToyValue pattern_compile_lexicon(ToyThread *t, const SreState *state, ToyValue phrases, ToyValue flags)
{
    int64_t bits = 0;
    Tree tree;
    size_t count = toy_tuple_length(phrases);
    if (!count) return toy_raise(t, TOY_RuntimeError, "invalid SRE code");
    if (!toy_arg_int64(t, flags, &bits) || !tree_init(&tree, t, (uint32_t)bits)) return TOY_FAILED;
    Sequence *last = NULL, *root = tree_sequence(&tree);
    Node *branch = root ? tree_node(&tree, NODE_BRANCH, 0) : NULL;
    bool done = branch != NULL;
    for (size_t i = 0; done && i < count; i++) done = add_phrase(&tree, branch, &last, toy_tuple_item(phrases, i), count);
    if (done) {
        node_measure(&tree, branch);
        sequence_append(root, branch);
        tree.root = root;
    }
    return pattern_new(t, state, TOY_NONE, &tree, done, false, false);
}

/* ==== one match ============================================================================================================= */

typedef enum Way { WAY_MATCH, WAY_FULLMATCH, WAY_SEARCH } Way;

static ToyValue match_once(ToyThread *t, ToyValue self, const ToyValue *args, Way way)
{
    Subject subject;
    Matcher m;
    const Pattern *pattern = as_pattern(self);
    ToyValue found = TOY_FAILED;
    if (!subject_get(t, pattern, args[0], &subject)) return TOY_FAILED;
    if (subject_matcher(t, pattern, &subject, args[1], args[2], &m)) {
        size_t pos = m.start;
        m.must_reach_end = way == WAY_FULLMATCH;
        MatchResult result = way == WAY_SEARCH ? matcher_search(&m) : matcher_match(&m);
        if (result == MATCH_YES) found = match_new(t, toy_instance_state(self), self, args[0], &m, pos);
        else if (result == MATCH_NO) found = TOY_NONE;
        matcher_free(&m);
    }
    subject_release(t, &subject);
    return found;
}

static ToyValue pattern_match(ToyThread *t, ToyValue self, const ToyValue *args) { return match_once(t, self, args, WAY_MATCH); }
static ToyValue pattern_fullmatch(ToyThread *t, ToyValue self, const ToyValue *args) { return match_once(t, self, args, WAY_FULLMATCH); }
static ToyValue pattern_search(ToyThread *t, ToyValue self, const ToyValue *args) { return match_once(t, self, args, WAY_SEARCH); }

/* ==== all matches =========================================================================================================== */

static bool is_found(const size_t *spans, size_t group) { return spans[2 * group] != PLACE_NONE && spans[2 * group + 1] != PLACE_NONE; }

/* The text of a group that was found; of one that was not, the empty text. */
static ToyValue group_text(ToyThread *t, const Subject *subject, const size_t *spans, size_t group)
{
    return is_found(spans, group) ? subject_slice(t, subject, spans[2 * group], spans[2 * group + 1]) : subject_slice(t, subject, 0, 0);
}

/* What findall lists: the match, its only group, or a tuple of its groups. */
static ToyValue found_item(ToyThread *t, const Subject *subject, const size_t *spans, size_t count)
{
    if (count <= 1) return group_text(t, subject, spans, count);
    ToyValue few[8], *items = count <= 8 ? few : toy_alloc(t, count * sizeof *items);
    if (!items) return TOY_FAILED;
    for (size_t i = 0; i < count; i++) items[i] = group_text(t, subject, spans, i + 1);
    ToyValue tuple = toy_tuple_take(t, items, count);
    if (items != few) toy_free(t, items, count * sizeof *items);
    return tuple;
}

static ToyValue pattern_findall(ToyThread *t, ToyValue self, const ToyValue *args)
{
    Subject subject;
    Matcher m;
    const Pattern *pattern = as_pattern(self);
    if (!subject_get(t, pattern, args[0], &subject)) return TOY_FAILED;
    ToyValue list = toy_list(t);
    if (!toy_failed(list) && subject_matcher(t, pattern, &subject, args[1], args[2], &m)) {
        MatchResult result;
        while ((result = matcher_search(&m)) == MATCH_YES) {
            if (!toy_list_append_take(t, list, found_item(t, &subject, matcher_spans(&m), pattern->program.group_count))) {
                result = MATCH_RAISED;
                break;
            }
            matcher_advance(&m);
        }
        matcher_free(&m);
        if (result == MATCH_RAISED) toy_clear(&list);
    } else {
        toy_clear(&list);
    }
    subject_release(t, &subject);
    return list;
}

static ToyValue pattern_finditer(ToyThread *t, ToyValue self, const ToyValue *args)
{
    return scanner_new(t, ((SreState *)toy_instance_state(self))->iterator, self, args[0], args[1], args[2]);
}
static ToyValue pattern_scanner(ToyThread *t, ToyValue self, const ToyValue *args)
{
    return scanner_new(t, ((SreState *)toy_instance_state(self))->scanner, self, args[0], args[1], args[2]);
}

static bool split_into(ToyThread *t, const Subject *subject, Matcher *m, int64_t limit, ToyValue list)
{
    size_t behind = 0;
    for (int64_t n = 0; limit <= 0 || n < limit; n++) {
        MatchResult result = matcher_search(m);
        if (result == MATCH_RAISED) return false;
        if (result == MATCH_NO) break;
        if (!toy_list_append_take(t, list, subject_slice(t, subject, behind, m->match_start))) return false;
        const size_t *spans = matcher_spans(m);
        for (size_t i = 1; i <= m->program->group_count; i++)
            if (!toy_list_append_take(t, list, is_found(spans, i) ? group_text(t, subject, spans, i) : TOY_NONE)) return false;
        behind = m->match_end;
        matcher_advance(m);
    }
    return toy_list_append_take(t, list, subject_slice(t, subject, behind, subject->length));
}

static ToyValue pattern_split(ToyThread *t, ToyValue self, const ToyValue *args)
{
    Subject subject;
    Matcher m;
    int64_t limit = 0;
    const Pattern *pattern = as_pattern(self);
    if (!toy_arg_size(t, args[1], &limit) || !subject_get(t, pattern, args[0], &subject)) return TOY_FAILED;
    ToyValue list = toy_list(t);
    bool done = !toy_failed(list) && subject_matcher(t, pattern, &subject, TOY_UNBOUND, TOY_UNBOUND, &m);
    if (done) {
        if (limit >= 0) done = split_into(t, &subject, &m, limit, list);
        else done = toy_list_append_take(t, list, subject_slice(t, &subject, 0, subject.length));
        matcher_free(&m);
    }
    if (!done) toy_clear(&list);
    subject_release(t, &subject);
    return list;
}

/* ==== sub =================================================================================================================== */

/* What takes the place of matches: a function, a template, or a text as it is. */
typedef struct Replacement { ToyValue value; bool is_function, is_template; } Replacement;

static bool has_backslash(ToyThread *t, ToyValue source, bool *answer)
{
    *answer = false;
    if (toy_is_str(source)) {
        for (size_t i = 0, n = toy_str_length(source); i < n && !*answer; i++) *answer = toy_str_char(source, i) == '\\';
        return true;
    }
    ToyBuffer buffer;
    if (!toy_has_buffer(t, source)) {
        *answer = true;   /* the template's reader says what is wrong with it */
        return true;
    }
    if (!toy_buffer_get(t, source, &buffer, 0)) return false;
    *answer = memchr(buffer.data, '\\', buffer.length) != NULL;
    toy_buffer_release(t, &buffer);
    return true;
}

static bool replacement_get(ToyThread *t, ToyValue self, ToyValue given, Replacement *replacement)
{
    *replacement = (Replacement){given, toy_is_callable(t, given), false};
    if (!replacement->is_function && !has_backslash(t, given, &replacement->is_template)) return false;
    replacement->value = replacement->is_template ? template_of(t, self, given) : toy_retain(given);
    if (toy_failed(replacement->value)) return false;
    if (!replacement->is_template || toy_tuple_length(replacement->value) > 1) return true;
    toy_replace(&replacement->value, toy_retain(toy_tuple_item(replacement->value, 0)));
    replacement->is_template = false;
    return true;
}

/* The text for one match; None stands for nothing. */
static ToyValue replace_one(ToyThread *t, ToyValue self, const Replacement *replacement, const Subject *subject, Matcher *m)
{
    if (replacement->is_template) return template_expand(t, replacement->value, subject, matcher_spans(m));
    if (!replacement->is_function) return toy_retain(replacement->value);
    ToyValue match = match_new(t, toy_instance_state(self), self, subject->value, m, m->start);
    ToyValue text = toy_failed(match) ? TOY_FAILED : toy_call1(t, replacement->value, match);
    toy_release(match);
    return text;
}

static bool replace_all(ToyThread *t, ToyValue self, const Replacement *replacement, const Subject *subject, Matcher *m, int64_t limit,
                        ToyValue list, int64_t *count)
{
    size_t behind = 0;
    while (limit == 0 || *count < limit) {
        MatchResult result = matcher_search(m);
        if (result == MATCH_RAISED) return false;
        if (result == MATCH_NO) break;
        if (behind < m->match_start && !toy_list_append_take(t, list, subject_slice(t, subject, behind, m->match_start))) return false;
        ToyValue text = replace_one(t, self, replacement, subject, m);
        if (toy_failed(text)) return false;
        if (!toy_is_none(text) && !toy_list_append_take(t, list, text)) return false;
        behind = m->match_end;
        ++*count;
        matcher_advance(m);
    }
    return behind >= subject->length || toy_list_append_take(t, list, subject_slice(t, subject, behind, subject->length));
}

static ToyValue substitute(ToyThread *t, ToyValue self, const ToyValue *args, int64_t *count)
{
    Subject subject;
    Matcher m;
    Replacement replacement;
    int64_t limit = 0;
    const Pattern *pattern = as_pattern(self);
    *count = 0;
    if (!toy_arg_size(t, args[2], &limit) || !replacement_get(t, self, args[0], &replacement)) return TOY_FAILED;
    ToyValue text = TOY_FAILED;
    if (subject_get(t, pattern, args[1], &subject)) {
        ToyValue list = toy_list(t);
        if (!toy_failed(list) && subject_matcher(t, pattern, &subject, TOY_UNBOUND, TOY_UNBOUND, &m)) {
            bool done = replace_all(t, self, &replacement, &subject, &m, limit, list, count);
            matcher_free(&m);
            if (done) text = join_texts(t, subject.is_str, toy_retain(list));
        }
        toy_release(list);
        subject_release(t, &subject);
    }
    toy_release(replacement.value);
    return text;
}

static ToyValue pattern_sub(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int64_t count;
    return substitute(t, self, args, &count);
}
static ToyValue pattern_subn(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int64_t count;
    ToyValue text = substitute(t, self, args, &count);
    return toy_failed(text) ? TOY_FAILED : toy_tuple(t, text, toy_int(t, count));
}

/* ==== attributes, comparison ================================================================================================ */

static ToyValue pattern_get_names(ToyThread *t, ToyValue self)
{
    return toy_call1(t, toy_type_value(toy_builtin_type(t, TOY_KIND_MAPPING_PROXY)), as_pattern(self)->names);
}

static ToyValue pattern_repr(ToyThread *t, ToyValue self)
{
    static const struct { uint32_t flag; const char *name; } names[] = {
        {REGEX_IGNORECASE, "re.IGNORECASE"}, {REGEX_LOCALE, "re.LOCALE"}, {REGEX_MULTILINE, "re.MULTILINE"}, {REGEX_DOTALL, "re.DOTALL"},
        {REGEX_UNICODE, "re.UNICODE"}, {REGEX_VERBOSE, "re.VERBOSE"}, {REGEX_DEBUG, "re.DEBUG"}, {REGEX_ASCII, "re.ASCII"},
    };
    const Pattern *pattern = as_pattern(self);
    uint32_t flags = (uint32_t)pattern->flags;
    if (pattern->is_str && (flags & REGEX_CHARACTERS) == REGEX_UNICODE) flags &= ~(uint32_t)REGEX_UNICODE;
    ToyValue source = toy_repr(t, pattern->source);
    if (toy_failed(source)) return TOY_FAILED;
    enum { SHOWN_MAX = 200 };
    size_t length = toy_str_length(source);
    ToyText text;
    toy_text_init(&text, t);
    toy_text_add_ascii(&text, "re.compile(", 11);
    toy_text_add_slice(&text, source, 0, length < SHOWN_MAX ? length : SHOWN_MAX);
    toy_release(source);
    const char *before = ", ";
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (!(flags & names[i].flag)) continue;
        toy_text_add_ascii(&text, before, strlen(before));
        toy_text_add_ascii(&text, names[i].name, strlen(names[i].name));
        flags &= ~names[i].flag;
        before = "|";
    }
    if (flags) {
        char rest[16];
        toy_text_add_ascii(&text, before, strlen(before));
        toy_text_add_ascii(&text, rest, (size_t)snprintf(rest, sizeof rest, "0x%x", flags));
    }
    toy_text_add_ascii(&text, ")", 1);
    return toy_text_finish(&text);
}

static ToyValue pattern_compare(ToyThread *t, ToyValue left, ToyValue right, ToyCompare op)
{
    if ((op != COMPARE_EQ && op != COMPARE_NE) || !toy_is_same(toy_value(toy_type_of(t, right)), toy_value(toy_type_of(t, left)))) return TOY_NOT_IMPLEMENTED;
    const Pattern *a = as_pattern(left), *b = as_pattern(right);
    bool equal = a == b;
    if (!equal && a->flags == b->flags && a->is_str == b->is_str && a->is_bytes == b->is_bytes && a->program.length == b->program.length &&
        memcmp(a->program.code, b->program.code, a->program.length * sizeof *a->program.code) == 0 && !toy_equal(t, a->source, b->source, &equal))
        return TOY_FAILED;
    return toy_bool(equal == (op == COMPARE_EQ));
}

static bool pattern_hash(ToyThread *t, ToyValue self, int64_t *hash)
{
    const Pattern *pattern = as_pattern(self);
    if (!toy_hash(t, pattern->source, hash)) return false;
    uint64_t mixed = (uint64_t)*hash;
    for (size_t i = 0; i < pattern->program.length; i++) mixed = (mixed ^ pattern->program.code[i]) * UINT64_C(0x100000001b3);
    mixed = (mixed ^ (uint64_t)pattern->flags ^ pattern->is_str) & (uint64_t)INT64_MAX;
    *hash = (int64_t)mixed;
    return true;
}

static ToyValue pattern_copy(ToyThread *t, ToyValue self, const ToyValue *args) { return toy_retain(self); }
static ToyValue pattern_class_item(ToyThread *t, ToyValue self, const ToyValue *args) { return toy_generic_alias(t, self, args[0]); }

static void pattern_traverse(ToyObject *self, ToyVisit visit, void *context)
{
    const Pattern *pattern = (Pattern *)self;
    toy_visit(pattern->source, visit, context);
    toy_visit(pattern->names, visit, context);
    toy_visit(pattern->template_source, visit, context);
    toy_visit(pattern->template, visit, context);
}
static void pattern_clear(ToyObject *self)
{
    Pattern *pattern = (Pattern *)self;
    toy_clear(&pattern->template_source);
    toy_clear(&pattern->template);
}
static void pattern_free(ToyObject *self)
{
    Pattern *pattern = (Pattern *)self;
    pattern_clear(self);
    toy_clear(&pattern->source);
    toy_clear(&pattern->names);
    program_free(&pattern->program, toy_thread());
}

static const ToyFunction pattern_methods[] = {
    TOY_FUNCTION("match", pattern_match, "($self, /, string, pos=0, endpos=sys.maxsize)", 0, "Match at the beginning of the string: a Match, or None."),
    TOY_FUNCTION("fullmatch", pattern_fullmatch, "($self, /, string, pos=0, endpos=sys.maxsize)", 0, "Match the whole of the string: a Match, or None."),
    TOY_FUNCTION("search", pattern_search, "($self, /, string, pos=0, endpos=sys.maxsize)", 0, "Find the first place that matches: a Match, or None."),
    TOY_FUNCTION("sub", pattern_sub, "($self, /, repl, string, count=0)", 0, "Return the string with what matches replaced, the leftmost first, each character once."),
    TOY_FUNCTION("subn", pattern_subn, "($self, /, repl, string, count=0)", 0, "As sub, but return the new string and the number of replacements."),
    TOY_FUNCTION("findall", pattern_findall, "($self, /, string, pos=0, endpos=sys.maxsize)", 0, "Return a list of all matches: their texts, or their groups if there are any."),
    TOY_FUNCTION("split", pattern_split, "($self, /, string, maxsplit=0)", 0, "Split the string where it matches; the texts of groups are listed in between."),
    TOY_FUNCTION("finditer", pattern_finditer, "($self, /, string, pos=0, endpos=sys.maxsize)", 0, "Return an iterator over all matches, as Match objects."),
    TOY_FUNCTION("scanner", pattern_scanner, "($self, /, string, pos=0, endpos=sys.maxsize)", 0, "Return an object whose match() and search() go on where the last match ended."),
    TOY_FUNCTION("__copy__", pattern_copy, "($self, /)", TOY_LEAF, "A pattern never changes: itself."),
    TOY_FUNCTION("__deepcopy__", pattern_copy, "($self, memo, /)", TOY_LEAF, "A pattern never changes: itself."),
    TOY_FUNCTION("__class_getitem__", pattern_class_item, "($type, object, /)", TOY_CLASS, "See PEP 585"),
    TOY_FUNCTIONS_END,
};
static const ToyGetSet pattern_getsets[] = {
    {"groupindex", pattern_get_names, NULL, "the numbers of the groups that have a name, by name"},
    {NULL, NULL, NULL, NULL},
};
static const ToyMember pattern_members[] = {
    {"pattern", MEMBER_VALUE, offsetof(Pattern, source), true, "The text it was compiled from."},
    {"flags", MEMBER_INT64, offsetof(Pattern, flags), true, "The flags it was compiled with, those in the pattern among them."},
    {"groups", MEMBER_INT64, offsetof(Pattern, groups), true, "How many groups the pattern has."},
    {NULL, MEMBER_VALUE, 0, true, NULL},
};
const ToyTypeSpec pattern_spec = {
    .doc = "A regular expression, ready to be looked for in texts.",
    .size = sizeof(Pattern),
    .flags = TOY_TYPE_IS_FINAL | TOY_TYPE_IS_CONTAINER | TOY_TYPE_IS_WEAK_REFERABLE | TOY_TYPE_NO_NEW,
    .slots = {.repr = pattern_repr, .hash = pattern_hash, .compare = pattern_compare},
    .methods = pattern_methods,
    .getsets = pattern_getsets,
    .members = pattern_members,
    .traverse = pattern_traverse,
    .clear = pattern_clear,
    .free = pattern_free,
};
