/* attributes.h - the words that a declaration wears to say who owns what.
 *
 * What        MUST_CHECK, TAKES, BORROWED and their kin: ownership and failure, readable in every signature.
 * How         Default: arguments are borrowed, results are owned. The exceptions wear TAKES (the callee keeps or
 *             frees what it is given, also when it fails) or BORROWED (the caller must not release the result).
 *             What can fail returns NULL, false or the zero Value and is MUST_CHECK: an ignored failure does
 *             not compile under -Werror.
 * GIL         never needed.
 * Read next   memory.h, vm/object/value.h */
#ifndef TOY_BASE_ATTRIBUTES_H
#define TOY_BASE_ATTRIBUTES_H

#define MUST_CHECK __attribute__((warn_unused_result))
/* For what is smaller than a call of it. `inline` is a wish: gcc grants it as long as the whole program does not grow too much by such. */
#define ALWAYS_INLINE static inline __attribute__((always_inline))
/* The other way round: what is seldom called stays out of its callers, whose own room for inlining is bounded. Said in a declaration, it also
 * moves what leads to the call out of each caller, into a part that lies elsewhere: with what raises so declared, programs touch 1 % less memory. */
#define COLD __attribute__((cold, noinline))
/* What runs often enough, but would cost its caller registers. */
#define NOINLINE __attribute__((noinline))
#define TAKES      /* the callee takes this reference over, whether it succeeds or fails */
#define BORROWED   /* the result stays the property of somebody else */
#define NORETURN   __attribute__((noreturn))
#define PRINTF_LIKE(format_at, args_at) __attribute__((format(printf, format_at, args_at)))

#define LIKELY(claim)   __builtin_expect(!!(claim), 1)
#define UNLIKELY(claim) __builtin_expect(!!(claim), 0)

/* What the compiler cannot know, and need not test again. */
#define ASSUME(claim) do { if (!(claim)) __builtin_unreachable(); } while (0)

#define ARRAY_LENGTH(array) (sizeof(array) / sizeof((array)[0]))

#endif
