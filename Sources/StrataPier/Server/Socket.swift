// The system calls of the socket: every return code is looked at, and a peer that goes away is an error value.

import CPlatform
import Glibc

/// A connected stream socket.
final class Socket: Sendable {
  private let descriptor: Int32

  init(descriptor: Int32) { self.descriptor = descriptor }

  deinit { _ = close(descriptor) }

  /// Longer frames are not read.
  static let longestBody = 1 << 30

  private static func failure(_ doing: String) -> PierFailure {
    .connection("\(doing): \(String(cString: strerror(platform_errno())))")
  }

  /// Runs `work` with an address for `name` in `directory`. A socket's path may have 107 bytes only, so the way leads over
  /// an open directory.
  private static func withAddress<Value>(
    _ directory: String, _ name: String, _ work: (UnsafePointer<sockaddr>, socklen_t) throws(PierFailure) -> Value
  ) throws(PierFailure) -> Value {
    let opened = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    if opened < 0 { throw failure("opening \(directory)") }
    defer { _ = close(opened) }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let path = Array("/proc/self/fd/\(opened)/\(name)".utf8)
    withUnsafeMutableBytes(of: &address.sun_path) { buffer in buffer.copyBytes(from: path.prefix(buffer.count - 1)) }
    let size = socklen_t(MemoryLayout<sockaddr_un>.size)
    let result: Result<Value, PierFailure> = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
        do throws(PierFailure) { return .success(try work(pointer, size)) } catch { return .failure(error) }
      }
    }
    return try result.get()
  }

  private static func make() throws(PierFailure) -> Int32 {
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    if descriptor < 0 { throw failure("making a socket") }
    return descriptor
  }

  /// Connects to a pier's socket; nil when nobody listens.
  static func connect(_ directory: String) throws(PierFailure) -> Socket? {
    let socket = Socket(descriptor: try make())
    return try withAddress(directory, "socket") { (address, size) throws(PierFailure) -> Socket? in
      while Glibc.connect(socket.descriptor, address, size) != 0 {
        switch platform_errno() {
        case EINTR: continue
        case ENOENT, ECONNREFUSED: return nil
        default: throw failure("connecting")
        }
      }
      return socket
    }
  }

  /// A socket that listens, for its owner only. An old one of that name is replaced: the caller holds the pier's lock.
  static func listen(_ directory: String) throws(PierFailure) -> Socket {
    let socket = Socket(descriptor: try make())
    if unlink(directory + "/socket") != 0, platform_errno() != ENOENT { throw failure("removing the old socket") }
    try withAddress(directory, "socket") { (address, size) throws(PierFailure) in
      if bind(socket.descriptor, address, size) != 0 { throw failure("binding the socket") }
    }
    if chmod(directory + "/socket", 0o600) != 0 { throw failure("protecting the socket") }
    if Glibc.listen(socket.descriptor, 128) != 0 { throw failure("listening") }
    return socket
  }

  /// The next connection; nil when the socket was shut down.
  func accept() throws(PierFailure) -> Socket? {
    while true {
      let opened = Glibc.accept(descriptor, nil, nil)
      if opened >= 0 { return Socket(descriptor: opened) }
      switch platform_errno() {
      case EINTR, ECONNABORTED: continue
      case EINVAL, EBADF: return nil
      default: throw Socket.failure("accepting")
      }
    }
  }

  /// Ends the connection, or the listening, for all threads.
  func shutDown() { _ = shutdown(descriptor, Int32(SHUT_RDWR)) }

  func send(_ kind: UInt8, _ body: [UInt8]) throws(PierFailure) {
    var writer = WireWriter()
    writer.number(UInt64(body.count))
    writer.bytes.append(kind)
    writer.bytes += body
    var done = 0
    while done < writer.bytes.count {
      let count = writer.bytes.withUnsafeBytes { bytes in
        Glibc.send(descriptor, bytes.baseAddress.map { $0 + done }, bytes.count - done, Int32(MSG_NOSIGNAL))
      }
      if count > 0 {
        done += count
      } else if platform_errno() != EINTR {
        throw Socket.failure("sending")
      }
    }
  }

  /// The next frame; nil when the peer has gone.
  func receive() throws(PierFailure) -> (kind: UInt8, body: [UInt8])? {
    guard let head = try read(9) else { return nil }
    var reader = WireReader(Array(head.prefix(8)))
    let count = reader.number()
    guard count <= UInt64(Socket.longestBody) else { throw .connection("a frame of \(count) bytes is too long") }
    guard let body = try read(Int(count)) else { throw .connection("it ended within a frame") }
    return (head[8], body)
  }

  private func read(_ count: Int) throws(PierFailure) -> [UInt8]? {
    var bytes: [UInt8] = []
    // Memory grows with what has come, not with what was announced.
    while bytes.count < count {
      let start = bytes.count
      let wanted = min(count - start, max(1 << 16, start))
      bytes.append(contentsOf: repeatElement(0, count: wanted))
      let got = bytes.withUnsafeMutableBytes { buffer in
        recv(descriptor, buffer.baseAddress.map { $0 + start }, wanted, 0)
      }
      if got < 0, platform_errno() == EINTR {
        bytes.removeLast(wanted)
        continue
      }
      if got < 0 { throw Socket.failure("receiving") }
      bytes.removeLast(wanted - got)
      if got == 0 {
        if bytes.isEmpty { return nil }
        throw .connection("it ended within a frame")
      }
    }
    return bytes
  }
}
