// Calls and macros of the platform that Swift cannot import by itself. No logic lives here.
#pragma once

#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>

/// The value of `MAP_FAILED`, which is a cast that Swift does not import.
static inline void *platform_map_failed(void) { return MAP_FAILED; }

/// The calling thread's `errno`.
static inline int platform_errno(void) { return errno; }
