// Calls that the store needs and Swift cannot import: hardware CRC-32C, locks that belong to an open file, holes.
// Thin forwarding only; every decision is made in Swift.
#pragma once

#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1
#endif

#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#if defined(__x86_64__)
#include <cpuid.h>

/// Whether the processor has the CRC-32C instruction. Asks only now: the compiler's own way asks for everything at each
/// start of the process, and every such question leaves a virtual machine.
static inline int platform_has_crc32c(void) {
  unsigned int a, b, c = 0, d;
  return __get_cpuid(1, &a, &b, &c, &d) != 0 && (c & bit_SSE4_2) != 0;
}

/// Feeds `count` bytes into a running CRC-32C by the processor's instruction.
__attribute__((target("sse4.2"))) static inline uint32_t platform_crc32c(
    uint32_t running, const void *bytes, size_t count) {
  const unsigned char *at = (const unsigned char *)bytes;
  uint64_t wide = running;
  for (; count >= 8; count -= 8, at += 8) {
    uint64_t word;
    memcpy(&word, at, 8);
    wide = __builtin_ia32_crc32di(wide, word);
  }
  uint32_t narrow = (uint32_t)wide;
  for (; count > 0; count -= 1, at += 1) narrow = __builtin_ia32_crc32qi(narrow, *at);
  return narrow;
}

/// The CRC-32C of two words and `count` bytes after them, in one call.
__attribute__((target("sse4.2"))) static inline uint32_t platform_crc32c_record(
    uint64_t first, uint64_t second, const void *bytes, size_t count) {
  uint64_t running = __builtin_ia32_crc32di(__builtin_ia32_crc32di(0xFFFFFFFF, first), second);
  return ~platform_crc32c((uint32_t)running, bytes, count);
}

/// Feeds pages of 4,096 bytes into a running CRC-32C: of each page the four CRC-32C of its words 4n, 4n+1, 4n+2 and 4n+3, each times
/// a number of its own. Four chains side by side keep the processor busy, which one alone does not; the numbers, because a change in
/// one chain could else be undone by the same change in another.
__attribute__((target("sse4.2"))) static inline uint32_t platform_crc32c_pages(
    uint32_t running, const void *bytes, size_t pages) {
  const unsigned char *at = (const unsigned char *)bytes;
  uint64_t wide = running;
  for (; pages > 0; pages -= 1) {
    uint64_t lanes[4] = {0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF};
    for (const unsigned char *end = at + 4096; at < end; at += 32) {
      uint64_t words[4];
      memcpy(words, at, 32);
      for (int lane = 0; lane < 4; lane += 1) lanes[lane] = __builtin_ia32_crc32di(lanes[lane], words[lane]);
    }
    wide = __builtin_ia32_crc32di(wide, (~lanes[0] & 0xFFFFFFFF) * 0x9E3779B97F4A7C15);
    wide = __builtin_ia32_crc32di(wide, (~lanes[1] & 0xFFFFFFFF) * 0xBF58476D1CE4E5B9);
    wide = __builtin_ia32_crc32di(wide, (~lanes[2] & 0xFFFFFFFF) * 0x94D049BB133111EB);
    wide = __builtin_ia32_crc32di(wide, (~lanes[3] & 0xFFFFFFFF) * 0xD6E8FEB86659FD93);
  }
  return (uint32_t)wide;
}
#else
static inline int platform_has_crc32c(void) { return 0; }
static inline uint32_t platform_crc32c_pages(uint32_t running, const void *bytes, size_t pages) {
  (void)bytes;
  (void)pages;
  return running;
}
static inline uint32_t platform_crc32c(uint32_t running, const void *bytes, size_t count) {
  (void)bytes;
  (void)count;
  return running;
}
static inline uint32_t platform_crc32c_record(uint64_t first, uint64_t second, const void *bytes, size_t count) {
  (void)first;
  (void)second;
  (void)bytes;
  (void)count;
  return 0;
}
#endif

/// Takes (or, with F_UNLCK, gives back) a lock that belongs to the open file, not to the process. 0, or -1 and errno.
static inline int platform_lock_range(int descriptor, short type, int64_t start, int64_t length) {
  struct flock request = {.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = length, .l_pid = 0};
  return fcntl(descriptor, F_OFD_SETLK, &request);
}

/// 1 when another open file holds a lock that conflicts with a write lock on the range, 0 when not, -1 and errno.
static inline int platform_range_is_locked(int descriptor, int64_t start, int64_t length) {
  struct flock request = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = start, .l_len = length, .l_pid = 0};
  if (fcntl(descriptor, F_OFD_GETLK, &request) != 0) return -1;
  return request.l_type == F_UNLCK ? 0 : 1;
}

/// Gives the blocks of a range back to the file system; the file keeps its size. 0, or -1 and errno.
static inline int platform_punch_hole(int descriptor, int64_t start, int64_t length) {
  return fallocate(descriptor, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, start, length);
}

/// Reserves blocks for a range and grows the file to hold it. 0, or -1 and errno.
static inline int platform_allocate(int descriptor, int64_t start, int64_t length) {
  return fallocate(descriptor, 0, start, length);
}

/// Gives an empty file another file's content by sharing its blocks. 0, or -1 and errno where that cannot be done.
static inline int platform_share_blocks(int descriptor, int source) { return ioctl(descriptor, FICLONE, source); }

/// The advice to read a range and to fill the page tables for it; systems before Linux 5.14 refuse it.
static inline int platform_populate_read(void) { return 22; }

/// A nameless file in memory.
static inline int platform_memory_file(const char *name) { return memfd_create(name, MFD_CLOEXEC); }
