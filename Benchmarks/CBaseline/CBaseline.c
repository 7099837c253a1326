// The loops that a C programmer would write, and a counting wrapper around the host's heap.
#define _GNU_SOURCE 1
#include "CBaseline.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

// The C library exports its own entry points under these names; ours count and pass on.
extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);

static atomic_uint_fast64_t allocations;

void *malloc(size_t size) {
  atomic_fetch_add_explicit(&allocations, 1, memory_order_relaxed);
  return __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
  atomic_fetch_add_explicit(&allocations, 1, memory_order_relaxed);
  return __libc_calloc(count, size);
}

void *realloc(void *old, size_t size) {
  atomic_fetch_add_explicit(&allocations, 1, memory_order_relaxed);
  return __libc_realloc(old, size);
}

uint64_t baseline_allocations(void) { return atomic_load_explicit(&allocations, memory_order_relaxed); }

static uint64_t *build2(uint64_t *heap, size_t count) {
  uint64_t *list = NULL;
  for (size_t i = 0; i < count; i++) {
    heap[0] = i;
    heap[1] = (uint64_t)list;
    list = heap;
    heap += 2;
  }
  return list;
}

static uint64_t *build3(uint64_t *heap, size_t count) {
  uint64_t *list = NULL;
  for (size_t i = 0; i < count; i++) {
    heap[0] = (uint64_t)3 << 60 | (uint64_t)2 << 33;
    heap[1] = i;
    heap[2] = (uint64_t)list;
    list = heap;
    heap += 3;
  }
  return list;
}

uint64_t *baseline_build_list(uint64_t *heap, size_t count, int words) {
  return words == 2 ? build2(heap, count) : build3(heap, count);
}

uint64_t baseline_sum_list(const uint64_t *list, int words) {
  const int head = words - 2, tail = words - 1;
  uint64_t sum = 0;
  for (; list; list = (const uint64_t *)list[tail]) sum += list[head];
  return sum;
}

uint64_t baseline_cpu_nanoseconds(void) {
  struct timespec time;
  if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time) != 0) return 0;
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

int baseline_run(char *const arguments[], const char *output, uint64_t *cpu_nanoseconds, uint64_t *peak_bytes) {
  // Spawned, not forked: the copy of this process's page tables would count as the child's time.
  pid_t child;
  posix_spawn_file_actions_t actions;
  if (posix_spawn_file_actions_init(&actions) != 0) return -1;
  int failed = posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0) ||
               posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_TRUNC, 0666) ||
               posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0) ||
               posix_spawnp(&child, arguments[0], &actions, NULL, arguments, environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failed) return -1;
  int status;
  struct rusage usage;
  if (wait4(child, &status, 0, &usage) != child) return -1;
  *cpu_nanoseconds = (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000000u +
                     (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1000u;
  *peak_bytes = (uint64_t)usage.ru_maxrss * 1024u;
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
