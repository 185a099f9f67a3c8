/* monitor.h - what sys.monitoring does, for the module of that name.
 * What        Tools, callbacks, event sets. Each false: raised.   How  monitor.c   GIL  held.   Read next  trace.h */
#ifndef TOY_RUN_MONITOR_H
#define TOY_RUN_MONITOR_H

#include "vm/run/trace.h"

BORROWED const char *monitor_event_name(int event);     /* NULL: there is none of that number */
MUST_CHECK bool monitor_use_tool(Thread *t, int64_t tool, Value name);
MUST_CHECK bool monitor_free_tool(Thread *t, int64_t tool);
MUST_CHECK bool monitor_tool_name(Thread *t, int64_t tool, Value *name);          /* BORROWED; UNBOUND: free */
/* [callback] None takes it away; *previous (owned) is what was there, or None. */
MUST_CHECK bool monitor_register(Thread *t, int64_t tool, int64_t event_set, Value callback, Value *previous);
MUST_CHECK bool monitor_set_events(Thread *t, int64_t tool, int64_t events);
MUST_CHECK bool monitor_get_events(Thread *t, int64_t tool, uint32_t *events);
MUST_CHECK bool monitor_set_local_events(Thread *t, int64_t tool, Value code, int64_t events);
MUST_CHECK bool monitor_get_local_events(Thread *t, int64_t tool, Value code, uint32_t *events);
void monitor_restart(Thread *t);

#endif
