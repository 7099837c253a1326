// Serves an open pier on a socket in its directory, to programs of the same owner. One thread a connection: callers that
// wait at the same time share the log's syncs.

import StrataMemory

/// A pier that listens.
public final class PierServer: @unchecked Sendable {
  public let pier: Pier
  private let listener: Socket
  private let lock = Lock()
  /// Guarded by the lock.
  private var connections: [ObjectIdentifier: Socket] = [:]
  private var isEnding = false
  private var acceptor: SystemThread?

  /// More connections than this are turned away.
  private static let mostConnections = 256

  /// Begins to listen.
  public init(_ pier: Pier) throws(PierFailure) {
    self.pier = pier
    listener = try Socket.listen(pier.directory)
    acceptor = SystemThread { [weak self, listener] in
      while let socket = try? listener.accept() {
        guard let self else { return }
        self.serve(socket)
      }
    }
    if acceptor == nil { throw .machine(.refused, doing: "starting a thread") }
  }

  deinit {
    listener.shutDown()
    acceptor?.join()
  }

  private func serve(_ socket: Socket) {
    let isWelcome = lock.withLock {
      if isEnding || connections.count >= PierServer.mostConnections { return false }
      connections[ObjectIdentifier(socket)] = socket
      return true
    }
    if !isWelcome { return }
    let thread = SystemThread { [self] in
      talk(socket)
      lock.withLock {
        connections[ObjectIdentifier(socket)] = nil
        lock.wakeAll()
      }
    }
    if let thread {
      thread.detach()
    } else {
      lock.withLock { connections[ObjectIdentifier(socket)] = nil }
    }
  }

  private func talk(_ socket: Socket) {
    // A peer that breaks the protocol or goes away ends its connection and nothing else.
    while let frame = try? socket.receive() {
      guard let request = PierRequest(kind: frame.kind, body: frame.body) else {
        let (kind, body) = PierReply.refused("this is no request (is the command of another version?)").encoded
        try? socket.send(kind, body)
        return
      }
      var reply = pier.answer(request)
      if case .status(var status) = reply {
        status.connections = lock.withLock { UInt64(connections.count) }
        reply = .status(status)
      }
      let (kind, body) = reply.encoded
      if (try? socket.send(kind, body)) == nil { return }
      if case .stop = request {
        lock.withLock {
          stopRequested = true; lock.wakeAll()
        }
      }
    }
  }

  private var stopRequested = false

  /// Waits until somebody asks for the end over the socket, or `isEnough` says so, which is asked ten times a second.
  public func waitForStop(or isEnough: () -> Bool) {
    lock.lock()
    while !stopRequested {
      lock.wait(until: Clock.now() &+ 100_000_000)
      lock.unlock()
      let isOver = isEnough()
      lock.lock()
      if isOver { break }
    }
    lock.unlock()
  }

  /// Lets running requests end, turns further ones away, and closes the pier.
  public func close() throws(PierFailure) {
    lock.withLock { isEnding = true }
    listener.shutDown()
    acceptor?.join()
    acceptor = nil
    lock.lock()
    for (_, socket) in connections { socket.shutDown() }
    let deadline = Clock.now() &+ 5_000_000_000
    while !connections.isEmpty, Clock.now() < deadline { lock.wait(until: Clock.now() &+ 100_000_000) }
    lock.unlock()
    try pier.close()
  }
}

/// A connection to a pier that runs in another process.
public final class PierClient: @unchecked Sendable {
  private let socket: Socket
  private let lock = Lock()

  private init(_ socket: Socket) { self.socket = socket }

  /// Connects to the pier at `directory`; nil when none runs there.
  public static func connect(_ directory: String) throws(PierFailure) -> PierClient? {
    try Socket.connect(directory).map { PierClient($0) }
  }

  /// Asks, and waits for the answer. Throws when the connection breaks: whether the request was carried out is not
  /// known then.
  public func ask(_ request: PierRequest) throws(PierFailure) -> PierReply {
    lock.lock()
    defer { lock.unlock() }
    let (kind, body) = request.encoded
    try socket.send(kind, body)
    guard let frame = try socket.receive() else { throw .connection("the pier went away") }
    guard let reply = PierReply(kind: frame.kind, body: frame.body) else {
      throw .connection("this is no answer (is the pier of another version?)")
    }
    if case .refused(let text) = reply { throw .remote(text) }
    return reply
  }
}
