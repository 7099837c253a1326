// Prints values, evaluated or not, to a limited depth: the form that the stack language and traces use.
//
//     12   0xabc (2^63 and above)   head[a b] in normal form   head{a b} not yet   (f x y) unevaluated
//     #item a pin, or the name of the law in it   name(arity)=>body a law   .. what lies too deep
//     ..cut after N bytes   the text was longer than the style allows
//
// Time and memory are bounded by the length of the text and the depth of the value: parts of one value that are shared are
// printed as often as they occur, and that may be more often than anybody can wait for.

import StrataMemory
import StrataNatural

/// Prints one value at a time. Never evaluates anything.
public struct PlanPrinter {
  /// How values are printed.
  public struct Style: Sendable {
    /// How deep values are shown.
    public var depth = 4
    /// Whether naturals that are text are shown as text.
    public var hasCords = false
    /// Whether naturals of 2^63 and above are shown with their size in bits.
    public var hasSizes = false
    /// How many bytes one value may take as text. What is cut ends in a mark that says so.
    public var bytes = 1 << 20

    public init() {}

    /// What traces use.
    public static var trace: Style {
      var style = Style()
      style.depth = 20
      style.hasCords = true
      return style
    }
  }

  private enum Item {
    case value(Word, depth: Int)
    case text([UInt8])
    /// The words of an object from `next` to before `end`, as offsets, of which the first is at `first`.
    case parts(first: Int, next: Int, end: Int, depth: Int)
  }

  private let engine: Engine
  private let style: Style
  private var output: [UInt8] = []

  init(engine: Engine, style: Style) {
    self.engine = engine
    self.style = style
  }

  private mutating func put(_ text: String) { output += Array(text.utf8) }

  /// The printed form of `word`, without a newline.
  mutating func print(_ word: Word) -> [UInt8] {
    output = []
    var items: [Item] = [.value(word, depth: 0)]
    while output.count <= style.bytes, let item = items.popLast() {
      switch item {
      case .text(let bytes): output += bytes
      case .value(let word, let depth): show(Word(raw: engine.resolved(word.raw)), depth, &items)
      case .parts(let first, let next, let end, let depth):
        if next > first { output.append(0x20) }
        if next + 1 < end { items.append(.parts(first: first, next: next + 1, end: end, depth: depth)) }
        items.append(.value(Word(raw: engine.base[next]), depth: depth))
      }
    }
    if output.count > style.bytes {
      output.removeLast(output.count - style.bytes)
      put("..cut after \(style.bytes) bytes")
    }
    return output
  }

  private mutating func show(_ word: Word, _ depth: Int, _ items: inout [Item]) {
    let base = engine.base
    if word.isNatural {
      showNatural(word)
    } else if word.isPin {
      let item = Word(raw: base[word.offset + PinLayout.item])
      if item.isLaw, let name = text(Word(raw: engine.resolved(base[item.offset + LawLayout.name]))) {
        output += name
      } else {
        put("#")
        items.append(.value(item, depth: depth))
      }
    } else if word.isLaw {
      if depth < 3 {
        items.append(.value(Word(raw: base[word.offset + LawLayout.body]), depth: depth + 1))
        items.append(.text(Array("=>".utf8)))
      }
      items.append(.text([0x29]))
      items.append(.value(Word(raw: base[word.offset + LawLayout.arity]), depth: depth + 1))
      items.append(.text([0x28]))
      // Under the newer specification a name is any value, evaluated or not.
      let name = Word(raw: engine.resolved(base[word.offset + LawLayout.name]))
      if let text = text(name) { output += text } else { items.append(.value(name, depth: depth + 1)) }
    } else if word.isClosure {
      let isNormal = base[word.offset] & Header.normalFormBit != 0
      items.append(.text(isNormal ? [0x5D] : [0x7D]))
      push(word.offset + 2..<word.offset + 2 + engine.argumentCount(word), depth, &items)
      items.append(.text(isNormal ? [0x5B] : [0x7B]))
      let head = Word(raw: base[word.offset + 1])
      if head != .zero { items.append(.value(head, depth: depth + 1)) }
    } else {
      showThunk(word, depth, &items)
    }
  }

  /// Schedules the words at these offsets with spaces between them, or `..` when they lie too deep.
  private func push(_ parts: Range<Int>, _ depth: Int, _ items: inout [Item]) {
    if depth + 1 >= style.depth { return items.append(.text(Array("..".utf8))) }
    items.append(.parts(first: parts.lowerBound, next: parts.lowerBound, end: parts.upperBound, depth: depth + 1))
  }

  private func showThunk(_ word: Word, _ depth: Int, _ items: inout [Item]) {
    let base = engine.base
    let size = Header(raw: base[word.offset]).size
    items.append(.text([0x29]))
    if base[word.offset + 1] == ThunkLayout.application {
      push(word.offset + 2..<word.offset + size + 1, depth, &items)
    } else {
      items.append(.text(Array("..".utf8)))
    }
    items.append(.text([0x28]))
  }

  // MARK: Naturals

  /// A natural's bytes when it is text of at least two printable characters and not longer than all that may be printed.
  private func text(_ word: Word) -> [UInt8]? {
    guard word.isNatural, word.isIndirect || word.raw > 255, let count = try? engine.nursery.byteCount(word),
      count >= 2, count <= style.bytes, let bytes = try? engine.nursery.bytes(of: word)
    else { return nil }
    return bytes.allSatisfy({ $0 == 10 || ($0 >= 0x20 && $0 <= 0x7E) }) ? bytes : nil
  }

  private mutating func showNatural(_ word: Word) {
    if style.hasCords, let bytes = text(word) {
      let isWord = bytes.allSatisfy {
        $0 == 0x5F || ($0 >= 0x30 && $0 <= 0x39) || ($0 >= 0x41 && $0 <= 0x5A) || ($0 >= 0x61 && $0 <= 0x7A)
      }
      output += isWord ? [0x25] + bytes : [0x22] + bytes + [0x22]
      return
    }
    if word.isDirect { return put(String(word.raw)) }
    let size = engine.nursery.header(word).size
    let top = engine.base[word.offset + size]
    put(style.hasSizes ? "n\(64 * size - top.leadingZeroBitCount)(" : "0x")
    var position = size
    while position > 0, output.count <= style.bytes {
      let digits = String(engine.base[word.offset + position], radix: 16)
      if style.hasSizes {
        if position < size { put(".") }
      } else if position < size {
        put(String(repeating: "0", count: 16 - digits.count))
      }
      put(digits)
      position -= 1
    }
    if style.hasSizes { put(")") }
  }
}

extension PlanMachine {
  /// The printed form of `word`.
  public func printed(_ word: Word, style: PlanPrinter.Style = PlanPrinter.Style()) -> [UInt8] {
    var printer = PlanPrinter(engine: engine, style: style)
    return printer.print(word)
  }
}
