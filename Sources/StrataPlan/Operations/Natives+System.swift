// System calls: the calls of Linux that a program may make, by their numbers there, each with the effect that must be
// granted. Addresses are those of buffers. A call that is not in the table answers as the system does to one that it
// does not know; results below zero come back as the 64-bit words that the system gives.

import StrataMemory
import StrataNatural

/// The calls that are known. Numbers are those of x86-64, on every machine.
private enum SystemCall: UInt64 {
  case read = 0
  case write = 1
  case open = 2
  case close = 3
  case seek = 8
  case sleep = 35
  case process = 39
  case sync = 74
  case syncData = 75
  case rename = 82
  case makeDirectory = 83
  case remove = 87
  case clock = 228
  case openAt = 257
  case random = 318

  var effect: PlanEffect {
    switch self {
    case .read: .read
    case .write: .write
    case .open, .openAt, .close, .seek, .sync, .syncData, .rename, .makeDirectory, .remove: .files
    case .sleep, .clock: .time
    case .random, .process: .syscall
    }
  }
}

extension Engine {
  /// Operands: number, then up to six arguments.
  func systemCall(_ operands: UnsafeMutablePointer<UInt64>) throws(PlanFailure) -> UInt64 {
    guard let call = SystemCall(rawValue: operands[0]) else {
      try demand(.syscall)
      return try systemResult(noSuchCall)
    }
    try demand(call.effect)
    for index in 1...6 where !Word(raw: operands[index]).isDirect {
      // Words of 64 bits are numbers like -1.
      let bytes = try faulting { () throws(Fault) in try nursery.byteCount(Word(raw: operands[index])) }
      guard bytes <= 8 else { return try systemResult(badArgument) }
    }
    func argument(_ index: Int) -> UInt64 {
      let word = Word(raw: operands[index])
      return word.isDirect ? word.raw : base[word.offset + 1]
    }
    return try systemResult(try perform(call, (1...6).map(argument)))
  }

  private var badArgument: Int { -22 }
  private var badAddress: Int { -14 }

  private func systemResult(_ result: Int) throws(PlanFailure) -> UInt64 {
    try faulting { () throws(Fault) -> Word in try nursery.natural(UInt64(bitPattern: Int64(result))) }.raw
  }

  private func perform(_ call: SystemCall, _ arguments: [UInt64]) throws(PlanFailure) -> Int {
    let (first, second, third) = (arguments[0], arguments[1], arguments[2])
    let host = owner._withUnsafeGuaranteedRef { $0.host }
    switch call {
    case .read:
      guard let bytes = try? memory(second, count: third) else { return badAddress }
      return waiting { host.read(descriptor: first, into: bytes) }
    case .write:
      guard let bytes = try? memory(second, count: third) else { return badAddress }
      return waiting { host.write(descriptor: first, bytes: UnsafeRawBufferPointer(bytes)) }
    case .open:
      guard let path = path(first) else { return badAddress }
      return host.open(path: path, flags: second, mode: third)
    case .openAt:
      guard let path = path(second) else { return badAddress }
      // Only from the working directory, and by whole paths.
      guard first == UInt64(bitPattern: -100) || first == UInt64(UInt32(bitPattern: -100)) || path.first == 0x2F else {
        return badArgument
      }
      return host.open(path: path, flags: third, mode: arguments[3])
    case .close: return host.close(descriptor: first)
    case .seek: return host.seek(descriptor: first, offset: Int64(bitPattern: second), origin: third)
    case .sync, .syncData: return waiting { host.sync(descriptor: first) }
    case .rename:
      guard let old = path(first), let new = path(second) else { return badAddress }
      return host.change(.rename(old, to: new))
    case .remove:
      guard let path = path(first) else { return badAddress }
      return host.change(.remove(path))
    case .makeDirectory:
      guard let path = path(first) else { return badAddress }
      return host.change(.makeDirectory(path, mode: second))
    case .sleep:
      guard let time = try? memory(first, count: 16) else { return badAddress }
      let seconds = time.loadUnaligned(as: UInt64.self)
      let nanoseconds = time.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
      return waiting { host.sleep(seconds: seconds, nanoseconds: nanoseconds) }
    case .clock:
      guard let target = try? memory(second, count: 16) else { return badAddress }
      guard let time = host.time(clock: first) else { return badArgument }
      target.storeBytes(of: time.seconds, as: Int64.self)
      target.storeBytes(of: time.nanoseconds, toByteOffset: 8, as: Int64.self)
      return 0
    case .random:
      guard let bytes = try? memory(first, count: second) else { return badAddress }
      return host.random(into: bytes)
    case .process:
      // There is one process as far as a program can tell.
      return 1
    }
  }

  /// The bytes from an address to the next zero byte, which lies in the same buffer; at most 4096 of them.
  private func path(_ address: UInt64) -> [UInt8]? {
    var path: [UInt8] = []
    while path.count < 4096, let byte = try? memory(address &+ UInt64(path.count), count: 1) {
      if byte[0] == 0 { return path }
      path.append(byte[0])
    }
    return nil
  }
}
