// What goes over a pier's socket: requests and replies as bytes, both ways length-prefixed.
//
//     frame   8 bytes length of the body, little-endian | 1 byte kind or status | body
//
// Numbers are 8 bytes, little-endian; texts and jams are a number of bytes and the bytes.

/// What can be asked of a running pier.
public enum PierRequest: Equatable, Sendable {
  case poke(event: [UInt8], wire: [UInt8]?)
  case peek(query: [UInt8], notBefore: UInt64?)
  case wish(text: [UInt8], notBefore: UInt64?)
  case facts
  case upgrade(kernel: [UInt8])
  case retry(UInt64)
  /// Logged events from a number on, at most so many.
  case events(from: UInt64, limit: UInt64)
  case export
  case fork(target: String, at: UInt64?)
  case compact
  case scrub
  case store
  case archive(target: String)
  case interrupt
  case stop
  /// What the pier is doing; answered at any time.
  case status
}

/// What a pier answers.
public enum PierReply: Equatable, Sendable {
  case poked(PokeResult)
  case answered(PeekResult)
  case facts(PierFacts)
  case events([LoggedEventText])
  case scrubbed(PierScrub)
  case done(UInt64)
  case refused(String)
  case status(PierStatus)
}

/// A logged event as it is shown to people and programs.
public struct LoggedEventText: Equatable, Sendable {
  public var number: UInt64
  /// `boot`, `poke`, `upgrade` or `load`.
  public var kind: String
  /// `done`, `failed` or `skipped`.
  public var status: String
  public var mug: UInt32?
  /// The jam of the event.
  public var jam: [UInt8]
  /// The trace of a failure.
  public var detail: String
}

/// Appends values to a body.
struct WireWriter {
  var bytes: [UInt8] = []

  mutating func number(_ value: UInt64) { withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) } }

  mutating func optional(_ value: UInt64?) {
    number(value == nil ? 0 : 1)
    number(value ?? 0)
  }

  mutating func data(_ value: [UInt8]) {
    number(UInt64(value.count))
    bytes += value
  }

  mutating func text(_ value: String) { data(Array(value.utf8)) }
}

/// Takes values from a body. After the first that is cut off all are zero, and `isWhole` is false.
struct WireReader {
  private let bytes: [UInt8]
  private var at = 0
  private(set) var isWhole = true

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  mutating func number() -> UInt64 {
    guard bytes.count - at >= 8 else {
      isWhole = false
      return 0
    }
    defer { at += 8 }
    return bytes[at..<at + 8].reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  mutating func optional() -> UInt64? {
    let isThere = number() != 0
    let value = number()
    return isThere ? value : nil
  }

  mutating func data() -> [UInt8] {
    let count = number()
    guard count <= UInt64(bytes.count - at) else {
      isWhole = false
      return []
    }
    defer { at += Int(count) }
    return Array(bytes[at..<at + Int(count)])
  }

  mutating func text() -> String { String(decoding: data(), as: UTF8.self) }
}

extension PierRequest {
  var encoded: (kind: UInt8, body: [UInt8]) {
    var body = WireWriter()
    let kind: UInt8
    switch self {
    case .poke(let event, let wire):
      kind = 1
      body.data(event)
      body.number(wire == nil ? 0 : 1)
      body.data(wire ?? [])
    case .peek(let query, let notBefore):
      kind = 2
      body.data(query)
      body.optional(notBefore)
    case .facts: kind = 3
    case .upgrade(let kernel):
      kind = 4
      body.data(kernel)
    case .retry(let number):
      kind = 5
      body.number(number)
    case .events(let first, let limit):
      kind = 6
      body.number(first)
      body.number(limit)
    case .export: kind = 7
    case .fork(let target, let number):
      kind = 8
      body.text(target)
      body.optional(number)
    case .compact: kind = 9
    case .scrub: kind = 10
    case .store: kind = 11
    case .archive(let target):
      kind = 12
      body.text(target)
    case .interrupt: kind = 13
    case .stop: kind = 14
    case .status: kind = 15
    case .wish(let text, let notBefore):
      kind = 16
      body.data(text)
      body.optional(notBefore)
    }
    return (kind, body.bytes)
  }

  /// Nil for what is no request.
  init?(kind: UInt8, body: [UInt8]) {
    var reader = WireReader(body)
    switch kind {
    case 1:
      let event = reader.data()
      let hasWire = reader.number() != 0
      let wire = reader.data()
      self = .poke(event: event, wire: hasWire ? wire : nil)
    case 2:
      let query = reader.data()
      self = .peek(query: query, notBefore: reader.optional())
    case 3: self = .facts
    case 4: self = .upgrade(kernel: reader.data())
    case 5: self = .retry(reader.number())
    case 6:
      let first = reader.number()
      self = .events(from: first, limit: reader.number())
    case 7: self = .export
    case 8:
      let target = reader.text()
      self = .fork(target: target, at: reader.optional())
    case 9: self = .compact
    case 10: self = .scrub
    case 11: self = .store
    case 12: self = .archive(target: reader.text())
    case 13: self = .interrupt
    case 14: self = .stop
    case 15: self = .status
    case 16:
      let text = reader.data()
      self = .wish(text: text, notBefore: reader.optional())
    default: return nil
    }
    if !reader.isWhole { return nil }
  }
}

extension PierReply {
  var encoded: (kind: UInt8, body: [UInt8]) {
    var body = WireWriter()
    let kind: UInt8
    switch self {
    case .poked(let result):
      kind = 1
      body.number(result.number)
      body.number(result.isDone ? 1 : 0)
      body.data(result.effects)
      body.optional(result.mug.map { UInt64($0) })
      body.number(result.failure == nil ? 0 : 1)
      body.text(result.failure ?? "")
    case .answered(let result):
      kind = 2
      body.number(result.number)
      body.data(result.answer)
    case .facts(let facts):
      kind = 3
      body.number(UInt64(facts.facts.count))
      for fact in facts.facts {
        body.text(fact.name)
        body.text(fact.value)
      }
    case .events(let events):
      kind = 4
      body.number(UInt64(events.count))
      for event in events {
        body.number(event.number)
        body.text(event.kind)
        body.text(event.status)
        body.optional(event.mug.map { UInt64($0) })
        body.data(event.jam)
        body.text(event.detail)
      }
    case .scrubbed(let scrub):
      kind = 5
      for value in [scrub.records, scrub.recordBytes, scrub.events, scrub.eventBytes] { body.number(UInt64(value)) }
    case .done(let number):
      kind = 6
      body.number(number)
    case .refused(let text):
      kind = 7
      body.text(text)
    case .status(let status):
      kind = 8
      status.write(to: &body)
    }
    return (kind, body.bytes)
  }

  /// Nil for what is no reply.
  init?(kind: UInt8, body: [UInt8]) {
    var reader = WireReader(body)
    switch kind {
    case 1:
      var result = PokeResult(number: reader.number(), isDone: reader.number() != 0, effects: reader.data())
      result.mug = reader.optional().map { UInt32(truncatingIfNeeded: $0) }
      let hasFailed = reader.number() != 0
      let failure = reader.text()
      result.failure = hasFailed ? failure : nil
      self = .poked(result)
    case 2:
      let number = reader.number()
      self = .answered(PeekResult(number: number, answer: reader.data()))
    case 3:
      var facts = PierFacts()
      let count = reader.number()
      while facts.facts.count < count, reader.isWhole {
        let name = reader.text()
        facts.facts.append((name, reader.text()))
      }
      self = .facts(facts)
    case 4:
      var events: [LoggedEventText] = []
      let count = reader.number()
      while events.count < count, reader.isWhole {
        events.append(
          LoggedEventText(
            number: reader.number(), kind: reader.text(), status: reader.text(),
            mug: reader.optional().map { UInt32(truncatingIfNeeded: $0) }, jam: reader.data(), detail: reader.text()))
      }
      self = .events(events)
    case 5:
      let values = (0..<4).map { _ in Int(clamping: reader.number()) }
      self = .scrubbed(
        PierScrub(records: values[0], recordBytes: values[1], events: values[2], eventBytes: values[3]))
    case 6: self = .done(reader.number())
    case 7: self = .refused(reader.text())
    case 8: self = .status(PierStatus(from: &reader))
    default: return nil
    }
    if !reader.isWhole { return nil }
  }
}

extension Pier {
  /// Does what is asked, on this thread. A refusal is an answer too.
  public func answer(_ request: PierRequest) -> PierReply {
    do throws(PierFailure) {
      switch request {
      case .poke(let event, let wire): return .poked(try poke(Poke(event, wire: wire)))
      case .peek(let query, let notBefore): return .answered(try peek(query, notBefore: notBefore))
      case .wish(let text, let notBefore): return .answered(try wish(text, notBefore: notBefore))
      case .facts: return .facts(facts())
      case .upgrade(let kernel): return .poked(try upgrade(kernel: kernel))
      case .retry(let number): return .poked(try retry(number))
      case .events(let first, let limit): return .events(try eventTexts(from: first, limit: limit))
      case .export: return .answered(try exportState())
      case .fork(let target, let number):
        try fork(to: target, at: number)
        return .done(number ?? last)
      case .compact:
        try compact()
        return .done(last)
      case .scrub: return .scrubbed(try scrub())
      case .store:
        try storeNow()
        return .done(last)
      case .archive(let target): return .done(UInt64(try archive(to: target)))
      case .interrupt:
        interruptEvent()
        return .done(last)
      case .stop: return .done(last)
      case .status: return .status(status())
      }
    } catch { return .refused("\(error)") }
  }

  /// Logged events, up to four megabytes of them.
  private func eventTexts(from first: UInt64, limit: UInt64) throws(PierFailure) -> [LoggedEventText] {
    var texts: [LoggedEventText] = []
    var bytes = 0
    if limit == 0 || max(first, self.first) > last { return [] }
    try events(from: first) { event in
      let record = EventRecord(event.payload)
      let kind =
        switch record?.kind {
        case .boot: "boot"
        case .upgrade: "upgrade"
        case .load: "load"
        case .poke: "poke"
        case nil: "unknown"
        }
      let status =
        switch event.outcome?.status {
        case .failed: "failed"
        case .skipped: "skipped"
        case .done, nil: "done"
        }
      texts.append(
        LoggedEventText(
          number: event.number, kind: kind, status: status, mug: event.outcome?.mug, jam: record?.jam ?? [],
          detail: String(decoding: event.outcome?.detail ?? [], as: UTF8.self)))
      bytes += event.payload.count
      return texts.count < limit && bytes < 4 << 20
    }
    return texts
  }
}
