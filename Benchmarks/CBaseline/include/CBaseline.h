// What the measurements are compared with: loops in C over plain memory, and a count of host heap allocations.
#pragma once

#include <stddef.h>
#include <stdint.h>

/// How often `malloc`, `calloc` and `realloc` were called since the process started.
uint64_t baseline_allocations(void);

/// Bump-allocates `count` cells of `words` words (2, or 3 with a header) into a list in `heap`, which is large enough.
/// Returns the list.
uint64_t *baseline_build_list(uint64_t *heap, size_t count, int words);

/// The sum of a list's heads.
uint64_t baseline_sum_list(const uint64_t *list, int words);

/// CPU nanoseconds that the process has used, all threads together.
uint64_t baseline_cpu_nanoseconds(void);

/// Starts a program with its standard output in a file and its messages dropped, waits for it, and tells what it used.
/// Returns its exit status, or -1 when it could not be run.
int baseline_run(char *const arguments[], const char *output, uint64_t *cpu_nanoseconds, uint64_t *peak_bytes);
