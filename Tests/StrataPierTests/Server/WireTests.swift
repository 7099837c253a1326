// Every request and reply comes out of its bytes as it went in, and what is cut off or unknown is none.

import StrataStore
import StrataTestSupport
import Testing

@testable import StrataPier

@Suite struct WireTests {
  private var random = Random(seed: 0x51FE)

  private mutating func bytes() -> [UInt8] { (0..<random.below(40)).map { _ in UInt8(random.below(256)) } }
  private mutating func number() -> UInt64 { random.next() >> UInt64(random.below(64)) }
  private mutating func text() -> String { String(repeating: "é\n", count: random.below(5)) }
  private mutating func maybe<Value>(_ value: Value) -> Value? { random.chance(50) ? value : nil }

  private mutating func requests() -> [PierRequest] {
    [
      .poke(event: bytes(), wire: maybe(bytes())), .peek(query: bytes(), notBefore: maybe(number())), .facts,
      .upgrade(kernel: bytes()), .retry(number()), .events(from: number(), limit: number()), .export,
      .fork(target: text(), at: maybe(number())), .compact, .scrub, .store, .archive(target: text()), .interrupt, .stop,
      .status, .wish(text: bytes(), notBefore: maybe(number())),
    ]
  }

  private mutating func replies() -> [PierReply] {
    let mug = UInt32(truncatingIfNeeded: number())
    let result = PokeResult(
      number: number(), isDone: random.chance(50), effects: bytes(), mug: maybe(mug), failure: maybe(text()))
    let event = LoggedEventText(
      number: number(), kind: text(), status: text(), mug: maybe(mug), jam: bytes(), detail: text())
    var facts = PierFacts()
    for index in 0..<random.below(4) { facts.add("fact_\(index)", number()) }
    let scrub = PierScrub(
      records: random.below(1 << 40), recordBytes: random.below(1 << 40), events: random.below(9), eventBytes: 7)
    return [
      .poked(result), .answered(PeekResult(number: number(), answer: bytes())), .facts(facts),
      .events((0..<random.below(4)).map { _ in event }), .scrubbed(scrub), .done(number()), .refused(text()),
    ]
  }

  @Test mutating func requestsComeBack() {
    for _ in 0..<50 * testScale {
      for request in requests() {
        let (kind, body) = request.encoded
        #expect(PierRequest(kind: kind, body: body) == request)
        if !body.isEmpty { #expect(PierRequest(kind: kind, body: Array(body.dropLast())) == nil, "\(request)") }
      }
    }
  }

  @Test mutating func repliesComeBack() {
    for _ in 0..<50 * testScale {
      for reply in replies() {
        let (kind, body) = reply.encoded
        #expect(PierReply(kind: kind, body: body) == reply)
        #expect(PierReply(kind: kind, body: Array(body.dropLast())) == nil, "\(reply)")
      }
    }
  }

  @Test mutating func noiseIsRefusedOrRead() {
    #expect(PierRequest(kind: 0, body: []) == nil && PierReply(kind: 0, body: []) == nil)
    #expect(PierRequest(kind: 200, body: []) == nil && PierReply(kind: 200, body: []) == nil)
    for _ in 0..<2000 * testScale {
      let (kind, body) = (UInt8(random.below(20)), bytes())
      // Whatever is read is what it would be written as, so nothing is made up.
      if let request = PierRequest(kind: kind, body: body) {
        #expect(PierRequest(kind: request.encoded.kind, body: request.encoded.body) == request)
      }
      if let reply = PierReply(kind: kind, body: body) {
        #expect(PierReply(kind: reply.encoded.kind, body: reply.encoded.body) == reply)
      }
    }
  }
}
