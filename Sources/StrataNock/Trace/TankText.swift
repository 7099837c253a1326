// Tanks, the pretty-printer's trees, as lines of text.
//
//     [%leaf tape]                      text
//     [%rose [between open close] list]  open first between second between ... close
//     [%palm [between head open close] list]   the same with a head before the opening
//     a cord                            text
//
// What fits stands on one line; else the elements of a rose stand below each other between its brackets, and those
// of a palm step back towards its head, so that the last stands furthest left.
//
// Nothing is allocated in the nursery, nothing recurses on the host stack, and whatever is no tank is shown as a noun: a tank
// can be read when memory is what ran out.

import StrataMemory
import StrataNoun

/// Renders tanks of one loom. What is larger than its limits is cut, marked by `...`.
struct TankText {
  let nursery: Nursery
  /// Columns of a line, as far as that is possible.
  var width = 80
  /// Parts of a tank beyond this number are left out; a tank that shares its parts may stand for more than there is time.
  var mostParts = 4096
  /// Bytes of a text beyond this number are left out.
  var mostBytes = 1 << 14

  init(_ nursery: Nursery) { self.nursery = nursery }

  private struct Part {
    var between = ""
    var open = ""
    var close = ""
    /// The text of a leaf.
    var text: String?
    var isPalm = false
    /// Indices of the elements, which are larger than the part's own.
    var elements = 0..<0
    /// The columns that it takes on one line.
    var columns = 0
  }

  /// The lines of `tank`; at least one.
  func lines(of tank: Word) -> [String] {
    var parts = read(tank)
    measure(&parts)
    return layout(parts)
  }

  /// A noun on one line, shortened.
  func brief(_ noun: Word) -> String {
    if noun.isNatural, let text = text(ofCord: noun) { return text }
    var options = NounText.Options.brief(bytes: 200)
    options.depth = 6
    let mark = nursery.state.pointee.stackTop
    defer { nursery.state.pointee.stackTop = mark }
    return (try? NounText.string(noun, in: nursery, options)) ?? "..."
  }

  // MARK: Reading

  /// The parts of a tank, each before its elements.
  private func read(_ tank: Word) -> [Part] {
    var nouns = [tank]
    var parts: [Part] = []
    while parts.count < nouns.count {
      let noun = nouns[parts.count]
      var part = Part()
      if noun.isNatural {
        part.text = noun == .zero ? "" : text(ofCord: noun) ?? brief(noun)
      } else if noun.isCell {
        let body = nursery.tail(noun)
        switch nursery.head(noun) {
        case Word(direct: cord("leaf")): part.text = text(ofTape: body)
        case Word(direct: cord("rose")):
          if body.isCell, let texts = texts(nursery.head(body), count: 3) {
            (part.between, part.open, part.close) = (texts[0], texts[1], texts[2])
            part.elements = add(nursery.tail(body), to: &nouns)
          } else {
            part.text = brief(noun)
          }
        case Word(direct: cord("palm")):
          if body.isCell, let texts = texts(nursery.head(body), count: 4) {
            (part.between, part.open, part.close) = (texts[0], texts[1] + texts[2], texts[3])
            part.isPalm = true
            part.elements = add(nursery.tail(body), to: &nouns)
          } else {
            part.text = brief(noun)
          }
        default: part.text = brief(noun)
        }
      }
      parts.append(part)
    }
    return parts
  }

  /// Puts the elements of a list behind `nouns`.
  private func add(_ list: Word, to nouns: inout [Word]) -> Range<Int> {
    let start = nouns.count
    var list = list
    while list.isCell {
      guard nouns.count < mostParts else {
        nouns.append(Word(direct: cord("...")))
        break
      }
      nouns.append(nursery.head(list))
      list = nursery.tail(list)
    }
    return start..<nouns.count
  }

  private func texts(_ noun: Word, count: Int) -> [String]? {
    var result: [String] = []
    var rest = noun
    for _ in 1..<count {
      guard rest.isCell else { return nil }
      result.append(text(ofTape: nursery.head(rest)))
      rest = nursery.tail(rest)
    }
    return result + [text(ofTape: rest)]
  }

  /// The text of a list of bytes, or of a cord in its place.
  func text(ofTape tape: Word) -> String {
    // The empty list.
    if tape == .zero { return "" }
    if tape.isNatural { return text(ofCord: tape) ?? brief(tape) }
    var bytes: [UInt8] = []
    var rest = tape
    while rest.isCell {
      if bytes.count >= mostBytes {
        bytes += Array("...".utf8)
        break
      }
      let letter = nursery.head(rest)
      if letter.isDirect {
        // Mostly one byte; an element of several stands for all of them.
        var value = letter.raw
        repeat {
          bytes.append(UInt8(truncatingIfNeeded: value))
          value >>= 8
        } while value != 0
      } else {
        bytes.append(UInt8(ascii: "?"))
      }
      rest = nursery.tail(rest)
    }
    return shown(bytes)
  }

  /// The text of a natural whose bytes are printable; nil for another.
  func text(ofCord atom: Word) -> String? {
    guard atom.isNatural else { return nil }
    if atom == .zero { return "0" }
    let words = atom.isDirect ? 1 : nursery.header(atom).size
    var bytes: [UInt8] = []
    loop: for index in 0..<words {
      let word = atom.isDirect ? atom.raw : nursery.base[atom.offset + 1 + index]
      for shift in 0..<8 {
        let byte = UInt8(truncatingIfNeeded: word >> UInt64(shift * 8))
        if byte == 0, index == words - 1, word >> UInt64(shift * 8) == 0 { break loop }
        if byte < 0x20 && byte != 0x0A && byte != 0x09 || byte == 0x7F { return nil }
        if bytes.count >= mostBytes {
          bytes += Array("...".utf8)
          break loop
        }
        bytes.append(byte)
      }
    }
    return shown(bytes)
  }

  /// Text without what would move a terminal's cursor.
  private func shown(_ bytes: [UInt8]) -> String {
    String(decoding: bytes.map { $0 < 0x20 && $0 != 0x0A || $0 == 0x7F ? 0x20 : $0 }, as: UTF8.self)
  }

  // MARK: Layout

  private func measure(_ parts: inout [Part]) {
    // Elements lie behind their part, so that the last are known first.
    for index in parts.indices.reversed() {
      if let text = parts[index].text {
        parts[index].columns = text.contains("\n") ? 1 << 20 : text.count
        continue
      }
      var columns = parts[index].open.count + parts[index].close.count
      columns += parts[index].between.count * max(0, parts[index].elements.count - 1)
      for element in parts[index].elements { columns = min(1 << 20, columns + parts[element].columns) }
      parts[index].columns = columns
    }
  }

  private enum Work {
    /// A part, at an indentation, with what follows it on its last line.
    case part(Int, indent: Int, after: String)
    case line(String, indent: Int)
  }

  private func layout(_ parts: [Part]) -> [String] {
    var result: [String] = []
    /// What stands on the line already, where the next text goes on with it.
    var pending = ""
    func emit(_ text: String, _ indent: Int) {
      let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
      for line in lines {
        var start = String(repeating: " ", count: min(indent, width / 2))
        if !pending.isEmpty {
          start = pending.utf8.count < start.utf8.count ? pending + start.dropFirst(pending.count) : pending
          pending = ""
        }
        result.append(start + line)
      }
    }
    var work = [Work.part(0, indent: 0, after: "")]
    while let item = work.popLast() {
      switch item {
      case .line(let text, let indent): emit(text, indent)
      case .part(let index, let indent, let after):
        let part = parts[index]
        let room = width - min(indent, width / 2) - after.count
        if let text = part.text {
          emit(text + after, indent)
        } else if part.columns <= room || part.elements.isEmpty {
          emit(flat(index, parts) + after, indent)
        } else if part.isPalm {
          emit(part.open, indent)
          if !part.close.isEmpty || !after.isEmpty { work.append(.line(part.close + after, indent: indent)) }
          let count = part.elements.count
          for (place, element) in part.elements.enumerated().reversed() {
            work.append(.part(element, indent: indent + 2 * (count - place), after: ""))
          }
        } else {
          let inner = part.open.isEmpty && part.close.isEmpty ? indent : indent + 2
          if !part.open.isEmpty { emit(part.open, indent) }
          if !part.close.isEmpty || !after.isEmpty { work.append(.line(part.close + after, indent: indent)) }
          let between = part.between.last == " " ? String(part.between.dropLast()) : part.between
          for (place, element) in part.elements.enumerated().reversed() {
            work.append(.part(element, indent: inner, after: place == part.elements.count - 1 ? "" : between))
          }
        }
      }
    }
    return result
  }

  /// A part that fits on a line.
  private func flat(_ index: Int, _ parts: [Part]) -> String {
    enum Step {
      case part(Int)
      case text(String)
    }
    var result = ""
    var steps = [Step.part(index)]
    while let step = steps.popLast() {
      switch step {
      case .text(let text): result += text
      case .part(let index):
        let part = parts[index]
        if let text = part.text {
          result += text
          continue
        }
        result += part.open
        steps.append(.text(part.close))
        for element in part.elements.reversed() {
          steps.append(.part(element))
          if element != part.elements.lowerBound { steps.append(.text(part.between)) }
        }
      }
    }
    return result
  }
}
