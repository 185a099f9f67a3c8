/* mod_mmap.c - mmap: a file as memory, and memory that processes share.
 *
 * What        The type mmap, and the numbers that mmap(2), madvise(2) and the access modes go by.
 * How         The descriptor is duplicated, so that the script may close its own; size() and resize() need it. An access mode stands for flags
 *             and protection; without one, the protection tells the mode. A subscript is an int, iteration yields bytes of length one.
 * Invariants  I1 a write to the memory of a mapping is only made when its access mode allows it: the process would be killed.
 * GIL         dropped around fstat, dup and mmap when a mapping is made, around fstat in size() and munmap in close(). Held in all else, flush()
 *             and resize() included: that is where CPython holds it.
 * Read next   mapping_bytes.c, mod_posixshmem.c */
#include "stdlib/memory/mapping.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct MmapState { ToyType *mapping, *iterator; } MmapState;

/* ==== made ================================================================================================================== */

/* What mmap(2) shall be asked for. */
typedef struct Wish {
    int fd, flags, protection, access;
    int64_t length, offset;
    bool is_tracked;
} Wish;

static bool read_wish(ToyThread *t, const ToyValue *args, size_t count, ToyTuple *names, Wish *wish)
{
    static const char *const list[] = {"fileno", "length", "flags", "prot", "access", "offset", "trackfd", NULL};
    static const ToyParameters parameters = {NULL, list, 0, 6, 2};
    ToyValue slots[7] = {TOY_UNBOUND};
    *wish = (Wish){.flags = MAP_SHARED, .protection = PROT_READ | PROT_WRITE, .is_tracked = true};
    if (!toy_arguments_sort(t, &parameters, args, count, names, slots) || !mapping_arg_int(t, slots[0], &wish->fd) ||
        !mapping_arg_size(t, slots[1], &wish->length) || !mapping_arg_int(t, slots[2], &wish->flags) || !mapping_arg_int(t, slots[3], &wish->protection) ||
        !mapping_arg_int(t, slots[4], &wish->access) || !toy_arg_int64(t, slots[5], &wish->offset) || !toy_arg_bool(t, slots[6], &wish->is_tracked)) return false;
    if (wish->length < 0) return toy_raise_false(t, TOY_OverflowError, "memory mapped length must be positive");
    if (wish->offset < 0) return toy_raise_false(t, TOY_OverflowError, "memory mapped offset must be positive");
    return true;
}

/* The access mode as flags and protection, or the other way round. */
static bool settle_access(ToyThread *t, Wish *wish)
{
    int both = PROT_READ | PROT_WRITE;
    if (wish->access != ACCESS_DEFAULT && (wish->flags != MAP_SHARED || wish->protection != both))
        return toy_raise_false(t, TOY_ValueError, "mmap can't specify both access and flags, prot.");
    switch (wish->access) {
    case ACCESS_READ: wish->protection = PROT_READ; return true;
    case ACCESS_WRITE: return true;
    case ACCESS_COPY: wish->flags = MAP_PRIVATE; return true;
    case ACCESS_DEFAULT:
        if ((wish->protection & both) == PROT_WRITE) wish->access = ACCESS_WRITE;
        else if ((wish->protection & both) != both) wish->access = ACCESS_READ;
        return true;
    default: return toy_raise_false(t, TOY_ValueError, "mmap invalid access parameter.");
    }
}

/* A length of 0 becomes that of the file's rest; one beyond the file's end is refused, since touching it would kill the process. */
static bool fit_into_file(ToyThread *t, Wish *wish)
{
    struct stat file;
    toy_block_begin(t, "fstat");
    int result = fstat(wish->fd, &file);
    toy_block_end(t);
    if (result < 0 || !S_ISREG(file.st_mode)) return true;
    if (wish->length == 0) {
        if (file.st_size == 0) return toy_raise_false(t, TOY_ValueError, "cannot mmap an empty file");
        if (wish->offset >= file.st_size) return toy_raise_false(t, TOY_ValueError, "mmap offset is greater than file size");
        wish->length = file.st_size - wish->offset;
    } else if (wish->offset > file.st_size || file.st_size - wish->offset < wish->length) {
        return toy_raise_false(t, TOY_ValueError, "mmap length is greater than file size");
    }
    return true;
}

static int own_descriptor(ToyThread *t, int fd)
{
    toy_block_begin(t, "dup");
    fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    toy_block_end(t);
    return fd;
}

static ToyValue mapping_new(ToyThread *t, ToyType *type, const ToyValue *args, size_t count, ToyTuple *names)
{
    Wish wish;
    if (!read_wish(t, args, count, names, &wish) || !settle_access(t, &wish)) return TOY_FAILED;
    if (wish.fd != -1 && !fit_into_file(t, &wish)) return TOY_FAILED;
    Mapping *map = (Mapping *)toy_type_alloc(t, type);
    if (!map) return TOY_FAILED;
    *map = (Mapping){.head = map->head, .length = (size_t)wish.length, .offset = wish.offset, .fd = -1, .access = (MappingAccess)wish.access, .is_tracked = wish.is_tracked};
    if (wish.fd == -1) wish.flags |= MAP_ANONYMOUS;
    map->flags = wish.flags;
    if (wish.fd != -1 && wish.is_tracked && (map->fd = own_descriptor(t, wish.fd)) < 0) {
        toy_raise_os_error(t, errno, TOY_UNBOUND);
        toy_release(toy_value(map));
        return TOY_FAILED;
    }
    toy_block_begin(t, "mmap");
    void *memory = mmap(NULL, map->length, wish.protection, wish.flags, wish.fd, wish.offset);
    toy_block_end(t);
    if (memory != MAP_FAILED) return map->data = memory, toy_value(map);
    toy_raise_os_error(t, errno, TOY_UNBOUND);
    toy_release(toy_value(map));
    return TOY_FAILED;
}

/* ==== closed ================================================================================================================ */

static ToyValue map_close(ToyThread *t, ToyValue self, const ToyValue *args)
{
    Mapping *map = as_mapping(self);
    if (map->exports) return toy_raise(t, TOY_BufferError, "cannot close exported pointers exist");
    void *data = map->data;
    int fd = map->fd;
    map->data = NULL;   /* before the lock is dropped: whoever comes meanwhile finds it closed */
    map->fd = -1;
    if (!data) return TOY_NONE;
    toy_block_begin(t, "munmap");
    munmap(data, map->length);
    if (fd >= 0) close(fd);
    toy_block_end(t);
    return TOY_NONE;
}

static void mapping_free(ToyObject *self)
{
    Mapping *map = (Mapping *)self;
    if (map->data) munmap(map->data, map->length);
    if (map->fd >= 0) close(map->fd);
}

static ToyValue map_enter(ToyThread *t, ToyValue self, const ToyValue *args) { return mapping_is_open(t, as_mapping(self)) ? toy_retain(self) : TOY_FAILED; }
static ToyValue map_closed(ToyThread *t, ToyValue self) { return toy_bool(!as_mapping(self)->data); }

/* ==== the whole of it ======================================================================================================= */

static ToyValue map_size(ToyThread *t, ToyValue self, const ToyValue *args)
{
    const Mapping *map = as_mapping(self);
    if (!mapping_is_open(t, map)) return TOY_FAILED;
    struct stat file;
    int fd = map->fd;
    toy_block_begin(t, "fstat");
    int result = fstat(fd, &file);
    toy_block_end(t);
    return result < 0 ? toy_raise_os_error(t, errno, TOY_UNBOUND) : toy_int(t, file.st_size);
}

static size_t in_pages(size_t length)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    return (length + page - 1) / page * page;
}

static ToyValue map_resize(ToyThread *t, ToyValue self, const ToyValue *args)
{
    Mapping *map = as_mapping(self);
    int64_t length, end;
    if (!mapping_arg_size(t, args[0], &length) || !mapping_is_open(t, map)) return TOY_FAILED;
    if (map->exports) return toy_raise(t, TOY_BufferError, "mmap can't resize with extant buffers exported.");
    if (!map->is_tracked) return toy_raise_value_error(t, "mmap can't resize with trackfd=False.");
    if (map->access != ACCESS_DEFAULT && map->access != ACCESS_WRITE)
        return toy_raise_type_error(t, "mmap can't resize a readonly or copy-on-write memory map.");
    if (length < 0 || __builtin_add_overflow(length, map->offset, &end)) return toy_raise_value_error(t, "new size out of range");
    /* The system would map more, but give no memory for it: the first touch would kill the process. */
    if (map->fd < 0 && !(map->flags & MAP_PRIVATE) && (size_t)length > in_pages(map->length))
        return toy_raise_value_error(t, "mmap: can't expand a shared anonymous mapping on Linux");
    if (map->fd >= 0 && ftruncate(map->fd, end) < 0) return toy_raise_os_error(t, errno, TOY_UNBOUND);
    void *memory = mremap(map->data, map->length, (size_t)length, MREMAP_MAYMOVE);
    if (memory == MAP_FAILED) return toy_raise_os_error(t, errno, TOY_UNBOUND);
    map->data = memory;
    map->length = (size_t)length;
    return TOY_NONE;
}

static ToyValue map_flush(ToyThread *t, ToyValue self, const ToyValue *args)
{
    const Mapping *map = as_mapping(self);
    int64_t start = 0, count = (int64_t)map->length;
    if (!mapping_arg_size(t, args[0], &start) || !mapping_arg_size(t, args[1], &count) || !mapping_is_open(t, map)) return TOY_FAILED;
    if (start < 0 || count < 0 || (size_t)start > map->length || map->length - (size_t)start < (size_t)count)
        return toy_raise_value_error(t, "flush values out of range");
    if (map->access == ACCESS_READ || map->access == ACCESS_COPY) return TOY_NONE;
    return msync(map->data + start, (size_t)count, MS_SYNC) < 0 ? toy_raise_os_error(t, errno, TOY_UNBOUND) : TOY_NONE;
}

static ToyValue map_madvise(ToyThread *t, ToyValue self, const ToyValue *args)
{
    const Mapping *map = as_mapping(self);
    int advice;
    int64_t start = 0, count = (int64_t)map->length;
    if (!mapping_arg_int(t, args[0], &advice) || !mapping_arg_size(t, args[1], &start) || !mapping_arg_size(t, args[2], &count) || !mapping_is_open(t, map))
        return TOY_FAILED;
    if (start < 0 || (size_t)start >= map->length) return toy_raise_value_error(t, "madvise start out of bounds");
    if (count < 0) return toy_raise_value_error(t, "madvise length invalid");
    if (INT64_MAX - start < count) return toy_raise(t, TOY_OverflowError, "madvise length too large");
    size_t rest = map->length - (size_t)start;
    int result = madvise(map->data + start, (size_t)count < rest ? (size_t)count : rest, advice);
    return result < 0 ? toy_raise_os_error(t, errno, TOY_UNBOUND) : TOY_NONE;
}

static ToyValue map_size_of(ToyThread *t, ToyValue self, const ToyValue *args) { return toy_small_int_value(sizeof(Mapping)); }

static bool mapping_length(ToyThread *t, ToyValue self, size_t *length)
{
    const Mapping *map = as_mapping(self);
    return mapping_is_open(t, map) && (*length = map->length, true);
}

static ToyValue mapping_repr(ToyThread *t, ToyValue self)
{
    static const char *const names[] = {"ACCESS_DEFAULT", "ACCESS_READ", "ACCESS_WRITE", "ACCESS_COPY"};
    const Mapping *map = as_mapping(self);
    const char *type = toy_type_name(t, self);
    if (!map->data) return toy_str_format(t, "<%s closed=True>", type);
    return toy_str_format(t, "<%s closed=False, access=%s, length=%zu, pos=%zu, offset=%lld>", type, names[map->access], map->length, map->position, (long long)map->offset);
}

static bool mapping_get_buffer(ToyThread *t, ToyValue self, ToyBuffer *buffer, int flags)
{
    Mapping *map = as_mapping(self);
    if (!mapping_is_open(t, map)) return false;
    toy_buffer_fill(buffer, self, map->data, map->length, map->access == ACCESS_READ);
    map->exports++;
    return true;
}
static void mapping_release_buffer(ToyThread *t, ToyValue self, ToyBuffer *buffer) { as_mapping(self)->exports--; }

/* ==== iteration ============================================================================================================= */

typedef struct MappingIterator { ToyObject head; ToyValue map; size_t next; } MappingIterator;   /* UNBOUND: over */
static MappingIterator *as_iterator(ToyValue v) { return (MappingIterator *)toy_object(v); }

static ToyValue mapping_iterate(ToyThread *t, ToyValue self)
{
    MappingIterator *iterator = (MappingIterator *)toy_type_alloc(t, ((MmapState *)toy_instance_state(self))->iterator);
    if (iterator) iterator->map = toy_retain(self);
    return toy_value(iterator);
}
static ToyValue iterator_next(ToyThread *t, ToyValue self)
{
    MappingIterator *iterator = as_iterator(self);
    if (toy_is_unbound(iterator->map)) return TOY_END;
    const Mapping *map = as_mapping(iterator->map);
    if (!mapping_is_open(t, map)) return TOY_FAILED;
    if (iterator->next < map->length) return toy_bytes(t, map->data + iterator->next++, 1);
    toy_clear(&iterator->map);
    return TOY_END;
}
static ToyValue iterator_self(ToyThread *t, ToyValue self) { return toy_retain(self); }
static void iterator_traverse(ToyObject *self, ToyVisit visit, void *context) { toy_visit(((MappingIterator *)self)->map, visit, context); }
static void iterator_clear(ToyObject *self) { toy_clear(&((MappingIterator *)self)->map); }
static const ToyTypeSpec iterator_spec = {
    .size = sizeof(MappingIterator), .flags = TOY_TYPE_IS_FINAL | TOY_TYPE_IS_CONTAINER | TOY_TYPE_NO_NEW,
    .slots = {.iterate = iterator_self, .next = iterator_next},
    .traverse = iterator_traverse, .clear = iterator_clear, .free = iterator_clear,
};

/* ==== the module ============================================================================================================ */

static const ToyFunction map_methods[] = {
    TOY_FUNCTION("__enter__", map_enter, "($self, /)", 0, "Return self."),
    TOY_FUNCTION("__exit__", map_close, "($self, /, *exc_info)", 0, "close()"),
    TOY_FUNCTION("__sizeof__", map_size_of, "($self, /)", 0, "The size of the object, without the memory that it maps."),
    TOY_FUNCTION("close", map_close, "($self, /)", 0, "Unmap the memory. BufferError if somebody has a view of it."),
    TOY_FUNCTION("find", map_find, "($self, sub, start=<unrepresentable>, end=<unrepresentable>, /)", 0, "The place where sub first begins in [start:end], or -1."),
    TOY_FUNCTION("flush", map_flush, "($self, offset=0, size=<unrepresentable>, /)", 0, "Wait until what was written is in the file; a part of it begins at a page."),
    TOY_FUNCTION("madvise", map_madvise, "($self, option, start=0, length=<unrepresentable>, /)", 0, "Tell the system how a part of the memory will be used."),
    TOY_FUNCTION("move", map_move, "($self, dest, src, count, /)", 0, "Copy count bytes from src to dest; the two may overlap."),
    TOY_FUNCTION("read", map_read, "($self, n=None, /)", 0, "The next n bytes, or all to the end."),
    TOY_FUNCTION("read_byte", map_read_byte, "($self, /)", 0, "The next byte, as an int."),
    TOY_FUNCTION("readline", map_read_line, "($self, /)", 0, "The bytes up to the next newline, and it, or to the end."),
    TOY_FUNCTION("resize", map_resize, "($self, newsize, /)", 0, "Change the length, of the mapping and of its file."),
    TOY_FUNCTION("rfind", map_rfind, "($self, sub, start=<unrepresentable>, end=<unrepresentable>, /)", 0, "The place where sub last begins in [start:end], or -1."),
    TOY_FUNCTION("seek", map_seek, "($self, pos, whence=0, /)", 0, "Go to a place, counted from the start (0), from here (1) or from the end (2); it is returned."),
    TOY_FUNCTION("seekable", map_seekable, "($self, /)", 0, "True."),
    TOY_FUNCTION("size", map_size, "($self, /)", 0, "The length of the file, which may be more than what is mapped."),
    TOY_FUNCTION("tell", map_tell, "($self, /)", 0, "The place where read and write go on."),
    TOY_FUNCTION("write", map_write, "($self, bytes, /)", 0, "Write the bytes here, and return how many; ValueError if there is no room for all."),
    TOY_FUNCTION("write_byte", map_write_byte, "($self, byte, /)", 0, "Write one byte, given as an int."),
    TOY_FUNCTIONS_END,
};
static const ToyGetSet map_getsets[] = {{"closed", map_closed, NULL, "Is it closed?"}, {NULL, NULL, NULL, NULL}};
static const ToyTypeSpec mapping_spec = {
    .doc = "length bytes of a file, from offset on, as memory: what is written to it is in the file. -1 as the file: memory of no file, shared\n"
           "with the children of a fork. A length of 0 means all that the file has. access is a mode, in place of flags and prot.\n"
           "trackfd=False: keep no descriptor of the file; size() and resize() then do not work.",
    .signature = "(fileno, length, flags=MAP_SHARED, prot=PROT_WRITE | PROT_READ, access=ACCESS_DEFAULT, offset=0, *, trackfd=True)",
    .size = sizeof(Mapping),
    .flags = TOY_TYPE_IS_WEAK_REFERABLE,
    .slots = {.repr = mapping_repr, .new_instance = mapping_new, .length = mapping_length, .get_item = mapping_get_item, .set_item = mapping_set_item,
              .iterate = mapping_iterate, .get_buffer = mapping_get_buffer, .release_buffer = mapping_release_buffer},
    .methods = map_methods,
    .getsets = map_getsets,
    .free = mapping_free,
};

static bool init(ToyThread *t, ToyModuleObject *module)
{
    static const ToyIntConstant rows[] = {
#define NAME(name) {#name, name},
#include "stdlib/memory/mmap_constants.def"
#undef NAME
        {"ACCESS_COPY", ACCESS_COPY}, {"ACCESS_DEFAULT", ACCESS_DEFAULT}, {"ACCESS_READ", ACCESS_READ}, {"ACCESS_WRITE", ACCESS_WRITE},
#ifdef MAP_32BIT
        {"MAP_32BIT", MAP_32BIT},
#endif
    };
    MmapState *state = toy_module_state(toy_module_value(module));
    state->mapping = toy_type_new(t, module, &mapping_spec, "mmap.mmap", NULL);
    state->iterator = toy_type_new(t, module, &iterator_spec, "mmap.iterator", NULL);
    long page = sysconf(_SC_PAGESIZE);
    return state->mapping && state->iterator && toy_module_add_type(t, module, state->mapping) && toy_module_add_ints(t, module, rows, sizeof rows / sizeof *rows) &&
           toy_module_add_int(t, module, "PAGESIZE", page) && toy_module_add_int(t, module, "ALLOCATIONGRANULARITY", page) &&
           toy_module_add(t, module, "error", toy_retain(toy_type_value(toy_exception_type(t, TOY_OSError))));
}

const ToyModule toy_module_mmap = {
    .name = "mmap",
    .doc = "A file as memory, and memory that processes share.",
    .state_size = sizeof(MmapState),
    .init = init,
};
