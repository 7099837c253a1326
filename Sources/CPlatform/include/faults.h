// Ranges of addresses whose owner wants to be asked when somebody uses a page that is not readable yet.
//
// Guarantees: an access whose owner answers "try again" happens as if nothing had been; every other fault goes where it went
// before. The owner is asked on the thread that met the page, in the middle of whatever it was doing, and so may wait for
// nothing that this thread may hold while it reads such a range.
#pragma once

#include <stddef.h>
#include <stdint.h>

/// Asked about the access to byte `offset` of a range; nonzero: try again.
typedef int (*platform_fault_answer)(void *context, uintptr_t offset);

/// Asks `answer` about the pages of a range from now on. 0, or -1 when there are too many ranges, or when faults of this process
/// do not come here: then nothing has changed.
int platform_watch_range(void *base, size_t count, platform_fault_answer answer, void *context);

/// Asks no more about the range at `base`, which nobody may be using.
void platform_unwatch_range(void *base);

/// Lets faults reach the calling thread, which would otherwise end the process. Nonzero if the system refuses.
int platform_receive_faults(void);
