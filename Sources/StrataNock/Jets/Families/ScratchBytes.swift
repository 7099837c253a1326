// Memory outside of the loom, for the length of a jet's call.

import Glibc
import StrataMemory

/// Bytes that are given back by `free`, and that a refusal of the system makes a fault of the run.
struct ScratchBytes {
  let bytes: UnsafeMutableRawBufferPointer

  /// Throws `.refused` when the system gives no memory.
  init(_ count: Int) throws(Fault) {
    guard count >= 0, let start = malloc(max(1, count)) else { throw .refused }
    bytes = UnsafeMutableRawBufferPointer(start: start, count: count)
  }

  func free() { Glibc.free(bytes.baseAddress) }
}
