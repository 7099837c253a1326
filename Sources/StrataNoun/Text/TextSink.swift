// Where written text goes: memory that grows, or a file in blocks, so that a long text needs little memory.

import Glibc
import StrataMemory

extension NounText {
  /// Why text could not be written. Plain data; costs nothing to throw.
  public enum WriteError: Error, Equatable, Sendable {
    /// The text would be longer than the options allow, and they do not allow to leave something out.
    case tooLong
    /// The system failed to write, with this `errno`.
    case system(Int32)
    /// The value is no noun: it refers to something other than cells and naturals.
    case notNoun
    /// There is no memory for what remains to be written.
    case fault(Fault)

    /// One sentence for people: what happened and what can be done.
    public var message: String {
      switch self {
      case .tooLong: "the text is longer than its limit allows (print with limits on depth and width)"
      case .system(let errno): "cannot write: \(String(cString: strerror(errno)))"
      case .notNoun: "the value is no noun"
      case .fault(let fault): fault.explanation
      }
    }
  }
}

/// A buffer of bytes, kept in memory or handed to a file whenever it is full.
///
/// Guarantees: nothing is written to the file but what was appended, in order; after `finish` all of it has been.
/// A sink that goes out of scope unfinished drops what is still in its buffer.
public struct TextSink: ~Copyable {
  /// The block that a sink with a file keeps in memory.
  public static let blockBytes = 1 << 16

  private var buffer: UnsafeMutablePointer<UInt8>
  private var capacity: Int
  private var used = 0
  private var flushed = 0
  private let descriptor: Int32

  /// A sink that keeps everything in memory. Throws `.fault(.refused)` when there is none.
  public init() throws(NounText.WriteError) {
    try self.init(descriptor: -1, capacity: 256)
  }

  /// A sink that writes to an open file in blocks. The caller keeps the descriptor open and closes it.
  public init(descriptor: Int32) throws(NounText.WriteError) {
    try self.init(descriptor: descriptor, capacity: TextSink.blockBytes)
  }

  private init(descriptor: Int32, capacity: Int) throws(NounText.WriteError) {
    guard let memory = malloc(capacity) else { throw .fault(.refused) }
    buffer = memory.assumingMemoryBound(to: UInt8.self)
    self.capacity = capacity
    self.descriptor = descriptor
  }

  deinit { free(buffer) }

  /// The number of bytes appended so far.
  public var total: Int { flushed &+ used }

  /// Everything appended so far, as text. Empty for a sink with a file.
  public var text: String { descriptor >= 0 ? "" : String(decoding: bytes, as: UTF8.self) }

  /// What is in the buffer: everything for a sink in memory. Valid until the next append.
  public var bytes: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(start: buffer, count: used) }

  /// Appends one byte.
  @inline(__always)
  public mutating func append(_ byte: UInt8) throws(NounText.WriteError) {
    try ensure(1)
    buffer[used] = byte
    used &+= 1
  }

  /// Appends bytes.
  public mutating func append(_ bytes: UnsafeBufferPointer<UInt8>) throws(NounText.WriteError) {
    guard var from = bytes.baseAddress else { return }
    var left = bytes.count
    while left > 0 {
      let part = min(left, TextSink.blockBytes)
      try ensure(part)
      (buffer + used).update(from: from, count: part)
      used &+= part
      from += part
      left &-= part
    }
  }

  /// Appends the bytes of a literal.
  public mutating func append(_ literal: StaticString) throws(NounText.WriteError) {
    try append(UnsafeBufferPointer(start: literal.utf8Start, count: literal.utf8CodeUnitCount))
  }

  /// Appends `byte` `count` times.
  public mutating func append(_ byte: UInt8, count: Int) throws(NounText.WriteError) {
    var left = count
    while left > 0 {
      let part = min(left, TextSink.blockBytes)
      try ensure(part)
      (buffer + used).update(repeating: byte, count: part)
      used &+= part
      left &-= part
    }
  }

  /// Hands everything that is still in the buffer to the file.
  public mutating func finish() throws(NounText.WriteError) {
    if descriptor >= 0 { try flush() }
  }

  /// Makes room for `count` bytes, at most a block, at `cursor`.
  @inline(__always)
  mutating func ensure(_ count: Int) throws(NounText.WriteError) {
    assert(count <= TextSink.blockBytes)
    if count > capacity &- used { try makeRoom(count) }
  }

  /// Where the next byte goes. Valid, with the room that was ensured, until the next append.
  var cursor: UnsafeMutablePointer<UInt8> { buffer + used }

  /// Makes the `count` bytes that were written at `cursor` part of the text.
  @inline(__always)
  mutating func advance(_ count: Int) {
    assert(count <= capacity - used)
    used &+= count
  }

  /// Forgets everything appended so far. Only for a sink in memory.
  mutating func removeAll() {
    assert(descriptor < 0)
    used = 0
  }

  @inline(never)
  private mutating func makeRoom(_ count: Int) throws(NounText.WriteError) {
    if descriptor >= 0 { return try flush() }
    let wanted = max(used + count, capacity * 2)
    guard let memory = realloc(buffer, wanted) else { throw .fault(.refused) }
    buffer = memory.assumingMemoryBound(to: UInt8.self)
    capacity = wanted
  }

  private mutating func flush() throws(NounText.WriteError) {
    var start = 0
    while start < used {
      let written = write(descriptor, buffer + start, used - start)
      if written >= 0 {
        start += written
        continue
      }
      let code = errno
      if code == EINTR { continue }
      if code == EAGAIN {
        // Somebody else made the file non-blocking; wait until it takes more.
        var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        if poll(&request, 1, -1) >= 0 || errno == EINTR { continue }
      }
      throw .system(code)
    }
    flushed += used
    used = 0
  }
}
