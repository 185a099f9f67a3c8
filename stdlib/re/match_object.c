/* match_object.c - re.Match: what was found.
 *
 * What        group and its like, spans, expand, and what is remembered of the call.
 * How         A Match is the begin and the end of each group, and the subject. Texts are cut out when asked for.
 * GIL         held.
 * Read next   objects.h, template.c */
#include "stdlib/re/objects.h"

static size_t group_count(const Match *match) { return as_pattern(match->pattern)->program.group_count; }
static size_t marks_size(size_t groups) { return 2 * (groups + 1) * sizeof(size_t); }

ToyValue match_new(ToyThread *t, const SreState *state, ToyValue pattern, ToyValue string, Matcher *m, size_t pos)
{
    size_t size = marks_size(m->program->group_count);
    Match *match = (Match *)toy_type_alloc(t, state->match);
    if (!match) return TOY_FAILED;
    match->pattern = toy_retain(pattern);
    match->string = toy_retain(string);
    match->marks = size <= sizeof match->marks_inline ? match->marks_inline : toy_alloc(t, size);
    if (!match->marks) {
        toy_release(toy_value(match));
        return TOY_FAILED;
    }
    memcpy(match->marks, matcher_spans(m), size);
    match->pos = (int64_t)pos;
    match->endpos = (int64_t)m->end;
    match->last_group = m->last_group;
    return toy_value(match);
}

/* ==== which group =========================================================================================================== */

static bool has_index(ToyThread *t, ToyValue key)
{
    if (toy_is_int(key)) return true;
    ToyValue method = toy_find_special(t, key, "__index__");
    toy_release(method);
    return toy_is_bound(method);
}

/* The number of a group given by number or name; IndexError. */
static bool find_group(ToyThread *t, const Match *match, ToyValue key, size_t *group)
{
    int64_t n = -1;
    if (toy_is_small_int(key)) {
        n = toy_small_int(key);
    } else if (has_index(t, key)) {
        ToyValue index = toy_index(t, key);
        if (toy_failed(index)) return false;
        if (!toy_int_fits_int64(index, &n)) n = -1;
        toy_release(index);
    } else if (toy_is_raised(t)) {
        return false;
    } else {
        ToyValue number;
        if (!toy_dict_get(t, as_pattern(match->pattern)->names, key, &number)) return false;
        if (toy_is_bound(number)) n = toy_small_int(number);
    }
    if (n < 0 || (uint64_t)n > group_count(match)) return toy_raise_false(t, TOY_IndexError, "no such group");
    *group = (size_t)n;
    return true;
}

static bool has_matched(const Match *match, size_t group)
{
    return match->marks[2 * group] != PLACE_NONE && match->marks[2 * group + 1] != PLACE_NONE;
}

/* Its text, or [missing]. */
static ToyValue group_text(ToyThread *t, const Match *match, const Subject *subject, size_t group, ToyValue missing)
{
    if (!has_matched(match, group)) return toy_retain(missing);
    return subject_slice(t, subject, match->marks[2 * group], match->marks[2 * group + 1]);
}

static ToyValue group_by_key(ToyThread *t, const Match *match, ToyValue key)
{
    size_t group;
    Subject subject;
    if (!find_group(t, match, key, &group)) return TOY_FAILED;
    if (!has_matched(match, group)) return TOY_NONE;
    if (!subject_get(t, NULL, match->string, &subject)) return TOY_FAILED;
    ToyValue text = group_text(t, match, &subject, group, TOY_NONE);
    subject_release(t, &subject);
    return text;
}

/* ==== texts ================================================================================================================= */

static ToyValue match_group(ToyThread *t, ToyValue self, const ToyValue *args, size_t count, ToyTuple *names)
{
    const Match *match = as_match(self);
    if (!toy_arguments_no_keywords(t, "Match.group", names)) return TOY_FAILED;
    if (count <= 1) return group_by_key(t, match, count ? args[0] : toy_small_int_value(0));
    ToyValue list = toy_list(t);
    for (size_t i = 0; i < count && !toy_failed(list); i++)
        if (!toy_list_append_take(t, list, group_by_key(t, match, args[i]))) toy_clear(&list);
    if (toy_failed(list)) return TOY_FAILED;
    ToyValue tuple = toy_tuple_from(t, list);
    toy_release(list);
    return tuple;
}

static ToyValue match_get_item(ToyThread *t, ToyValue self, ToyValue key) { return group_by_key(t, as_match(self), key); }

static ToyValue match_groups(ToyThread *t, ToyValue self, const ToyValue *args)
{
    const Match *match = as_match(self);
    ToyValue missing = toy_is_bound(args[0]) ? args[0] : TOY_NONE, few[8], *texts = few, tuple = TOY_FAILED;
    size_t count = group_count(match);
    Subject subject;
    if (!subject_get(t, NULL, match->string, &subject)) return TOY_FAILED;
    if (count > 8) texts = toy_alloc(t, count * sizeof *texts);
    if (texts) {
        for (size_t i = 0; i < count; i++) texts[i] = group_text(t, match, &subject, i + 1, missing);
        tuple = toy_tuple_take(t, texts, count);
        if (texts != few) toy_free(t, texts, count * sizeof *texts);
    }
    subject_release(t, &subject);
    return tuple;
}

static ToyValue match_groupdict(ToyThread *t, ToyValue self, const ToyValue *args)
{
    const Match *match = as_match(self);
    ToyValue missing = toy_is_bound(args[0]) ? args[0] : TOY_NONE, name, number;
    Subject subject;
    if (!subject_get(t, NULL, match->string, &subject)) return TOY_FAILED;
    ToyValue dict = toy_dict(t);
    for (size_t at = 0; !toy_failed(dict) && toy_dict_next(as_pattern(match->pattern)->names, &at, &name, &number);) {
        ToyValue text = group_text(t, match, &subject, (size_t)toy_small_int(number), missing);
        if (toy_failed(text) || !toy_dict_set(t, dict, name, text)) toy_clear(&dict);
        toy_release(text);
    }
    subject_release(t, &subject);
    return dict;
}

static ToyValue match_expand(ToyThread *t, ToyValue self, const ToyValue *args)
{
    const Match *match = as_match(self);
    ToyValue template = template_of(t, match->pattern, args[0]), text = TOY_FAILED;
    Subject subject;
    if (toy_failed(template)) return TOY_FAILED;
    if (subject_get(t, NULL, match->string, &subject)) {
        text = template_expand(t, template, &subject, match->marks);
        subject_release(t, &subject);
    }
    toy_release(template);
    return text;
}

/* ==== places ================================================================================================================ */

static ToyValue place_value(ToyThread *t, size_t place) { return place == PLACE_NONE ? toy_small_int_value(-1) : toy_int(t, (int64_t)place); }
static ToyValue span_of(ToyThread *t, const Match *match, size_t group)
{
    bool is_there = has_matched(match, group);
    return toy_tuple(t, place_value(t, is_there ? match->marks[2 * group] : PLACE_NONE), place_value(t, is_there ? match->marks[2 * group + 1] : PLACE_NONE));
}

static bool group_argument(ToyThread *t, ToyValue self, ToyValue key, size_t *group)
{
    *group = 0;
    return toy_is_unbound(key) || find_group(t, as_match(self), key, group);
}

static ToyValue match_start(ToyThread *t, ToyValue self, const ToyValue *args)
{
    size_t group;
    if (!group_argument(t, self, args[0], &group)) return TOY_FAILED;
    return place_value(t, has_matched(as_match(self), group) ? as_match(self)->marks[2 * group] : PLACE_NONE);
}
static ToyValue match_end(ToyThread *t, ToyValue self, const ToyValue *args)
{
    size_t group;
    if (!group_argument(t, self, args[0], &group)) return TOY_FAILED;
    return place_value(t, has_matched(as_match(self), group) ? as_match(self)->marks[2 * group + 1] : PLACE_NONE);
}
static ToyValue match_span(ToyThread *t, ToyValue self, const ToyValue *args)
{
    size_t group;
    return group_argument(t, self, args[0], &group) ? span_of(t, as_match(self), group) : TOY_FAILED;
}

static ToyValue match_get_regs(ToyThread *t, ToyValue self)
{
    Match *match = as_match(self);
    if (toy_is_bound(match->regions)) return toy_retain(match->regions);
    ToyValue list = toy_list(t);
    for (size_t i = 0; i <= group_count(match) && !toy_failed(list); i++)
        if (!toy_list_append_take(t, list, span_of(t, match, i))) toy_clear(&list);
    ToyValue tuple = toy_failed(list) ? TOY_FAILED : toy_tuple_from(t, list);
    toy_release(list);
    if (!toy_failed(tuple)) toy_replace(&match->regions, toy_retain(tuple));
    return tuple;
}

static ToyValue match_get_lastindex(ToyThread *t, ToyValue self)
{
    uint32_t group = as_match(self)->last_group;
    return group ? toy_int(t, group) : TOY_NONE;
}
static ToyValue match_get_lastgroup(ToyThread *t, ToyValue self)
{
    const Match *match = as_match(self);
    ToyValue name, number;
    for (size_t at = 0; toy_dict_next(as_pattern(match->pattern)->names, &at, &name, &number);)
        if (toy_small_int(number) == match->last_group) return toy_retain(name);
    return TOY_NONE;
}

/* ==== the object ============================================================================================================ */

static ToyValue match_repr(ToyThread *t, ToyValue self)
{
    const Match *match = as_match(self);
    ToyValue text = group_by_key(t, match, toy_small_int_value(0));
    if (toy_failed(text)) return TOY_FAILED;
    ToyValue repr = toy_str_format(t, "<%s object; span=(%zu, %zu), match=%R>", toy_type_name(t, self), match->marks[0], match->marks[1], text);
    toy_release(text);
    return repr;
}

static ToyValue match_copy(ToyThread *t, ToyValue self, const ToyValue *args) { return toy_retain(self); }
static ToyValue match_class_item(ToyThread *t, ToyValue self, const ToyValue *args) { return toy_generic_alias(t, self, args[0]); }

static void match_traverse(ToyObject *self, ToyVisit visit, void *context)
{
    const Match *match = (Match *)self;
    toy_visit(match->pattern, visit, context);
    toy_visit(match->string, visit, context);
    toy_visit(match->regions, visit, context);
}
static void match_free(ToyObject *self)
{
    Match *match = (Match *)self;
    if (match->marks && match->marks != match->marks_inline) toy_free(toy_thread(), match->marks, marks_size(group_count(match)));
    toy_clear(&match->pattern);
    toy_clear(&match->string);
    toy_clear(&match->regions);
}

static const ToyFunction match_methods[] = {
    TOY_RAW_FUNCTION("group", match_group, NULL, 0, "group([group1, ...]) -> str or tuple.\n\nThe texts of groups, given by number or name; of the whole match without any."),
    TOY_FUNCTION("groups", match_groups, "($self, /, default=None)", 0, "Return a tuple of the texts of all groups; default for those that did not take part."),
    TOY_FUNCTION("groupdict", match_groupdict, "($self, /, default=None)", 0, "Return a dict of the texts of all named groups by name."),
    TOY_FUNCTION("start", match_start, "($self, group=0, /)", TOY_LEAF, "Return where the group begins; -1 if it did not take part."),
    TOY_FUNCTION("end", match_end, "($self, group=0, /)", TOY_LEAF, "Return where the group ends; -1 if it did not take part."),
    TOY_FUNCTION("span", match_span, "($self, group=0, /)", TOY_LEAF, "Return (start(group), end(group))."),
    TOY_FUNCTION("expand", match_expand, "($self, /, template)", 0, "Return the template with groups filled in, as sub does."),
    TOY_FUNCTION("__copy__", match_copy, "($self, /)", TOY_LEAF, "A match never changes: itself."),
    TOY_FUNCTION("__deepcopy__", match_copy, "($self, memo, /)", TOY_LEAF, "A match never changes: itself."),
    TOY_FUNCTION("__class_getitem__", match_class_item, "($type, object, /)", TOY_CLASS, "See PEP 585"),
    TOY_FUNCTIONS_END,
};
static const ToyGetSet match_getsets[] = {
    {"lastindex", match_get_lastindex, NULL, "The number of the group that was closed last."},
    {"lastgroup", match_get_lastgroup, NULL, "The name of the group that was closed last."},
    {"regs", match_get_regs, NULL, "The spans of the whole match and of all groups."},
    {NULL, NULL, NULL, NULL},
};
static const ToyMember match_members[] = {
    {"string", MEMBER_VALUE, offsetof(Match, string), true, "What was searched."},
    {"pos", MEMBER_INT64, offsetof(Match, pos), true, "Where the search was told to begin."},
    {"endpos", MEMBER_INT64, offsetof(Match, endpos), true, "Where the search was told to end."},
    {"re", MEMBER_VALUE, offsetof(Match, pattern), true, "The Pattern that matched."},
    {NULL, MEMBER_VALUE, 0, true, NULL},
};
const ToyTypeSpec match_spec = {
    .doc = "Where a pattern has matched, and what its groups hold. It counts as true.",
    .size = sizeof(Match),
    .flags = TOY_TYPE_IS_FINAL | TOY_TYPE_IS_CONTAINER | TOY_TYPE_NO_NEW,
    .slots = {.repr = match_repr, .get_item = match_get_item},
    .methods = match_methods,
    .getsets = match_getsets,
    .members = match_members,
    .traverse = match_traverse,
    .free = match_free,
};
