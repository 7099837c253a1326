// Calls and macros of the platform that Swift cannot import by itself. No logic lives here.
#pragma once

#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>

#include "faults.h"
#include "storage.h"

/// The value of `MAP_FAILED`, which is a cast that Swift does not import.
static inline void *platform_map_failed(void) { return MAP_FAILED; }

/// The calling thread's `errno`.
static inline int platform_errno(void) { return errno; }

/// A load that another thread's store may race with; no ordering.
static inline uint64_t platform_load_relaxed(const uint64_t *at) {
  return __atomic_load_n(at, __ATOMIC_RELAXED);
}

/// Asks for the memory at an address, which will be read soon; any address may be given.
static inline void platform_prefetch(const void *at) { __builtin_prefetch(at); }

/// Ordered store and exchange, for the flags through which another thread stops a machine.
static inline void platform_store(uint64_t *at, uint64_t value) {
  __atomic_store_n(at, value, __ATOMIC_SEQ_CST);
}
static inline uint64_t platform_exchange(uint64_t *at, uint64_t value) {
  return __atomic_exchange_n(at, value, __ATOMIC_SEQ_CST);
}

/// Puts `value` where `expected` stands; whether it stood there.
static inline int platform_compare_exchange(uint64_t *at, uint64_t expected, uint64_t value) {
  return __atomic_compare_exchange_n(at, &expected, value, 0, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
}

/// Moves a private mapping to the range at `target`, whatever is mapped there, and makes it `wanted` bytes long; nonzero if
/// the system refuses, and then nothing has changed.
static inline int platform_move_mapping(void *from, size_t length, void *target, size_t wanted) {
  return mremap(from, length, wanted, MREMAP_MAYMOVE | MREMAP_FIXED, target) == MAP_FAILED;
}

/// Adds to a count that several threads keep; wraps around, so adding all ones subtracts one.
static inline void platform_add(uint64_t *at, uint64_t value) {
  (void)__atomic_fetch_add(at, value, __ATOMIC_RELAXED);
}
