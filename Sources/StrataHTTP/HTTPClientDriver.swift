// The HTTP client driver: effects become requests, their responses events.
//
//     [%fetch id url method headers body]   gives  [%fetched id 0 status headers body]
//                                           or     [%fetched id 1 reason], when no response came
//
// The id is any noun of the kernel's. Redirections are the kernel's business. Guarantees: every request gives one event; what
// a server may send is bounded in size and in time; a connection by https is made to a server only that the system's
// authorities vouch for by name. The list of hosts, where one is given, is all that can be reached.

import CEvent
import Glibc
import StrataMemory
import StrataNoun
import StrataPier

/// Fetches by HTTP.
public final class HTTPClientDriver: Driver, @unchecked Sendable {
  /// Whom the kernel may ask, and what comes of it at most.
  public struct Options: Sendable {
    /// The hosts that may be asked, as they stand in the addresses; nil for all.
    public var hosts: Set<String>?
    /// How long a request may take from its beginning to its end, in nanoseconds.
    public var patience: UInt64 = 30_000_000_000
    /// What a response, and a request's own body, may have at most.
    public var bodyBytes = 16 << 20
    public var headerBytes = 64 << 10
    /// How many requests may be under way; more wait.
    public var mostRequests = 32
    /// How many may wait; more are refused.
    public var mostWaiting = 1000
    /// A file with the certificates of authorities to trust instead of the system's.
    public var authorities: String?

    public init() {}
  }

  /// What the kernel asks for. The id is kept as a jam.
  private struct Fetch {
    var id: [UInt8]
    var url: String
    var method: String
    var content: Content
  }
  private enum Outcome {
    case response(status: Int32, Content)
    case failure(String)
  }
  /// What a running request needs; libevent's callbacks hold it. Used on the loop's thread only.
  private final class Running: @unchecked Sendable {
    unowned let driver: HTTPClientDriver
    let number: UInt64
    let fetch: Fetch
    var deadline: UInt64 = 0
    var connection: OpaquePointer?
    /// Libssl's half, which tells why a connection was refused.
    var tls: OpaquePointer?
    var reason: String?

    init(_ driver: HTTPClientDriver, _ number: UInt64, _ fetch: Fetch) {
      self.driver = driver
      self.number = number
      self.fetch = fetch
    }
  }

  private let options: Options
  private var link: DriverLink?
  private var loop: EventLoop?
  private var thread: SystemThread?

  /// Used on the loop's thread only.
  private var names: OpaquePointer?
  private var sweep: OpaquePointer?
  private var trust: OpaquePointer?
  private var running: [UInt64: Running] = [:]
  private var waiting: [Fetch] = []
  private var nextNumber: UInt64 = 0

  /// Guards the results that are not events yet.
  private let lock = Lock()
  private var results: [(id: [UInt8], outcome: Outcome)] = []
  private var isEnding = false

  public init(_ options: Options = Options()) { self.options = options }

  // MARK: - Beginning and end

  public func start(_ link: DriverLink) throws(PierFailure) {
    guard let loop = EventLoop() else { throw .machine(.refused, doing: "starting the HTTP client") }
    self.link = link
    self.loop = loop
    // Without a resolver's configuration there are still the names of the hosts file, and addresses.
    names = evdns_base_new(loop.base, EVDNS_BASE_INITIALIZE_NAMESERVERS | EVDNS_BASE_DISABLE_WHEN_INACTIVE)
    if names == nil {
      names = evdns_base_new(loop.base, 0)
      _ = evdns_base_load_hosts(names, "/etc/hosts")
    }
    sweep = loop.timer(Unmanaged.passUnretained(self).toOpaque()) { _, _, context in
      if let context { Unmanaged<HTTPClientDriver>.fromOpaque(context).takeUnretainedValue().endLate() }
    }
    thread = SystemThread(stackBytes: 4 << 20) { [self] in poke() }
    guard names != nil, sweep != nil, thread != nil, loop.start() else {
      endThread()
      end()
      throw .machine(.refused, doing: "starting the HTTP client")
    }
  }

  public func stop() {
    guard let loop else { return }
    loop.stop(
      { [self] in
        for item in running.values.sorted(by: { $0.number < $1.number }) { drop(item) }
        running = [:]
      }, grace: 0
    ) { false }
    endThread()
    end()
  }

  private func endThread() {
    lock.withLock {
      isEnding = true
      lock.wakeAll()
    }
    thread?.join()
    thread = nil
  }

  private func end() {
    if let sweep { event_free(sweep) }
    sweep = nil
    if let names { evdns_base_free(names, 0) }
    names = nil
    if let trust { SSL_CTX_free(trust) }
    trust = nil
    loop = nil
    link = nil
  }

  // MARK: - Effects, on the hub's thread

  public func act(on effect: Word, _ context: DriverContext) throws(Fault) {
    let nursery = context.nursery
    guard effect.isCell, nursery.text(of: nursery.head(effect)) == "fetch", nursery.tail(effect).isCell else { return }
    let id = try nursery.jammed(nursery.head(nursery.tail(effect)))
    let rest = nursery.tail(nursery.tail(effect))
    guard rest.isCell, let url = nursery.text(of: nursery.head(rest)), nursery.tail(rest).isCell,
      let method = nursery.text(of: nursery.head(nursery.tail(rest))),
      let content = nursery.content(of: nursery.tail(nursery.tail(rest)), atMost: options.bodyBytes)
    else { return report(id, .failure("the effect has not the shape [%fetch id url method headers body]")) }
    let fetch = Fetch(id: id, url: url, method: method, content: content)
    loop?.run { [self] in
      if waiting.count >= options.mostWaiting { return report(id, .failure("too many requests wait")) }
      waiting.append(fetch)
      beginNext()
    }
  }

  // MARK: - Requests, on the loop's thread

  private func beginNext() {
    while running.count < options.mostRequests, !waiting.isEmpty {
      let fetch = waiting.removeFirst()
      if let reason = begin(fetch) { report(fetch.id, .failure(reason)) }
    }
  }

  /// Begins a request. Gives the reason when it cannot be made.
  private func begin(_ fetch: Fetch) -> String? {
    guard let loop, let command = methods.first(where: { $0.name == fetch.method.uppercased() })?.command else {
      return "the method \(fetch.method) is not known"
    }
    guard fetch.url.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }), let uri = evhttp_uri_parse(fetch.url) else {
      return "the address is none"
    }
    defer { evhttp_uri_free(uri) }
    func part(_ pointer: UnsafePointer<CChar>?) -> String? { pointer.map { String(cString: $0) } }
    let scheme = part(evhttp_uri_get_scheme(uri))?.lowercased()
    guard let whole = part(evhttp_uri_get_host(uri))?.lowercased(), !whole.isEmpty,
      scheme == "http" || scheme == "https", evhttp_uri_get_userinfo(uri) == nil
    else { return "the address is not that of an HTTP server" }
    if let hosts = options.hosts, !hosts.contains(whole) { return "the host \(whole) may not be asked" }
    // An address of version 6 stands in brackets.
    let isLongAddress = whole.hasPrefix("[") && whole.hasSuffix("]")
    let host = isLongAddress ? String(whole.dropFirst().dropLast()) : whole
    let given = evhttp_uri_get_port(uri)
    let isSecure = scheme == "https"
    guard given != 0, given <= 65_535, let port = UInt16(exactly: given > 0 ? given : isSecure ? 443 : 80) else {
      return "the port is none"
    }
    var transport: OpaquePointer?
    var tls: OpaquePointer?
    if isSecure {
      trust = trust ?? tls_client_context(options.authorities)
      guard let trust else { return "the system's list of authorities cannot be read" }
      let isAddress = isLongAddress || host.allSatisfy { $0.isNumber || $0 == "." }
      guard let made = tls_client(trust, host, isAddress ? 1 : 0) else { return "no memory for TLS" }
      SSL_up_ref(made)
      tls = made
      transport = bufferevent_openssl_socket_new(
        loop.base, -1, made, BUFFEREVENT_SSL_CONNECTING, Int32(BEV_OPT_CLOSE_ON_FREE.rawValue))
      if transport == nil { SSL_free(made) }
    } else {
      transport = bufferevent_socket_new(loop.base, -1, Int32(BEV_OPT_CLOSE_ON_FREE.rawValue))
    }
    guard let transport,
      let connection = evhttp_connection_base_bufferevent_new(loop.base, names, transport, host, port)
    else {
      if let transport { bufferevent_free(transport) }
      if let tls { SSL_free(tls) }
      return "no memory for a connection"
    }
    evhttp_connection_set_max_body_size(connection, options.bodyBytes)
    evhttp_connection_set_max_headers_size(connection, options.headerBytes)
    evhttp_connection_set_retries(connection, 0)
    var time = timeval(nanoseconds: options.patience)
    evhttp_connection_set_timeout_tv(connection, &time)

    nextNumber += 1
    let item = Running(self, nextNumber, fetch)
    item.connection = connection
    item.tls = tls
    item.deadline = Clock.now() &+ options.patience
    let context = Unmanaged.passUnretained(item).toOpaque()
    guard
      let request = evhttp_request_new(
        { request, context in
          guard let context else { return }
          let item = Unmanaged<Running>.fromOpaque(context).takeUnretainedValue()
          item.driver.complete(item, request)
        }, context)
    else {
      drop(item)
      return "no memory for a request"
    }
    evhttp_request_set_error_cb(request) { code, context in
      guard let context else { return }
      Unmanaged<Running>.fromOpaque(context).takeUnretainedValue().reason = HTTPClientDriver.explanation(code)
    }
    let list = evhttp_request_get_output_headers(request)
    let isUsual = given < 0 || given == (isSecure ? 443 : 80)
    _ = evhttp_add_header(list, "Host", isUsual ? whole : "\(whole):\(port)")
    _ = evhttp_add_header(list, "Connection", "close")
    add(fetch.content.headers.filter { $0.name.lowercased() != "host" }, to: list)
    if let body = fetch.content.body {
      _ = body.withUnsafeBytes { evbuffer_add(evhttp_request_get_output_buffer(request), $0.baseAddress, $0.count) }
    }
    let path = part(evhttp_uri_get_path(uri)).flatMap { $0.isEmpty ? nil : $0 } ?? "/"
    let target = path + (part(evhttp_uri_get_query(uri)).map { "?" + $0 } ?? "")
    if running.isEmpty { arm(sweep, in: 50_000_000) }
    running[item.number] = item
    // The request is the connection's from here on; a refusal may be told at once, by the callback.
    if evhttp_make_request(connection, request, command, target) != 0, running[item.number] != nil {
      finish(item, .failure("the connection could not be begun"))
    }
    return nil
  }

  private static func explanation(_ code: evhttp_request_error) -> String {
    switch code {
    case EVREQ_HTTP_TIMEOUT: "it took too long"
    case EVREQ_HTTP_EOF: "the server has closed the connection"
    case EVREQ_HTTP_INVALID_HEADER: "the response is not HTTP, or its headers are too long"
    case EVREQ_HTTP_BUFFER_ERROR: "the connection has broken"
    case EVREQ_HTTP_DATA_TOO_LONG: "the response is too long"
    default: "the request was ended"
    }
  }

  private func complete(_ item: Running, _ request: OpaquePointer?) {
    if let request, evhttp_request_get_response_code(request) != 0 {
      var content = Content(headers: headers(evhttp_request_get_input_headers(request)))
      let body = bytes(of: evhttp_request_get_input_buffer(request))
      if !body.isEmpty || content.headers.contains(where: { $0.name == "content-length" }) { content.body = body }
      return finish(item, .response(status: evhttp_request_get_response_code(request), content))
    }
    var reason = item.reason ?? "no connection to the server"
    if let tls = item.tls {
      let code = SSL_get_verify_result(tls)
      if code != Int(X509_V_OK), let text = X509_verify_cert_error_string(code) {
        reason = "the server's certificate is not good: " + String(cString: text)
      }
    }
    finish(item, .failure(reason))
  }

  private func finish(_ item: Running, _ outcome: Outcome) {
    guard running.removeValue(forKey: item.number) != nil else { return }
    report(item.fetch.id, outcome)
    // Not now: libevent may be in the midst of this connection.
    loop?.run { [self] in
      drop(item)
      beginNext()
    }
  }

  private func drop(_ item: Running) {
    if let connection = item.connection { evhttp_connection_free(connection) }
    item.connection = nil
    if let tls = item.tls { SSL_free(tls) }
    item.tls = nil
  }

  private func endLate() {
    let now = Clock.now()
    for item in running.values.filter({ $0.deadline <= now }).sorted(by: { $0.number < $1.number }) {
      finish(item, .failure("it took too long"))
    }
    if !running.isEmpty { arm(sweep, in: 50_000_000) }
  }

  // MARK: - Events, on a thread of their own

  private func report(_ id: [UInt8], _ outcome: Outcome) {
    lock.withLock {
      results.append((id, outcome))
      lock.wakeAll()
    }
  }

  private func poke() {
    var options = LoomOptions()
    options.reservationBytes = 4 << 30
    guard let loom = try? Loom(options) else {
      link?.notice("no loom for HTTP responses: they are dropped")
      return
    }
    while true {
      lock.lock()
      while results.isEmpty, !isEnding { lock.wait() }
      let batch = results
      results = []
      lock.unlock()
      if batch.isEmpty { return }
      for (id, outcome) in batch { poke(id, outcome, loom.nursery) }
    }
  }

  private func poke(_ id: [UInt8], _ outcome: Outcome, _ nursery: Nursery) {
    defer { nursery.reset() }
    do {
      var parts = [try nursery.cord("fetched"), try nursery.cued(id)]
      switch outcome {
      case .failure(let reason): parts += [.one, try nursery.cord(reason)]
      case .response(let status, let content):
        let made = try nursery.parts(of: content)
        parts += [.zero, Word(direct: UInt64(max(0, status))), made.headers, made.body]
      }
      _ = try link?.poke(
        try nursery.jammed(try nursery.tuple(parts)), try nursery.jammed(try nursery.wire("http-client", "fetch")))
    } catch { link?.notice("an HTTP response is lost: \(error)") }
  }
}
