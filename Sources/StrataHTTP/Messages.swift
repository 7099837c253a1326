// What HTTP says, as values, as nouns and as libevent has it.
//
//     headers   ([name value] ...)
//     body      0 for none, or [0 length bytes]: the length tells zeros at the end, which a natural does not hold

import CEvent
import StrataMemory
import StrataPier

/// A header's name and value.
struct Header: Equatable, Sendable {
  var name: String
  var value: String
}

/// What is between the first line of a message and its end.
struct Content: Equatable, Sendable {
  var headers: [Header] = []
  /// Nil for none, which is another noun than an empty one.
  var body: [UInt8]?
}

extension Nursery {
  /// The noun of headers and body, in that order.
  func parts(of content: Content) throws(Fault) -> (headers: Word, body: Word) {
    var headers = Word.zero
    for header in content.headers.reversed() {
      headers = try cell(cell(cord(header.name), cord(header.value)), headers)
    }
    guard let body = content.body else { return (headers, .zero) }
    return (headers, try tuple([.zero, Word(direct: UInt64(body.count)), try atom(body)]))
  }

  /// The content that `[headers body]` means; nil when it has another shape, or promises more than `limit` bytes.
  func content(of noun: Word, atMost limit: Int) -> Content? {
    guard noun.isCell else { return nil }
    var content = Content()
    var rest = head(noun)
    while rest.isCell {
      let header = head(rest)
      guard header.isCell, let name = text(of: head(header)), let value = text(of: tail(header)),
        content.headers.count < 1000
      else { return nil }
      content.headers.append(Header(name: name, value: value))
      rest = tail(rest)
    }
    guard rest == .zero else { return nil }
    let unit = tail(noun)
    if unit == .zero { return content }
    guard unit.isCell, head(unit) == .zero, tail(unit).isCell else { return nil }
    let length = head(tail(unit))
    guard length.isDirect, length.raw <= UInt64(limit), var bytes = octets(of: tail(tail(unit))) else { return nil }
    let count = Int(length.raw)
    if bytes.count > count { bytes.removeLast(bytes.count - count) }
    bytes += [UInt8](repeating: 0, count: count - bytes.count)
    content.body = bytes
    return content
  }

  /// The text of a cord.
  func text(of noun: Word) -> String? { octets(of: noun).map { String(decoding: $0, as: UTF8.self) } }
}

/// The headers of a message that came in.
func headers(_ list: UnsafeMutablePointer<evkeyvalq>?) -> [Header] {
  var result: [Header] = []
  var next = http_first_header(list)
  while let header = next {
    if let name = header.pointee.key, let value = header.pointee.value {
      result.append(Header(name: String(cString: name).lowercased(), value: String(cString: value)))
    }
    next = http_next_header(header)
  }
  return result
}

/// The bytes of a message that came in.
func bytes(of buffer: OpaquePointer?) -> [UInt8] {
  guard let buffer else { return [] }
  let count = evbuffer_get_length(buffer)
  if count == 0 { return [] }
  return [UInt8](unsafeUninitializedCapacity: count) { memory, used in
    used = max(0, Int(evbuffer_copyout(buffer, memory.baseAddress, count)))
  }
}

/// Puts headers into a message that goes out. Those that say where the message ends are libevent's business: a second
/// opinion would let one message pass for two.
func add(_ headers: [Header], to list: UnsafeMutablePointer<evkeyvalq>?) {
  for header in headers {
    let isToken = !header.name.isEmpty && header.name.utf8.allSatisfy { isTokenByte($0) }
    let isPlain = header.value.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 9 }
    switch header.name.lowercased() {
    case "content-length", "transfer-encoding", "connection", "keep-alive", "upgrade", "trailer": continue
    default: if isToken && isPlain { _ = evhttp_add_header(list, header.name, header.value) }
    }
  }
}

/// Whether a header's name may have this byte.
private func isTokenByte(_ byte: UInt8) -> Bool {
  switch byte {
  case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
  case UInt8(ascii: "0")...UInt8(ascii: "9"): true
  default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
  }
}

/// The methods that are known, by their names in requests.
let methods: [(name: String, command: evhttp_cmd_type)] = [
  ("GET", EVHTTP_REQ_GET), ("POST", EVHTTP_REQ_POST), ("HEAD", EVHTTP_REQ_HEAD), ("PUT", EVHTTP_REQ_PUT),
  ("DELETE", EVHTTP_REQ_DELETE), ("OPTIONS", EVHTTP_REQ_OPTIONS), ("PATCH", EVHTTP_REQ_PATCH),
]
