// A plain model of the textual form for the tests: recursive, slow, and written from the definitions.

import Glibc
import StrataMemory
import StrataTestSupport
import StrataText

@testable import StrataNoun

extension Tree {
  /// The complete text: dotted decimal numbers, one space between elements.
  var text: String {
    switch self {
    case .atom: Tree.dotted(digits(base: 10), 3)
    case .cell(let head, let tail): "[" + head.text + " " + tail.restText + "]"
    }
  }

  private var restText: String {
    if case .cell(let head, let tail) = self { return head.text + " " + tail.restText }
    return text
  }

  /// The digits of an atom in any base, by long division, the highest first.
  func digits(base: UInt64) -> [UInt64] {
    guard case .atom(var limbs) = self else { return [] }
    var digits: [UInt64] = []
    repeat {
      var remainder: UInt64 = 0
      for index in limbs.indices.reversed() {
        (limbs[index], remainder) = base.dividingFullWidth((remainder, limbs[index]))
      }
      while limbs.last == 0 { limbs.removeLast() }
      digits.append(remainder)
    } while !limbs.isEmpty
    return digits.reversed()
  }

  static func dotted(_ digits: [UInt64], _ group: Int) -> String {
    let alphabet = Array("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-~")
    var text = ""
    for (index, digit) in digits.enumerated() {
      if index > 0, (digits.count - index) % group == 0 { text += "." }
      text.append(alphabet[Int(digit)])
    }
    return text
  }

  /// The bytes of a text as an atom, the first lowest.
  static func cord(_ text: String) -> Tree { .bytes(Array(text.utf8)) }

  static func bytes(_ bytes: [UInt8]) -> Tree {
    var limbs = [UInt64](repeating: 0, count: (bytes.count + 7) / 8)
    for (index, byte) in bytes.enumerated() { limbs[index / 8] |= UInt64(byte) << UInt64(index % 8 * 8) }
    while limbs.last == 0 { limbs.removeLast() }
    return .atom(limbs)
  }

  /// The elements as a list that ends with 0.
  static func list(_ elements: [Tree]) -> Tree {
    elements.reversed().reduce(.number(0)) { .cell($1, $0) }
  }

  /// A noun with text in it as well as numbers.
  static func randomWithText(_ random: inout Random, depth: Int) -> Tree {
    if depth > 0, random.below(3) > 0 {
      return .cell(.randomWithText(&random, depth: depth - 1), .randomWithText(&random, depth: depth - 1))
    }
    switch random.below(4) {
    case 0: return .bytes((0..<random.below(20)).map { _ in UInt8(0x61 + random.below(26)) })
    case 1: return .bytes((0..<random.below(20)).map { _ in UInt8(0x20 + random.below(0x60)) })
    case 2:
      let scalars = ["a", "'", "\\", "\n", "\t", "\u{e9}", "\u{20ac}", "\u{1F600}", "\u{200b}", "\u{0}", "\""]
      return .cord((0..<random.below(9)).map { _ in scalars[random.below(scalars.count)] }.joined())
    default: return .random(&random, depth: 0)
    }
  }
}

/// The noun that `text` denotes.
func readTree(_ text: String) throws -> Tree {
  let loom = try Loom()
  return Tree(try NounText.read(Array(text.utf8), into: loom.nursery), in: loom.nursery)
}

/// What `text` is refused for, or nil.
func refusal(of text: [UInt8]) throws -> NounTextError? {
  let loom = try Loom()
  let stack = loom.nursery.state.pointee.stackTop
  do throws(NounTextError) {
    _ = try NounText.read(text, into: loom.nursery)
    return nil
  } catch {
    if loom.nursery.state.pointee.stackTop != stack { throw Fault.exit }
    return error
  }
}

/// How deep the deep nouns are: what the bars ask for in optimised builds, less where each step is slow.
let deepLevels = isDebug ? 1_000_000 : 10_000_000
