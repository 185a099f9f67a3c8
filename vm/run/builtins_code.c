/* builtins_code.c - compile, eval, exec; globals, locals, vars, dir; __import__.
 *
 * What        The built-in functions that look at code and names.
 * How         Source goes to the compiler through the loader hook; frames tell globals and locals.
 * GIL         held.
 * Read next   interp.h (LoaderHooks), builtins.c */
#include "vm/object/buffer_view.h"
#include "vm/object/bytes.h"
#include "vm/object/dict.h"
#include "vm/object/exception.h"
#include "vm/object/instance.h"
#include "vm/object/list.h"
#include "vm/object/protocol.h"
#include "vm/object/str.h"
#include "vm/run/builtins.h"
#include "vm/run/import.h"
#include "vm/run/interp.h"

/* Flags of compile() that scripts may pass: the future statements' co_flags bits and those of ast. */
enum {
    FLAG_DONT_IMPLY = 0x200, FLAG_ONLY_AST = 0x400, FLAG_TYPE_COMMENTS = 0x1000, FLAG_TOP_LEVEL_AWAIT = 0x2000, FLAG_ALLOW_INCOMPLETE = 0x4000,
    FLAG_OPTIMIZED_AST = 0x8000,
};

/* The source of compile, eval, exec: str, or bytes in any encoding. [keep] holds what it lies in. */
static bool source_of(Thread *t, Value v, const char *function, CompileRequest *request, BufferView *keep)
{
    keep->owner = UNBOUND;
    if (is_str(v)) {
        request->source = str_utf8(t, as_str(v), &request->length);
        request->is_text = true;
        return request->source != NULL;
    }
    if (!value_has_buffer(t, v)) return raise_false(t, EXC_TypeError, "%s() arg 1 must be a string, bytes or code object", function);
    if (!buffer_get(t, v, keep, 0)) return false;
    request->source = (const char *)keep->data;
    request->length = keep->length;
    return true;
}

static Code *compile_value(Thread *t, Value source, const char *function, CompileRequest *request)
{
    BufferView keep;
    if (!source_of(t, source, function, request, &keep)) return NULL;
    bool is_incomplete = false;
    Code *code = interp_compile(t, request, &is_incomplete);
    if (is_bound(keep.owner)) buffer_release(t, &keep);
    return code;
}

/* compile(): of a source, code or its tree; of a tree, code or the tree itself. */
static Value compile_or_parse(Thread *t, Value source, CompileRequest *request)
{
    const LoaderHooks *hooks = &t->interp->run->hooks;
    bool is_tree;
    if (!hooks->is_tree(t, source, &is_tree)) return FAILED;
    if (is_tree) {
        if (request->flags & FLAG_ONLY_AST) return request->flags & FLAG_OPTIMIZED_AST ? hooks->parse(t, request, source) : retain(source);
        CodeUnit *unit = hooks->compile_tree(t, request, source);
        return unit ? object_value(code_object_new(t, unit)) : FAILED;
    }
    if (!(request->flags & FLAG_ONLY_AST)) return object_value(compile_value(t, source, "compile", request));
    BufferView keep;
    if (!source_of(t, source, "compile", request, &keep)) return FAILED;
    Value tree = hooks->parse(t, request, UNBOUND);
    if (is_bound(keep.owner)) buffer_release(t, &keep);
    return tree;
}

/* Futures of the calling code hold for what it compiles. */
static uint32_t inherited_flags(Thread *t) { return t->frame ? t->frame->code->unit->flags & CODE_FUTURE_ANNOTATIONS : 0; }

/* The name of a source: a path in any of its forms, as text; owned. */
static Str *filename_of(Thread *t, Value path)
{
    Value name = value_fspath(t, path);
    if (failed(name) || is_str(name)) return failed(name) ? NULL : as_str(name);
    const Bytes *bytes = as_bytes(name);
    Value text = str_decode(t, (const char *)bytes->data, bytes->length, "utf-8", "surrogateescape");
    release(name);
    return failed(text) ? NULL : as_str(text);
}

static Value builtin_compile(Thread *t, Value self, const Value *args)
{
    int flags = 0, optimize = -1, feature_version = -1;
    bool dont_inherit = false;
    if (!is_str(args[2])) return raise_type_error(t, "compile() argument 'mode' must be str, not %N", args[2]);
    if (!arg_int(t, args[3], &flags) || !arg_bool(t, args[4], &dont_inherit) || !arg_int(t, args[5], &optimize) || !arg_int(t, args[6], &feature_version))
        return FAILED;
    CompileRequest request = {.optimize = optimize, .flags = (uint32_t)flags | (dont_inherit ? 0 : inherited_flags(t))};
    if (flags & FLAG_ONLY_AST && feature_version >= 0) request.feature_version = feature_version;
    Str *mode = as_str(args[2]);
    if (str_equal_text(mode, "exec")) request.mode = COMPILE_MODULE;
    else if (str_equal_text(mode, "eval")) request.mode = COMPILE_EXPRESSION;
    else if (str_equal_text(mode, "single")) request.mode = COMPILE_SINGLE;
    else if (!str_equal_text(mode, "func_type"))
        return raise_value_error(t, flags & FLAG_ONLY_AST ? "compile() mode must be 'exec', 'eval', 'single' or 'func_type'"
                                                          : "compile() mode must be 'exec', 'eval' or 'single'");
    else if (!(flags & FLAG_ONLY_AST)) return raise_value_error(t, "compile() mode 'func_type' requires flag PyCF_ONLY_AST");
    else request.mode = COMPILE_FUNC_TYPE;
    if (optimize < -1 || optimize > 2) return raise_value_error(t, "compile(): invalid optimize value");
    if (flags & ~(CODE_NESTED | CODE_FUTURE_ANNOTATIONS | FLAG_DONT_IMPLY | FLAG_ONLY_AST | FLAG_TYPE_COMMENTS | FLAG_TOP_LEVEL_AWAIT | FLAG_ALLOW_INCOMPLETE |
                  FLAG_OPTIMIZED_AST | 0x1ff0000))
        return raise_value_error(t, "compile(): unrecognised flags");
    Str *name = filename_of(t, args[1]);
    if (!name) return FAILED;
    request.filename = name;
    Value result = compile_or_parse(t, args[0], &request);
    object_release(name);
    return result;
}

/* globals and locals for eval and exec; false: raised. *locals UNBOUND: as globals. */
static bool scopes_of(Thread *t, const char *function, Value *globals, Value *locals)
{
    if (is_bound(*globals) && !is_none(*globals) && !is_dict(*globals)) {
        bool is_mapping = value_type(t, *globals)->slots.get_item != NULL;
        if (str_equal_text(NAME_OF(t, get), "get") && function[1] == 'v')
            return raise_false(t, EXC_TypeError, is_mapping ? "globals must be a real dict; try eval(code, {}, mapping)" : "globals must be a dict");
        return raise_false(t, EXC_TypeError, "%s() globals must be a dict, not %T", function, *globals);
    }
    if (is_bound(*locals) && !is_none(*locals) && !value_type(t, *locals)->slots.get_item) {
        if (function[1] == 'v') return raise_false(t, EXC_TypeError, "locals must be a mapping");
        return raise_false(t, EXC_TypeError, "locals must be a mapping or None, not %T", *locals);
    }
    bool has_globals = is_bound(*globals) && !is_none(*globals), has_locals = is_bound(*locals) && !is_none(*locals);
    Frame *frame = frame_in_use(t->frame);
    if (!has_globals) {
        if (!frame) return raise_false(t, EXC_SystemError, "globals and locals cannot be NULL");
        *globals = retain(object_value(frame->function->globals));
        *locals = has_locals ? retain(*locals) : frame_locals_snapshot(t, frame);
        if (failed(*locals)) {
            clear(globals);
            return false;
        }
    } else {
        retain(*globals);
        *locals = has_locals ? retain(*locals) : retain(*globals);
    }
    Dict *dict = as_dict(*globals);
    if (is_bound(dict_get_str(dict, NAME_OF(t, __builtins__)))) return true;
    Value builtins = frame ? frame->function->builtins : t->interp->builtins;
    if (dict_set_str(t, dict, NAME_OF(t, __builtins__), builtins)) return true;
    clear(globals);
    clear(locals);
    return false;
}

static Value run_in_scopes(Thread *t, const char *function, CompileMode mode, Value source, Value globals, Value locals, Value closure)
{
    if (!scopes_of(t, function, &globals, &locals)) return FAILED;
    Code *code;
    if (is_kind(source, KIND_CODE)) {
        code = (Code *)as_object(retain(source));
    } else {
        CompileRequest request = {.mode = mode, .optimize = -1, .flags = inherited_flags(t), .filename = str_from_text(t, "<string>")};
        code = NULL;
        if (request.filename) code = compile_value(t, source, function, &request);
        if (request.filename) object_release(request.filename);
    }
    Value result = FAILED;
    if (code && code->unit->free_count > 0 && is_unbound(closure) && is_kind(source, KIND_CODE))
        raise_type_error(t, "code object passed to %s() may not contain free variables", function);
    else if (code) result = interp_run_code(t, code, as_dict(globals), is_same(globals, locals) ? UNBOUND : locals, closure);
    if (code) object_release(code);
    release2(globals, locals);
    return result;
}

/* eval() strips blanks in front, as CPython does. */
static Value builtin_eval(Thread *t, Value self, const Value *args)
{
    Value source = args[0], stripped = UNBOUND;
    if (is_str(source)) {
        size_t start = 0;
        while (start < as_str(source)->length && (str_char(as_str(source), start) == ' ' || str_char(as_str(source), start) == '\t')) start++;
        stripped = str_slice(t, as_str(source), start, as_str(source)->length);
        if (failed(stripped)) return FAILED;
        source = stripped;
    }
    Value v = run_in_scopes(t, "eval", COMPILE_EXPRESSION, source, args[1], args[2], UNBOUND);
    release(stripped);
    return v;
}

static Value builtin_exec(Thread *t, Value self, const Value *args)
{
    Value closure = is_bound(args[3]) && !is_none(args[3]) ? args[3] : UNBOUND;
    if (is_bound(closure) && !is_kind(args[0], KIND_CODE)) return raise_type_error(t, "closure argument can only be used when source is a code object");
    Value v = run_in_scopes(t, "exec", COMPILE_MODULE, args[0], args[1], args[2], closure);
    if (failed(v)) return FAILED;
    release(v);
    return NONE;
}

static Value builtin_globals(Thread *t, Value self, const Value *args)
{
    return t->frame ? retain(object_value(t->frame->function->globals)) : NONE;
}

static Value builtin_locals(Thread *t, Value self, const Value *args)
{
    Frame *frame = frame_in_use(t->frame);
    return frame ? frame_locals_snapshot(t, frame) : raise_error(t, EXC_SystemError, "frame does not exist");
}

static Value builtin_vars(Thread *t, Value self, const Value *args)
{
    if (is_unbound(args[0])) return builtin_locals(t, self, NULL);
    Value v = value_find_attribute(t, args[0], NAME_OF(t, __dict__));
    if (is_unbound(v) && !is_raised(t)) return raise_type_error(t, "vars() argument must have __dict__ attribute");
    return v;
}

Value builtins_dir(Thread *t, Value v)
{
    Value method = value_find_special(t, v, NAME_OF(t, __dir__));
    if (is_unbound(method)) return is_raised(t) ? FAILED : raise_type_error(t, "object does not provide __dir__");
    Value names = value_call0(t, method);
    release(method);
    if (failed(names)) return FAILED;
    List *list = list_from_iterable(t, names);
    release(names);
    if (list && list_sort(t, list, NONE, false)) return object_value(list);
    if (list) object_release(list);
    return FAILED;
}

static Value builtin_dir(Thread *t, Value self, const Value *args)
{
    if (is_bound(args[0])) return builtins_dir(t, args[0]);
    Value locals = builtin_locals(t, self, NULL);
    if (failed(locals)) return FAILED;
    Value keys = value_call_method(t, locals, NAME_OF(t, keys), NULL, 0);
    release(locals);
    List *list = failed(keys) ? NULL : list_from_iterable(t, keys);
    release(keys);
    if (list && list_sort(t, list, NONE, false)) return object_value(list);
    if (list) object_release(list);
    return FAILED;
}

static Value builtin_import(Thread *t, Value self, const Value *args)
{
    int level = 0;
    if (!is_str(args[0])) return raise_type_error(t, "module name must be a string");
    if (!arg_int(t, args[4], &level)) return FAILED;
    return import_level(t, as_str(args[0]), args[1], args[3], level);
}

const NativeDef builtins_code_functions[] = {
    NATIVE("__import__", builtin_import, "(name, globals=None, locals=None, fromlist=(), level=0)", 0, "Import a module."),
    NATIVE("compile", builtin_compile, "(source, filename, mode, flags=0, dont_inherit=False, optimize=-1, *, _feature_version=-1)", 0,
           "Make a code object of source (text, bytes or a tree of ast nodes), for exec() and eval()."),
    NATIVE("dir", builtin_dir, "(object=<unrepresentable>, /)", 0, "The names known here, sorted; with an argument, the names of its attributes."),
    NATIVE("eval", builtin_eval, "(source, /, globals=None, locals=None)", 0,
           "The value of an expression, given as text or as a code object, with these globals and locals."),
    NATIVE("exec", builtin_exec, "(source, /, globals=None, locals=None, *, closure=None)", 0,
           "Run statements, given as text or as a code object, with these globals and locals."),
    NATIVE("globals", builtin_globals, "()", 0, "The names of this module and their values: the dict itself, not a copy."),
    NATIVE("locals", builtin_locals, "()", 0, "The names known here and their values: in a function a new dict, elsewhere the namespace itself."),
    NATIVE("vars", builtin_vars, "(object=<unrepresentable>, /)", 0, "The attributes of an object, as its __dict__; without an argument, what locals() returns."),
    NATIVE_END,
};
