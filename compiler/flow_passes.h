/* flow_passes.h - what the files flow*.c share among themselves.
 *
 * What        Walks over the graph that more than one pass needs.
 * How         See flow.c and flow_tidy.c, where they are defined.
 * GIL         never needed.
 * Read next   flow.h */
#ifndef TOY_COMPILER_FLOW_PASSES_H
#define TOY_COMPILER_FLOW_PASSES_H

#include "compiler/flow.h"

BORROWED Block *block_full(Block *block); /* itself, or the next one that is not empty; NULL when there is none */
void flow_reach(Flow *flow);              /* drops blocks that are never reached, counts predecessors */
void flow_mark_warm(Flow *flow);          /* what runs as long as nothing is raised */
void flow_clean(Flow *flow);              /* drops NOPs and jumps that are not needed */

#endif
