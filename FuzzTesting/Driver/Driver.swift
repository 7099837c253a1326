// The entry points that libFuzzer calls. Built only by `scripts/fuzz`, with the fuzzer's own `main`.
//
// The environment variable STRATA_FUZZ_TARGET names what to fuzz; `list` prints the names.

import Glibc
import StrataFuzz

nonisolated(unsafe) private var chosen: FuzzTarget?

/// Called once, before the first input.
@_cdecl("LLVMFuzzerInitialize")
public func initialize(
  _ count: UnsafeMutablePointer<Int32>?, _ arguments: UnsafeMutableRawPointer?
) -> Int32 {
  let name = getenv("STRATA_FUZZ_TARGET").map { String(cString: $0) } ?? ""
  if name == "list" {
    for target in FuzzTarget.all { print(target.name) }
    exit(0)
  }
  chosen = FuzzTarget.all.first { $0.name == name }
  if chosen == nil {
    print("no fuzz target '\(name)'; STRATA_FUZZ_TARGET=list lists them")
    exit(1)
  }
  return 0
}

/// Called for each input. Zero says that the input may join the corpus.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
  chosen?.run(UnsafeBufferPointer(start: start, count: count))
  return 0
}
