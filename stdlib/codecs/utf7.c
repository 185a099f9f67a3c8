/* utf7.c - UTF-7: any text in the ASCII that old mail systems let through (RFC 2152).
 *
 * What        utf_7_encode, utf_7_decode.
 * How         Most of ASCII stands for itself. The rest goes, as UTF-16 units, into runs of base 64 between '+' and '-':
 *
 *                 "1 + 1 = é"    1 +- 1 = +AOk-
 *
 *             A '-' behind a run is swallowed; any other character that is not of base 64 ends it too. "+-" is a plus sign.
 * GIL         held.
 * Read next   charmap.c */
#include "stdlib/codecs/codecs.h"

static const char base64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static int base64_value(uint8_t c)
{
    const char *found = c ? memchr(base64, c, 64) : NULL;
    return found ? (int)(found - base64) : -1;
}

/* Stands for itself when written: printable ASCII, blanks and line ends, but '+', '\' and '~'. */
static bool is_direct(uint32_t c)
{
    return c == '\t' || c == '\n' || c == '\r' || (c >= ' ' && c < 0x7f && c != '+' && c != '\\' && c != '~');
}

/* ---- encoding ---- */

typedef struct Run { bool is_open; uint32_t bits; unsigned count; } Run;   /* [count] bits are not written yet */

static void add_unit(ToyText *out, Run *run, uint32_t unit)
{
    run->bits = run->bits << 16 | unit;
    for (run->count += 16; run->count >= 6; run->count -= 6)
        toy_text_add_char(out, (uint32_t)base64[run->bits >> (run->count - 6) & 63]);
}

/* [next]: the character that follows; a '-' keeps it apart from the run where it would be mistaken for a part of it. 0: the end. */
static void close_run(ToyText *out, Run *run, uint32_t next)
{
    if (run->count) toy_text_add_char(out, (uint32_t)base64[run->bits << (6 - run->count) & 63]);
    if (next == 0 || next == '-' || base64_value((uint8_t)next) >= 0) toy_text_add_char(out, '-');
    *run = (Run){.is_open = false};
}

ToyValue utf_7_encode(ToyThread *t, ToyValue self, const ToyValue *args)
{
    const char *errors;
    if (!codec_text_argument(t, "utf_7_encode", args[0]) || !codec_errors_argument(t, "utf_7_encode", args[1], &errors)) return TOY_FAILED;
    size_t length = toy_str_length(args[0]);
    ToyText out;
    toy_text_init(&out, t);
    Run run = {.is_open = false};
    for (size_t i = 0; i < length && !out.has_failed; i++) {
        uint32_t c = toy_str_char(args[0], i);
        if (is_direct(c)) {
            if (run.is_open) close_run(&out, &run, c);
            toy_text_add_char(&out, c);
            continue;
        }
        if (!run.is_open) {
            toy_text_add_char(&out, '+');
            if (c == '+') {
                toy_text_add_char(&out, '-');
                continue;
            }
            run.is_open = true;
        }
        if (c >= 0x10000) add_unit(&out, &run, 0xd800 | (c - 0x10000) >> 10);
        add_unit(&out, &run, c >= 0x10000 ? 0xdc00 | ((c - 0x10000) & 0x3ff) : c);
    }
    if (run.is_open) close_run(&out, &run, 0);
    ToyValue text = toy_text_finish(&out);
    ToyValue bytes = toy_failed(text) ? TOY_FAILED : toy_str_encode_part(t, text, "latin-1", NULL);
    toy_release(text);
    return codec_answer(t, bytes, length);
}

/* ---- decoding ---- */

typedef struct Decoder {
    ToyThread *t;
    const char *errors;
    ToyValue object;            /* bytes; a handler may exchange them */
    const uint8_t *data;
    size_t length, at;
    bool is_in_run;
    size_t run_start;           /* of its '+' */
    uint32_t bits, high;        /* base 64 read and not used; the first half of a surrogate pair, or 0 */
    unsigned bit_count;
    ToyText out;
} Decoder;

static bool report(Decoder *d, size_t start, size_t end, const char *reason)
{
    d->is_in_run = false;
    ToyCodecError error = {"utf7", d->errors, d->object, start, end, reason};
    ToyValue replacement;
    bool is_good = toy_codec_ask_handler(d->t, &error, &replacement, &d->at);
    d->object = error.object;
    d->data = toy_bytes_data(d->object, &d->length);
    if (!is_good) return false;
    toy_text_add(&d->out, replacement);
    toy_release(replacement);
    return true;
}

static void add_decoded_unit(Decoder *d, uint32_t unit)
{
    uint32_t high = d->high;
    d->high = 0;
    if (high && (unit & 0xfc00) == 0xdc00) {
        toy_text_add_char(&d->out, 0x10000 + ((high & 0x3ff) << 10 | (unit & 0x3ff)));
        return;
    }
    if (high) toy_text_add_char(&d->out, high);
    if ((unit & 0xfc00) == 0xd800) d->high = unit;
    else toy_text_add_char(&d->out, unit);
}

/* A byte inside of a run. */
static bool decode_in_run(Decoder *d, uint8_t byte)
{
    int value = base64_value(byte);
    if (value >= 0) {
        d->at++;
        d->bits = d->bits << 6 | (uint32_t)value;
        d->bit_count += 6;
        if (d->bit_count >= 16) {
            d->bit_count -= 16;
            add_decoded_unit(d, d->bits >> d->bit_count & 0xffff);
            d->bits &= (1u << d->bit_count) - 1;
        }
        return true;
    }
    d->is_in_run = false;
    if (d->bit_count >= 6) return report(d, d->run_start, d->at + 1, "partial character in shift sequence");
    if (d->bits != 0) return report(d, d->run_start, d->at + 1, "non-zero padding bits in shift sequence");
    if (d->high && byte < 0x80) toy_text_add_char(&d->out, d->high);
    d->high = 0;
    d->at += byte == '-';
    return true;
}

static bool decode_byte(Decoder *d)
{
    uint8_t byte = d->data[d->at];
    if (d->is_in_run) return decode_in_run(d, byte);
    if (byte >= 0x80) return report(d, d->at, d->at + 1, "unexpected special character");
    if (byte != '+') {
        toy_text_add_char(&d->out, byte);
        d->at++;
        return true;
    }
    size_t plus = d->at++;
    if (d->at < d->length && d->data[d->at] == '-') {
        toy_text_add_char(&d->out, '+');
        d->at++;
        return true;
    }
    if (d->at < d->length && base64_value(d->data[d->at]) < 0) return report(d, plus, d->at + 1, "ill-formed sequence");
    d->is_in_run = true;
    d->run_start = plus;
    d->bits = d->high = d->bit_count = 0;
    return true;
}

/* All of it, or up to a run that more bytes may continue. */
static ToyValue decode(Decoder *d, bool is_final, size_t *taken)
{
    size_t length_before_run = 0;
    toy_text_init(&d->out, d->t);
    bool is_good = true;
    while (is_good && !d->out.has_failed) {
        if (d->at < d->length) {
            bool was_in_run = d->is_in_run;
            size_t length = d->out.length;
            is_good = decode_byte(d);
            if (!was_in_run && d->is_in_run) length_before_run = length;
        } else if (d->is_in_run && is_final && (d->high || d->bit_count >= 6 || d->bits != 0)) {
            is_good = report(d, d->run_start, d->length, "unterminated shift sequence");
        } else {
            break;
        }
    }
    if (!is_good) {
        toy_text_abandon(&d->out);
        return TOY_FAILED;
    }
    bool is_left_over = d->is_in_run && !is_final;
    *taken = is_left_over ? d->run_start : d->at;
    ToyValue text = toy_text_finish(&d->out);
    if (toy_failed(text) || !is_left_over) return text;
    ToyValue beginning = toy_str_slice(d->t, text, 0, length_before_run);
    toy_release(text);
    return beginning;
}

ToyValue utf_7_decode(ToyThread *t, ToyValue self, const ToyValue *args)
{
    Decoder d = {.t = t};
    bool is_final = false;
    ToyBuffer data;
    if (!codec_errors_argument(t, "utf_7_decode", args[1], &d.errors) || !toy_arg_bool(t, args[2], &is_final) ||
        !toy_buffer_get(t, args[0], &data, 0))
        return TOY_FAILED;
    d.object = toy_bytes(t, data.data, data.length);
    toy_buffer_release(t, &data);
    if (toy_failed(d.object)) return TOY_FAILED;
    d.data = toy_bytes_data(d.object, &d.length);
    size_t taken = 0;
    ToyValue text = decode(&d, is_final, &taken);
    toy_release(d.object);
    return codec_answer(t, text, taken);
}
