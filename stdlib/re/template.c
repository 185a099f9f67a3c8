/* template.c - what takes the place of a match: text with groups in it.
 *
 * What        template_of reads "\1, \g<name>\n" once; template_expand fills it in.
 * How         A template is a tuple of texts and group numbers in turn. A pattern remembers the last one it was used with: a loop that calls
 *             sub with the same replacement reads it once.
 * GIL         held.
 * Read next   tokens.c, pattern.c */
#include "stdlib/re/objects.h"

typedef struct Template {
    Parser tokens;
    const Pattern *pattern;
    ToyText text;              /* since the last group */
    ToyValue parts;            /* list */
} Template;

/* Texts are of the kind of the template. */
static bool end_text(Template *template)
{
    ToyThread *t = template->tokens.t;
    ToyValue text = toy_text_finish(&template->text);
    if (!template->tokens.is_str && !toy_failed(text)) toy_replace(&text, toy_str_encode(t, text, "latin-1", "strict"));
    return toy_list_append_take(t, template->parts, text) || parse_failed(&template->tokens);
}

static bool add_group(Template *template, uint64_t group, size_t back)
{
    ToyThread *t = template->tokens.t;
    if (group > template->pattern->program.group_count)
        return parse_error(&template->tokens, back, "invalid group reference %llu", (unsigned long long)group);
    return end_text(template) && (toy_list_append(t, template->parts, toy_small_int_value((int64_t)group)) || parse_failed(&template->tokens));
}

/* \g<...> */
static bool named_group(Template *template)
{
    Parser *p = &template->tokens;
    ToyThread *t = p->t;
    if (!token_accept(p, '<')) return parse_error(p, 0, "missing <");
    ToyValue name = tokens_until(p, '>', "group name");
    if (toy_failed(name)) return false;
    bool done = false;
    size_t back = toy_str_length(name) + 1;
    if (name_is_number(name)) {
        uint64_t number = name_number(name);
        done = number > template->pattern->program.group_count ? name_no_such_number(p, name, back) : add_group(template, number, back);
    } else if (name_check(p, name, 1)) {
        ToyValue number;
        if (!toy_dict_get(t, template->pattern->names, name, &number)) {
            parse_failed(p);
        } else if (toy_is_unbound(number)) {
            toy_raise(t, TOY_IndexError, "unknown group name %R", name);
            parse_failed(p);
        } else {
            done = add_group(template, (uint64_t)toy_small_int(number), back);
        }
    }
    toy_release(name);
    return done;
}

static bool digits(Template *template, uint32_t first, size_t start)
{
    Parser *p = &template->tokens;
    bool is_octal;
    uint32_t n;
    if (first == '0') {
        n = 0;
        for (int i = 0; i < 2 && token_is_octal(p->next); i++) n = n * 8 + token_get(p).c - '0';
        toy_text_add_char(&template->text, n & 0xff);
        return !p->has_failed;
    }
    if (!token_octal_or_group(p, start, &is_octal, &n)) return false;
    if (!is_octal) return add_group(template, n, p->at - start - 1);
    toy_text_add_char(&template->text, n);
    return true;
}

static bool escape(Template *template, uint32_t letter, size_t start)
{
    static const char letters[] = "abfnrtv\\", meanings[] = "\a\b\f\n\r\t\v\\";
    Parser *p = &template->tokens;
    if (letter == 'g') return named_group(template);
    if (letter >= '0' && letter <= '9') return digits(template, letter, start);
    const char *known = letter && letter < 128 ? strchr(letters, (int)letter) : NULL;
    if (known) {
        toy_text_add_char(&template->text, (uint32_t)meanings[known - letters]);
        return true;
    }
    if (letter < 128 && is_ascii_letter(letter)) return parse_error_text(p, 2, "bad escape %S", start, start + 2);
    toy_text_add_char(&template->text, '\\');
    toy_text_add_char(&template->text, letter);
    return true;
}

static ToyValue read_template(ToyThread *t, const Pattern *pattern, ToyValue source, ToyValue text)
{
    Template template = {.tokens = {.t = t, .pattern = source, .is_str = toy_is_str(source)}, .pattern = pattern, .parts = toy_list(t)};
    Parser *p = &template.tokens;
    if (toy_failed(template.parts)) return TOY_FAILED;
    toy_text_init(&template.text, t);
    tokens_begin(p, text);
    while (!token_is_end(p->next)) {
        size_t start = p->at;
        Token token = token_get(p);
        if (!token.is_escape) toy_text_add_char(&template.text, token.c);
        else if (!escape(&template, token.c, start)) break;
    }
    ToyValue parts = !p->has_failed && end_text(&template) ? toy_tuple_from(t, template.parts) : TOY_FAILED;
    toy_text_abandon(&template.text);
    toy_release(template.parts);
    return parts;
}

ToyValue template_of(ToyThread *t, ToyValue self, ToyValue source)
{
    Pattern *pattern = as_pattern(self);
    bool is_plain_str = toy_is_same(toy_value(toy_type_of(t, source)), toy_value(toy_builtin_type(t, TOY_KIND_STR)));
    if (is_plain_str && toy_is_bound(pattern->template_source) && toy_str_equal(pattern->template_source, source)) return toy_retain(pattern->template);
    ToyValue text;
    ToyBuffer buffer;
    if (toy_is_str(source)) {
        text = toy_retain(source);
    } else {
        if (!toy_has_buffer(t, source)) return toy_raise_type_error(t, "decoding to str: need a bytes-like object, %T found", source);
        if (!toy_buffer_get(t, source, &buffer, 0)) return TOY_FAILED;
        text = toy_str_from_latin1(t, (const char *)buffer.data, buffer.length);
        toy_buffer_release(t, &buffer);
    }
    ToyValue template = toy_failed(text) ? TOY_FAILED : read_template(t, pattern, source, text);
    toy_release(text);
    if (is_plain_str && !toy_failed(template)) {
        toy_replace(&pattern->template_source, toy_retain(source));
        toy_replace(&pattern->template, toy_retain(template));
    }
    return template;
}

/* ==== filling in ============================================================================================================ */

ToyValue join_texts(ToyThread *t, bool is_str, TOY_TAKES ToyValue list)
{
    ToyValue empty = is_str ? toy_str(t, "") : toy_bytes(t, "", 0);
    ToyValue joined = toy_failed(empty) ? TOY_FAILED : toy_call_method(t, empty, "join", &list, 1);
    toy_release(empty);
    toy_release(list);
    return joined;
}

/* Text in text: no list in between. */
static ToyValue expand_str(ToyThread *t, ToyValue template, const Subject *subject, const size_t *spans)
{
    ToyText text;
    toy_text_init(&text, t);
    const ToyValue *parts = toy_tuple_items(template);
    for (size_t i = 0, n = toy_tuple_length(template); i < n; i++) {
        if (i % 2 == 0) {
            toy_text_add(&text, parts[i]);
            continue;
        }
        size_t group = (size_t)toy_small_int(parts[i]);
        if (spans[2 * group] != PLACE_NONE && spans[2 * group + 1] != PLACE_NONE) toy_text_add_slice(&text, subject->value, spans[2 * group], spans[2 * group + 1]);
    }
    return toy_text_finish(&text);
}

ToyValue template_expand(ToyThread *t, ToyValue template, const Subject *subject, const size_t *spans)
{
    const ToyValue *parts = toy_tuple_items(template);
    size_t count = toy_tuple_length(template);
    if (count == 1) return toy_retain(parts[0]);
    if (subject->is_str && toy_is_str(parts[0])) return expand_str(t, template, subject, spans);
    ToyValue list = toy_list(t);
    for (size_t i = 0; i < count && !toy_failed(list); i++) {
        size_t group = i % 2 ? (size_t)toy_small_int(parts[i]) : 0;
        bool is_empty = i % 2 && (spans[2 * group] == PLACE_NONE || spans[2 * group + 1] == PLACE_NONE);
        if (is_empty) continue;
        ToyValue text = i % 2 ? subject_slice(t, subject, spans[2 * group], spans[2 * group + 1]) : toy_retain(parts[i]);
        if (!toy_list_append_take(t, list, text)) toy_clear(&list);
    }
    return toy_failed(list) ? TOY_FAILED : join_texts(t, toy_is_str(parts[0]), list);
}
