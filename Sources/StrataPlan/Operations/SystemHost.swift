// The host that goes to the operating system. Every system call of the PLAN machine is in this file, and no return code
// goes unread.

import CPlatform
import Glibc

/// The host that goes to the operating system.
public final class SystemHost: PlanHost {
  /// The descriptors that the program has opened. Those of the process itself, such as the file in which the program
  /// lives, are none of its business; standard input, output and error are.
  private var opened: Set<Int32> = []

  public init() {}

  deinit { for descriptor in opened { _ = Glibc.close(descriptor) } }

  private func known(_ descriptor: UInt64) -> Int32? {
    guard let number = Int32(exactly: descriptor), number <= 2 || opened.contains(number) else { return nil }
    return number
  }

  public func write(descriptor: UInt64, bytes: UnsafeRawBufferPointer) -> Int {
    guard let descriptor = known(descriptor) else { return -Int(EBADF) }
    return SystemHost.result { Glibc.write(descriptor, bytes.baseAddress, bytes.count) }
  }

  public func read(descriptor: UInt64, into bytes: UnsafeMutableRawBufferPointer) -> Int {
    guard let descriptor = known(descriptor) else { return -Int(EBADF) }
    return SystemHost.result { Glibc.read(descriptor, bytes.baseAddress, bytes.count) }
  }

  public func trace(_ line: [UInt8]) {
    var line = line
    line.append(10)
    line.withUnsafeBytes { bytes in
      var start = 0
      while start < bytes.count {
        let count = write(descriptor: 2, bytes: UnsafeRawBufferPointer(rebasing: bytes[start...]))
        // Standard error is gone: tracing is no reason to stop the program.
        if count <= 0 { return }
        start += count
      }
    }
  }

  /// What a call gives, repeated when a signal interrupted it; a negative error number when it fails.
  private static func result(_ call: () -> Int) -> Int {
    while true {
      let value = call()
      if value >= 0 { return value }
      let code = platform_errno()
      if code != EINTR { return -Int(code) }
    }
  }

  /// The path as the system wants it; it holds no zero byte.
  private static func text(_ path: [UInt8]) -> [CChar] { path.map { CChar(bitPattern: $0) } + [0] }

  public func open(path: [UInt8], flags: UInt64, mode: UInt64) -> Int {
    let flags = Int32(truncatingIfNeeded: flags) | O_CLOEXEC
    let descriptor = SystemHost.result {
      Int(Glibc.open(SystemHost.text(path), flags, mode_t(truncatingIfNeeded: mode)))
    }
    if let number = Int32(exactly: descriptor), number >= 0 { opened.insert(number) }
    return descriptor
  }

  public func close(descriptor: UInt64) -> Int {
    guard let number = Int32(exactly: descriptor), opened.remove(number) != nil else { return -Int(EBADF) }
    return Glibc.close(number) == 0 ? 0 : -Int(platform_errno())
  }

  public func seek(descriptor: UInt64, offset: Int64, origin: UInt64) -> Int {
    guard let number = known(descriptor), origin <= 2 else { return -Int(EINVAL) }
    return SystemHost.result { Int(lseek(number, off_t(offset), Int32(origin))) }
  }

  public func sync(descriptor: UInt64) -> Int {
    guard let number = known(descriptor) else { return -Int(EBADF) }
    return Glibc.fsync(number) == 0 ? 0 : -Int(platform_errno())
  }

  public func change(_ change: PlanFileChange) -> Int {
    SystemHost.result {
      switch change {
      case .remove(let path): Int(unlink(SystemHost.text(path)))
      case .rename(let old, let new): Int(rename(SystemHost.text(old), SystemHost.text(new)))
      case .makeDirectory(let path, let mode): Int(mkdir(SystemHost.text(path), mode_t(truncatingIfNeeded: mode)))
      }
    }
  }

  public func time(clock: UInt64) -> (seconds: Int64, nanoseconds: Int64)? {
    var time = timespec()
    guard let clock = clockid_t(exactly: clock), clock_gettime(clock, &time) == 0 else { return nil }
    return (Int64(time.tv_sec), Int64(time.tv_nsec))
  }

  public func sleep(seconds: UInt64, nanoseconds: UInt64) -> Int {
    guard nanoseconds < 1_000_000_000, let seconds = Int(exactly: seconds) else { return -Int(EINVAL) }
    var time = timespec(tv_sec: seconds, tv_nsec: Int(nanoseconds))
    var rest = timespec()
    return SystemHost.result {
      defer { time = rest }
      return Int(nanosleep(&time, &rest))
    }
  }

  public func random(into bytes: UnsafeMutableRawBufferPointer) -> Int {
    let source = SystemHost.result { Int(Glibc.open("/dev/urandom", O_RDONLY | O_CLOEXEC)) }
    guard let descriptor = Int32(exactly: source), descriptor >= 0 else { return source }
    defer { _ = Glibc.close(descriptor) }
    return SystemHost.result { Glibc.read(descriptor, bytes.baseAddress, bytes.count) }
  }
}
