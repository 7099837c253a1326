// Prints values, evaluated or not, to a limited depth: the form that the stack language and traces use.
//
//     12   0xabc (2^63 and above)   head[a b] in normal form   head{a b} not yet   (f x y) unevaluated
//     #item a pin, or the name of the law in it   name(arity)=>body a law   .. what lies too deep

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
    while let item = items.popLast() {
      switch item {
      case .text(let bytes): output += bytes
      case .value(let word, let depth): show(Word(raw: engine.resolved(word.raw)), depth, &items)
      }
    }
    return output
  }

  private mutating func show(_ word: Word, _ depth: Int, _ items: inout [Item]) {
    let base = engine.base
    if word.isNatural {
      showNatural(word)
    } else if word.isPin {
      let item = Word(raw: base[word.offset + PinLayout.item])
      if item.isLaw, let name = text(Word(raw: base[item.offset + LawLayout.name])) {
        output += name
      } else {
        put("#")
        items.append(.value(item, depth: depth))
      }
    } else if word.isLaw {
      let name = Word(raw: base[word.offset + LawLayout.name])
      if let text = text(name) { output += text } else { showNatural(name) }
      put("(")
      showNatural(Word(raw: base[word.offset + LawLayout.arity]))
      put(")")
      if depth < 3 {
        put("=>")
        items.append(.value(Word(raw: base[word.offset + LawLayout.body]), depth: depth + 1))
      }
    } else if word.isClosure {
      let isNormal = base[word.offset] & Header.normalFormBit != 0
      let parts = (1...engine.argumentCount(word)).map { Word(raw: base[word.offset + 1 + $0]) }
      items.append(.text(isNormal ? [0x5D] : [0x7D]))
      push(parts, depth, &items)
      items.append(.text(isNormal ? [0x5B] : [0x7B]))
      let head = Word(raw: base[word.offset + 1])
      if head != .zero { items.append(.value(head, depth: depth + 1)) }
    } else {
      showThunk(word, depth, &items)
    }
  }

  /// Schedules parts with spaces between them, or `..` when they lie too deep.
  private func push(_ parts: [Word], _ depth: Int, _ items: inout [Item]) {
    if depth + 1 >= style.depth {
      items.append(.text(Array("..".utf8)))
      return
    }
    for (index, part) in parts.enumerated().reversed() {
      items.append(.value(part, depth: depth + 1))
      if index > 0 { items.append(.text([0x20])) }
    }
  }

  private func showThunk(_ word: Word, _ depth: Int, _ items: inout [Item]) {
    let base = engine.base
    let size = Header(raw: base[word.offset]).size
    items.append(.text([0x29]))
    if base[word.offset + 1] == ThunkLayout.application {
      push((2...size).map { Word(raw: base[word.offset + $0]) }, depth, &items)
    } else {
      items.append(.text(Array("..".utf8)))
    }
    items.append(.text([0x28]))
  }

  // MARK: Naturals

  /// A natural's bytes when it is text of at least two printable characters.
  private func text(_ word: Word) -> [UInt8]? {
    guard word.isNatural, word.isIndirect || word.raw > 255, let bytes = try? engine.nursery.bytes(of: word) else {
      return nil
    }
    guard bytes.count >= 2, bytes.allSatisfy({ $0 == 10 || ($0 >= 0x20 && $0 <= 0x7E) }) else { return nil }
    return bytes
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
    let header = engine.nursery.header(word)
    let limbs = (1...max(1, header.size)).reversed().map { engine.base[word.offset + $0] }
    if style.hasSizes {
      put("n\(64 * header.size - (limbs.first?.leadingZeroBitCount ?? 0))(")
      put(limbs.map { String($0, radix: 16) }.joined(separator: "."))
      put(")")
      return
    }
    put("0x")
    for (index, limb) in limbs.enumerated() {
      let digits = String(limb, radix: 16)
      if index > 0 { put(String(repeating: "0", count: 16 - digits.count)) }
      put(digits)
    }
  }
}

extension PlanMachine {
  /// The printed form of `word`.
  public func printed(_ word: Word, style: PlanPrinter.Style = PlanPrinter.Style()) -> [UInt8] {
    var printer = PlanPrinter(engine: engine, style: style)
    return printer.print(word)
  }
}
