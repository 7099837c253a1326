// One handler for the process, and a table of ranges that it reads without a lock.
#include "CPlatform.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>

enum { RANGE_LIMIT = 1024 };

struct range {
  // Odd while the entry is free or being changed; an even number stands for one owner and never comes again.
  uint64_t version;
  uintptr_t base;
  size_t count;
  platform_fault_answer answer;
  void *context;
};

static struct range ranges[RANGE_LIMIT];
static int used;
static int is_installed;
static struct sigaction before;
static pthread_mutex_t changing = PTHREAD_MUTEX_INITIALIZER;

static void pass_on(int number, siginfo_t *info, void *machine) {
  if (before.sa_flags & SA_SIGINFO) {
    before.sa_sigaction(number, info, machine);
  } else if (before.sa_handler == SIG_DFL || before.sa_handler == SIG_IGN) {
    // The access is made once more, and ends the process as it would have without us.
    signal(number, SIG_DFL);
  } else {
    before.sa_handler(number);
  }
}

static void handle(int number, siginfo_t *info, void *machine) {
  int saved = errno;
  uintptr_t address = (uintptr_t)info->si_addr;
  int count = __atomic_load_n(&used, __ATOMIC_ACQUIRE);
  for (int index = 0; index < count; index += 1) {
    struct range *range = &ranges[index];
    uint64_t version = __atomic_load_n(&range->version, __ATOMIC_ACQUIRE);
    if (version & 1) continue;
    uintptr_t base = __atomic_load_n(&range->base, __ATOMIC_RELAXED);
    size_t length = __atomic_load_n(&range->count, __ATOMIC_RELAXED);
    platform_fault_answer answer = __atomic_load_n(&range->answer, __ATOMIC_RELAXED);
    void *context = __atomic_load_n(&range->context, __ATOMIC_RELAXED);
    __atomic_thread_fence(__ATOMIC_ACQUIRE);
    // An entry that changes is not the one that is asked for: that one is in use.
    if (__atomic_load_n(&range->version, __ATOMIC_RELAXED) != version) continue;
    if (address < base || address - base >= length) continue;
    int goes_on = answer(context, address - base);
    errno = saved;
    if (goes_on) return;
    break;
  }
  pass_on(number, info, machine);
}

/// Whether faults come to `handle`. Installs it once; who replaces it later is not overruled.
static int receives(void) {
  struct sigaction action;
  if (!is_installed) {
    memset(&action, 0, sizeof action);
    action.sa_sigaction = handle;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    sigemptyset(&action.sa_mask);
    for (int index = 0; index < RANGE_LIMIT; index += 1) ranges[index].version = 1;
    is_installed = sigaction(SIGSEGV, &action, &before) == 0;
    return is_installed;
  }
  return sigaction(SIGSEGV, 0, &action) == 0 && (action.sa_flags & SA_SIGINFO) != 0 && action.sa_sigaction == handle;
}

int platform_watch_range(void *base, size_t count, platform_fault_answer answer, void *context) {
  int result = -1;
  pthread_mutex_lock(&changing);
  int can_answer = receives();
  for (int index = 0; can_answer && result != 0 && index < RANGE_LIMIT; index += 1) {
    struct range *range = &ranges[index];
    if (!(range->version & 1)) continue;
    __atomic_store_n(&range->base, (uintptr_t)base, __ATOMIC_RELAXED);
    __atomic_store_n(&range->count, count, __ATOMIC_RELAXED);
    __atomic_store_n(&range->answer, answer, __ATOMIC_RELAXED);
    __atomic_store_n(&range->context, context, __ATOMIC_RELAXED);
    __atomic_store_n(&range->version, range->version + 1, __ATOMIC_RELEASE);
    if (index >= used) __atomic_store_n(&used, index + 1, __ATOMIC_RELEASE);
    result = 0;
  }
  pthread_mutex_unlock(&changing);
  return result;
}

void platform_unwatch_range(void *base) {
  pthread_mutex_lock(&changing);
  for (int index = 0; index < used; index += 1) {
    struct range *range = &ranges[index];
    if (range->version & 1 || range->base != (uintptr_t)base) continue;
    // The fence keeps later changes of the entry behind its becoming odd.
    __atomic_store_n(&range->version, range->version + 1, __ATOMIC_SEQ_CST);
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
  }
  pthread_mutex_unlock(&changing);
}

int platform_receive_faults(void) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGSEGV);
  return pthread_sigmask(SIG_UNBLOCK, &set, 0);
}
