// Memory for code and call sites: whole lines of the processor's cache, side by side, all given back at once.
//
// A large program waits for its code more often than for anything else. What was compiled together lies together, and in huge
// pages once there is much of it, so that it takes fewer lines and fewer entries of the page table than scattered pieces do.

import StrataMemory

/// Hands out memory that lasts as long as its owner wants; what was handed out never moves.
struct CodeMemory {
  /// The words of a cache line.
  static let lineWords = 8

  private var blocks: [(memory: UnsafeMutablePointer<UInt64>, count: Int)] = []
  /// What is left of the newest block.
  private var next: UnsafeMutablePointer<UInt64>?
  private var left = 0

  /// At least `count` words, from the beginning of a line on. Throws `.refused` when there is no memory.
  mutating func allocate(_ count: Int) throws(Fault) -> UnsafeMutablePointer<UInt64> {
    let wanted = (count + CodeMemory.lineWords - 1) & ~(CodeMemory.lineWords - 1)
    if wanted > left { try addBlock(for: wanted) }
    guard let memory = next else { throw .refused }
    next = memory + wanted
    left -= wanted
    return memory
  }

  /// Blocks double from 16 KiB to 2 MiB: a short run touches few pages, a large program few page table entries.
  private mutating func addBlock(for wanted: Int) throws(Fault) {
    let size = max(wanted + CodeMemory.lineWords, min(1 << 18, 1 << (11 + min(blocks.count, 7))))
    let memory = try NativeMemory.allocate(size, of: UInt64.self)
    blocks.append((memory, size))
    let lineBytes = CodeMemory.lineWords * 8
    let skipped = (-Int(bitPattern: memory) & (lineBytes - 1)) / 8
    next = memory + skipped
    left = size - skipped
  }

  /// Gives all of it back.
  mutating func free() {
    for block in blocks { NativeMemory.free(block.memory, block.count) }
    blocks = []
    next = nil
    left = 0
  }
}
