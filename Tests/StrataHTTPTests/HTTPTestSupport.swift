// Kernels that speak HTTP, piers behind drivers, and sockets without any library's opinion of HTTP.

import Foundation
import Glibc
import StrataMemory
import StrataNoun
import StrataPier
import Testing

@testable import StrataHTTP

/// Kernels as gates from `[event state]` to `[effects state]`.
enum Kernels {
  /// A stroke for each request so far; the state is their number.
  static let tally = gate(
    """
    [8 [4 0 13] [[[1 %res] [0 114] [1 200] [1 ['content-type' 'text/plain'] 0] [1 0] [0 2] \
    1 '||||||||||||||||||||||||||||||||||||||||||||||||||||||||||||||||'] 1 0] 0 2]
    """)
  /// Gives the request's body back with its own headers, under status 201.
  static let echo = gate("[[[[1 %res] [0 50] [1 201] [0 414] 0 415] 1 0] 0 13]")
  /// Says nothing at all.
  static let silent = gate("[[1 0] 4 0 13]")
  /// Crashes.
  static let broken = gate("[0 0]")
  /// Answers with what is no response.
  static let wrong = gate("[[[[1 %res] [0 50] 1 7] 1 0] 0 13]")
  /// Answers with headers that would end the message's head.
  static let splitting = gate(
    "[[[[1 %res] [0 50] [1 200] [1 ['x' 'a\\0d\\0aevil: 1'] ['y z' '1'] ['content-length' '99'] ['good' 'yes'] 0] 1 0 2 'ok'] 1 0] 0 13]"
  )

  /// Events other than requests change nothing.
  private static func gate(_ formula: String) -> String { "[[6 [5 [1 %req] 0 24] \(formula) [[1 0] 0 13]] [0 0] 0]" }

  /// Turns each event into an effect, and keeps the causes that come back as a list.
  static let fetcher = "[[6 [5 [1 %fetched] 0 24] [[1 0] [0 12] 0 13] [[0 12] 1 0] 0 13] [0 0] 0]"
}

/// A pier in a folder of its own, with drivers.
final class DrivenPier {
  let pier: Pier
  private let hub: DriverHub
  private let folder: String
  let notices: Notices

  /// What operators are told.
  final class Notices: @unchecked Sendable {
    private let lock = NSLock()
    private var lines: [String] = []
    func add(_ line: String) { lock.withLock { lines.append(line) } }
    var all: [String] { lock.withLock { lines } }
  }

  init(_ kernel: String, _ drivers: [any Driver]) throws {
    folder = NSTemporaryDirectory() + "strata-http-\(UUID().uuidString)"
    let notices = Notices()
    self.notices = notices
    let hub = DriverHub(drivers, notice: { notices.add($0) })
    self.hub = hub
    var options = PierOptions()
    options.loomBytes = 8 << 30
    options.effects = { number, effects in hub.take(number, effects) }
    pier = try Pier.create(folder, .gate, kernel: try NounJam.jam(kernel), options)
    hub.attach(pier)
    try hub.start()
  }

  func state() throws -> String { try NounJam.text(pier.peek(NounJam.jam("[0 1]"), notBefore: pier.last).answer) }

  func stop() { hub.stop() }

  deinit {
    hub.stop()
    try? pier.close()
    try? FileManager.default.removeItem(atPath: folder)
  }
}

/// A connection to this machine.
final class Connection {
  private let descriptor: Int32

  init(port: UInt16) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let code = withUnsafeBytes(of: &address) { bytes in
      bytes.withMemoryRebound(to: sockaddr.self) { connect(descriptor, $0.baseAddress, socklen_t(bytes.count)) }
    }
    if code != 0 { throw POSIXError(.ECONNREFUSED) }
    var patience = timeval(tv_sec: 120, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
  }

  /// Takes a connection that a listener has accepted.
  init(accepted descriptor: Int32) { self.descriptor = descriptor }

  deinit { close(descriptor) }

  @discardableResult
  func send(_ text: String) -> Bool {
    let bytes = Array(text.utf8)
    var done = 0
    while done < bytes.count {
      let count = bytes.withUnsafeBytes {
        Glibc.send(descriptor, $0.baseAddress! + done, bytes.count - done, Int32(MSG_NOSIGNAL))
      }
      if count <= 0 { return false }
      done += count
    }
    return true
  }

  /// What comes until the other side closes, or until `isEnough` says so.
  func receive(until isEnough: (String) -> Bool = { _ in false }) -> String {
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = recv(descriptor, &piece, piece.count, 0)
      if count <= 0 { break }
      bytes += piece[0..<count]
      if isEnough(String(decoding: bytes, as: UTF8.self)) { break }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}

/// A whole exchange: what comes back of `request`.
func exchange(_ port: UInt16, _ request: String) throws -> String {
  let connection = try Connection(port: port)
  connection.send(request)
  return connection.receive()
}

/// A request that asks for the connection's end.
func get(_ path: String = "/") -> String { "GET \(path) HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n" }

/// The status and the body of a response.
func parts(_ response: String) -> (status: Int, body: String) {
  let status = response.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
  let body = response.range(of: "\r\n\r\n").map { String(response[$0.upperBound...]) } ?? ""
  return (status, body)
}

/// A server that says what it is told to, whatever it is asked.
final class ScriptedServer: @unchecked Sendable {
  let port: UInt16
  private let listener: Int32
  private let heard = DrivenPier.Notices()

  /// Calls `answer` with each connection and what was asked on it.
  init(_ answer: @escaping @Sendable (Connection, String) -> Void) throws {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    self.listener = listener
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let bound = withUnsafeBytes(of: &address) { bytes in
      bytes.withMemoryRebound(to: sockaddr.self) { bind(listener, $0.baseAddress, socklen_t(bytes.count)) }
    }
    if bound != 0 || listen(listener, 16) != 0 { throw POSIXError(.EADDRINUSE) }
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    withUnsafeMutableBytes(of: &address) { bytes in
      bytes.withMemoryRebound(to: sockaddr.self) { _ = getsockname(listener, $0.baseAddress, &size) }
    }
    port = UInt16(bigEndian: address.sin_port)
    let heard = self.heard
    let accepting = SystemThread {
      while true {
        let descriptor = accept(listener, nil, nil)
        if descriptor < 0 { return }
        let answering = SystemThread {
          let connection = Connection(accepted: descriptor)
          let request = connection.receive { $0.contains("\r\n\r\n") }
          heard.add(request)
          answer(connection, request)
        }
        answering?.detach()
      }
    }
    guard let accepting else { throw POSIXError(.EAGAIN) }
    accepting.detach()
  }

  /// What was asked so far.
  var requests: [String] { heard.all }

  deinit {
    shutdown(listener, Int32(SHUT_RDWR))
    close(listener)
  }
}
