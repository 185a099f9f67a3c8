/* gil_report.h - what -X gil-stats prints.
 * What        gil_report: one table on stderr.   How  gil_report.c
 * GIL         held.   Read next  gil_report.c, vm/gil/README.md (what the columns mean) */
#ifndef TOY_CLI_GIL_REPORT_H
#define TOY_CLI_GIL_REPORT_H

#include "vm/object/context.h"

void gil_report(Thread *t);

#endif
