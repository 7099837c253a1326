// The HTTP server driver: requests become events, effects become responses.
//
//     a request                             gives the event  [%req id uri method headers body]
//     [%res id status headers body]         is the response; so are %cache, %htmx and %h-cache with the same tail
//
// An id is used once. Guarantees: a response is sent after its event is durable. Every request is answered: with 500 when its
// event fails, 503 when it is refused or too many wait, 504 when no response comes in time. Listens where it is told,
// by default to this machine only; what a peer sends is bounded in size and in time.

import CEvent
import Glibc
import StrataMemory
import StrataNoun
import StrataPier

/// Serves HTTP.
public final class HTTPServerDriver: Driver, @unchecked Sendable {
  /// Where it listens, and what it lets peers do.
  public struct Options: Sendable {
    /// An address of this machine. Other machines can reach the default one not at all.
    public var address = "127.0.0.1"
    /// The port; 0 lets the system choose.
    public var port: UInt16 = 0
    /// How long the kernel may take until its response, in nanoseconds.
    public var patience: UInt64 = 60_000_000_000
    /// How long a connection may say nothing, in seconds.
    public var idleSeconds: Int32 = 30
    /// What a request may have at most.
    public var bodyBytes = 1 << 20
    public var headerBytes = 16 << 10
    /// How many requests may wait for their responses.
    public var mostRequests = 256
    /// How many events may be under way at once: they share the disk's syncs.
    public var threads = 8

    public init() {}
  }

  private struct Request {
    var id: UInt64
    var uri: String
    var method: String
    var content: Content
  }
  /// A request that waits for its response.
  private struct Waiting {
    var request: OpaquePointer
    var connection: OpaquePointer?
    var deadline: UInt64
  }

  private let options: Options
  private var link: DriverLink?
  private var loop: EventLoop?
  private var threads: [SystemThread] = []

  /// Used on the loop's thread only.
  private var server: OpaquePointer?
  private var sweep: OpaquePointer?
  private var waiting: [UInt64: Waiting] = [:]
  private var nextID: UInt64
  private var mostDescriptors: Int32 = 512

  /// Guards the requests that no thread has taken yet.
  private let lock = Lock()
  private var queue: [Request] = []
  private var isEnding = false
  private var listeningPort: UInt16 = 0

  public init(_ options: Options = Options()) {
    self.options = options
    var random = SystemRandomNumberGenerator()
    // Ids of an earlier run must not come again: a kernel may answer late.
    nextID = random.next() >> 2 | 1 << 60
  }

  /// The port on which it listens, once it was started.
  public var port: UInt16 { lock.withLock { listeningPort } }

  // MARK: - Beginning and end

  public func start(_ link: DriverLink) throws(PierFailure) {
    guard let loop = EventLoop(), let server = evhttp_new(loop.base) else {
      throw .machine(.refused, doing: "starting the HTTP server")
    }
    self.link = link
    self.loop = loop
    self.server = server
    evhttp_set_timeout(server, options.idleSeconds)
    evhttp_set_max_body_size(server, options.bodyBytes)
    evhttp_set_max_headers_size(server, options.headerBytes)
    evhttp_set_default_content_type(server, nil)
    evhttp_set_allowed_methods(server, methods.reduce(0) { $0 | UInt16($1.command.rawValue) })
    let context = Unmanaged.passUnretained(self).toOpaque()
    evhttp_set_gencb(
      server,
      { request, context in
        guard let request, let context else { return }
        Unmanaged<HTTPServerDriver>.fromOpaque(context).takeUnretainedValue().take(request)
      }, context)
    guard let bound = evhttp_bind_socket_with_handle(server, options.address, options.port) else {
      let reason = String(cString: strerror(errno))
      end()
      throw .unsupported("cannot listen on \(options.address) port \(options.port): \(reason) (choose another)")
    }
    noteLimits(evhttp_bound_socket_get_fd(bound))
    if let listener = evhttp_bound_socket_get_listener(bound) {
      // Out of descriptors: a while later there may be some again. Trying at once would take all of the processor.
      evconnlistener_set_error_cb(listener) { listener, _ in
        evconnlistener_disable(listener)
        var time = timeval(nanoseconds: 100_000_000)
        event_base_once(
          evconnlistener_get_base(listener), -1, Int16(EV_TIMEOUT),
          { _, _, listener in if let listener { evconnlistener_enable(OpaquePointer(listener)) } },
          listener.map { UnsafeMutableRawPointer($0) }, &time)
      }
    }
    sweep = loop.timer(context) { _, _, context in
      if let context { Unmanaged<HTTPServerDriver>.fromOpaque(context).takeUnretainedValue().answerLate() }
    }
    for _ in 0..<max(1, options.threads) {
      if let thread = SystemThread(stackBytes: 4 << 20, { [self] in poke() }) { threads.append(thread) }
    }
    guard sweep != nil, !threads.isEmpty, loop.start() else {
      stopThreads()
      end()
      throw .machine(.refused, doing: "starting the HTTP server")
    }
    link.notice("HTTP on \(options.address) port \(port)")
  }

  private func noteLimits(_ descriptor: Int32) {
    var limit = rlimit()
    if getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 {
      // The rest is for the pier's own files.
      mostDescriptors = Int32(clamping: limit.rlim_cur / 4 * 3)
    }
    var address = sockaddr_storage()
    var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let code = withUnsafeMutableBytes(of: &address) { bytes in
      bytes.withMemoryRebound(to: sockaddr.self) { getsockname(descriptor, $0.baseAddress, &size) }
    }
    guard code == 0 else { return }
    // Both families have the port in the same place.
    let port = withUnsafeBytes(of: &address) { UInt16(bigEndian: $0.load(fromByteOffset: 2, as: UInt16.self)) }
    lock.withLock { listeningPort = port }
  }

  public func stop() {
    guard let loop else { return }
    stopThreads()
    loop.stop({ [self] in for id in waiting.keys.sorted() { answer(id, 503) } }, grace: 200_000_000) { true }
    end()
  }

  private func stopThreads() {
    lock.withLock {
      isEnding = true
      lock.wakeAll()
    }
    for thread in threads { thread.join() }
    threads = []
  }

  private func end() {
    if let sweep { event_free(sweep) }
    sweep = nil
    if let server { evhttp_free(server) }
    server = nil
    waiting = [:]
    loop = nil
    link = nil
  }

  // MARK: - Requests, on the loop's thread

  private func take(_ request: OpaquePointer) {
    let command = evhttp_request_get_command(request)
    guard let method = methods.first(where: { $0.command == command })?.name,
      let uri = evhttp_request_get_uri(request).map({ String(cString: $0) })
    else { return reply(request, 400) }
    let connection = evhttp_request_get_connection(request)
    let descriptor = connection.flatMap { evhttp_connection_get_bufferevent($0) }.map { bufferevent_getfd($0) } ?? 0
    if waiting.count >= options.mostRequests || descriptor > mostDescriptors { return reply(request, 503) }
    var content = Content(headers: headers(evhttp_request_get_input_headers(request)))
    let body = bytes(of: evhttp_request_get_input_buffer(request))
    if !body.isEmpty || content.headers.contains(where: { $0.name == "content-length" }) { content.body = body }
    let id = nextID
    nextID += 1
    if waiting.isEmpty { arm(sweep, in: 50_000_000) }
    waiting[id] = Waiting(request: request, connection: connection, deadline: Clock.now() &+ options.patience)
    if let connection {
      // The request goes with its connection.
      evhttp_connection_set_closecb(
        connection,
        { connection, context in
          guard let connection, let context else { return }
          Unmanaged<HTTPServerDriver>.fromOpaque(context).takeUnretainedValue().forget(connection)
        }, Unmanaged.passUnretained(self).toOpaque())
    }
    lock.withLock {
      queue.append(Request(id: id, uri: uri, method: method, content: content))
      lock.wakeAll()
    }
  }

  private func forget(_ connection: OpaquePointer) {
    for (id, entry) in waiting where entry.connection == connection { waiting[id] = nil }
  }

  private func answerLate() {
    let now = Clock.now()
    for id in waiting.filter({ $0.value.deadline <= now }).keys.sorted() { answer(id, 504) }
    if !waiting.isEmpty { arm(sweep, in: 50_000_000) }
  }

  /// Answers the request when it still waits.
  private func answer(_ id: UInt64, _ status: Int32, _ content: Content? = nil) {
    guard let entry = waiting.removeValue(forKey: id) else { return }
    reply(entry.request, status, content)
  }

  private func reply(_ request: OpaquePointer, _ status: Int32, _ content: Content? = nil) {
    let buffer = evbuffer_new()
    defer { if let buffer { evbuffer_free(buffer) } }
    let list = evhttp_request_get_output_headers(request)
    if let content {
      add(content.headers, to: list)
      if let buffer, let body = content.body {
        _ = body.withUnsafeBytes { evbuffer_add(buffer, $0.baseAddress, $0.count) }
      }
    } else if let buffer {
      _ = evhttp_add_header(list, "content-type", "text/plain; charset=utf-8")
      let text = Array("\(status) \(HTTPServerDriver.reasons[status] ?? "")\n".utf8)
      _ = text.withUnsafeBytes { evbuffer_add(buffer, $0.baseAddress, $0.count) }
    }
    evhttp_send_reply(request, status, HTTPServerDriver.reasons[status], buffer)
  }

  private static let reasons: [Int32: String] = [
    400: "Bad Request", 500: "Internal Server Error", 503: "Service Unavailable", 504: "Gateway Timeout",
  ]

  // MARK: - Events, on threads of their own

  private func poke() {
    var options = LoomOptions()
    options.reservationBytes = 1 << 30
    let loom = try? Loom(options)
    if loom == nil { link?.notice("no loom for HTTP requests: they are refused") }
    while let request = next() {
      let failure = loom.map { poke(request, $0.nursery) } ?? 503
      guard let failure else { continue }
      loop?.run { [self] in answer(request.id, failure) }
    }
  }

  private func next() -> Request? {
    lock.withLock {
      while queue.isEmpty, !isEnding { lock.wait() }
      if isEnding { return nil }
      return queue.removeFirst()
    }
  }

  /// Makes a request's event. Gives the status that says why there will be no response; nil when there may be one.
  private func poke(_ request: Request, _ nursery: Nursery) -> Int32? {
    defer { nursery.reset() }
    guard let link else { return 503 }
    var event: [UInt8] = []
    var wire: [UInt8] = []
    do throws(Fault) {
      let parts = try nursery.parts(of: request.content)
      event = try nursery.jammed(
        try nursery.tuple([
          try nursery.cord("req"), Word(direct: request.id), try nursery.cord(request.uri),
          try nursery.cord(request.method), parts.headers, parts.body,
        ]))
      wire = try nursery.jammed(try nursery.wire("http", "req"))
    } catch {
      link.notice("an HTTP request: \(error.explanation)")
      return 503
    }
    do throws(PierFailure) {
      let result = try link.poke(event, wire)
      // A report of the failure that the kernel took may have had its own effects, but hardly this response.
      return result.failure == nil ? nil : 500
    } catch {
      link.notice("an HTTP request was refused: \(error)")
      return 503
    }
  }

  // MARK: - Effects, on the hub's thread

  public func act(on effect: Word, _ context: DriverContext) throws(Fault) {
    let nursery = context.nursery
    guard effect.isCell, let tag = nursery.text(of: nursery.head(effect)),
      ["res", "cache", "htmx", "h-cache"].contains(tag), nursery.tail(effect).isCell
    else { return }
    let id = nursery.head(nursery.tail(effect))
    guard id.isDirect else { return }
    let rest = nursery.tail(nursery.tail(effect))
    let number = id.raw
    guard rest.isCell, nursery.head(rest).isDirect, (200...599).contains(nursery.head(rest).raw),
      let content = nursery.content(of: nursery.tail(rest), atMost: 1 << 30)
    else {
      link?.notice("a response of the kernel has not the shape [%res id status headers body]")
      loop?.run { [self] in answer(number, 500) }
      return
    }
    let status = Int32(nursery.head(rest).raw)
    loop?.run { [self] in answer(number, status, content) }
  }
}
