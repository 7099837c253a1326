// What can be wrong with the text of a noun, as a small value, and the words for it.
//
// Guarantees: each kind of mistake has a reason and a message of its own; ranges lie in the text that was read.

import StrataMemory
import StrataText

/// A base in which naturals are written.
@frozen
public enum Radix: UInt8, Sendable {
  case binary = 2
  case decimal = 10
  case hexadecimal = 16
  case base32 = 32
  case base64 = 64

  /// Digits between two dots.
  var groupSize: Int {
    switch self {
    case .decimal: 3
    case .binary, .hexadecimal: 4
    case .base32, .base64: 5
    }
  }

  /// Bits a digit stands for; 0 for decimal, whose digits stand for no whole number of bits.
  var digitBits: Int {
    switch self {
    case .decimal: 0
    case .binary: 1
    case .hexadecimal: 4
    case .base32: 5
    case .base64: 6
    }
  }

  /// What introduces a number of this base.
  var prefix: String {
    switch self {
    case .decimal: ""
    case .binary: "0b"
    case .hexadecimal: "0x"
    case .base32: "0v"
    case .base64: "0w"
    }
  }

  var name: String {
    switch self {
    case .decimal: "decimal"
    case .binary: "binary"
    case .hexadecimal: "hexadecimal"
    case .base32: "base 32"
    case .base64: "base 64"
    }
  }

  var digits: String {
    switch self {
    case .decimal: "0-9"
    case .binary: "0 and 1"
    case .hexadecimal: "0-9 and a-f"
    case .base32: "0-9 and a-v"
    case .base64: "0-9, a-z, A-Z, '-' and '~'"
    }
  }
}

/// Why a text denotes no noun, and where. Plain data; costs nothing to throw.
public struct NounTextError: Error, Equatable, Sendable {
  /// The kinds of mistakes.
  public enum Reason: Equatable, Sendable {
    /// There is nothing but white space and comments.
    case empty
    /// Something follows the noun.
    case trailing
    /// A bracket is never closed.
    case unclosedBracket
    /// A closing bracket closes nothing.
    case strayBracket
    /// Brackets hold no element.
    case emptyBrackets
    /// Brackets hold one element.
    case singleElement
    /// Two nouns touch each other.
    case missingSpace
    /// A character that begins nothing.
    case unknownCharacter
    /// `:` that is not the start of `::`.
    case loneColon
    /// `...`, which printers write where they left something out.
    case elided
    /// A number holds something that is no digit of its base.
    case badDigit(Radix)
    /// A prefix without digits after it.
    case noDigits(Radix)
    /// `0` followed by a letter that is no base's.
    case unknownPrefix
    /// A group between dots has not the size that the base asks for.
    case badGroup(Radix)
    /// A decimal number of several digits begins with 0.
    case leadingZero
    /// `%` without a term after it.
    case emptyTerm
    /// A term holds something other than lower-case letters, digits and hyphens.
    case badTermCharacter
    /// `~` is followed by something.
    case badTilde
    /// `&` or `|` is followed by something.
    case badFlag
    /// A cord is not closed before its line ends.
    case unterminatedCord
    /// A tape is not closed before its line ends.
    case unterminatedTape
    /// A backslash is followed by something that it does not escape.
    case badEscape
    /// A cord or tape holds a control character that is not escaped.
    case controlCharacter
    /// A cord or tape holds bytes that are not UTF-8 and not escaped.
    case notUTF8
    /// There is no room for the noun.
    case fault(Fault)
  }

  /// The kind of mistake.
  public let reason: Reason
  /// The bytes at fault; empty at the end of the text when something is missing there.
  public let range: Range<Int>

  init(_ reason: Reason, at range: Range<Int>) {
    self.reason = reason
    self.range = range
  }

  /// What to tell a person, to be rendered in the text that was read.
  public var diagnostic: Diagnostic { Diagnostic(message, at: range, help: help) }

  /// What is wrong: one sentence without a full stop.
  public var message: String {
    switch reason {
    case .empty: "there is no noun in the text"
    case .trailing: "something follows the noun"
    case .unclosedBracket: "this bracket is never closed"
    case .strayBracket: "this bracket closes nothing"
    case .emptyBrackets: "empty brackets denote no noun"
    case .singleElement: "a cell has at least two elements, this one has one"
    case .missingSpace: "white space is missing before this noun"
    case .unknownCharacter: "no noun begins with this character"
    case .loneColon: "a single ':' means nothing"
    case .elided: "something was left out here when the text was printed"
    case .badDigit(let radix): "this is no \(radix.name) digit"
    case .noDigits(let radix): "a \(radix.name) number needs a digit after '\(radix.prefix)'"
    case .unknownPrefix: "no base has this prefix"
    case .badGroup(let radix):
      "a group of \(radix.name) digits has \(radix.groupSize) of them, only the first may have fewer"
    case .leadingZero: "a decimal number does not begin with 0"
    case .emptyTerm: "a term needs a lower-case letter after '%'"
    case .badTermCharacter: "a term has lower-case letters, digits and hyphens only"
    case .badTilde: "'~' stands alone or before '['"
    case .badFlag: "'&' and '|' stand alone"
    case .unterminatedCord: "this cord is not closed before the line ends"
    case .unterminatedTape: "this tape is not closed before the line ends"
    case .badEscape: "a backslash escapes a quote, a backslash or two hexadecimal digits"
    case .controlCharacter: "a control character must be escaped"
    case .notUTF8: "these bytes are not UTF-8"
    case .fault(let fault): fault.explanation
    }
  }

  /// What to do about it, where that is not plain from the message.
  public var help: String? {
    switch reason {
    case .trailing: "write brackets around several nouns to make them one: [1 2 3]"
    case .emptyBrackets: "write ~ for 0, the empty list"
    case .singleElement: "write the element without brackets, or ~[...] for a list of one"
    case .loneColon: "a comment begins with '::'"
    case .elided: "print the noun without limits to read it back"
    case .badDigit(let radix): "\(radix.name) digits are \(radix.digits)"
    case .unknownPrefix: "0b is binary, 0x hexadecimal, 0v base 32, 0w base 64"
    case .leadingZero: "leave the zeros out"
    case .emptyTerm: "%$ is the empty term; write other text as a cord: 'Text 1'"
    case .badTermCharacter: "write other text as a cord: 'Text 1'"
    case .unterminatedCord: #"write a quote inside as \' and a line feed as \0a"#
    case .unterminatedTape: #"write a quote inside as \" and a line feed as \0a"#
    case .badEscape: #"a line feed is \0a, a backslash is \\"#
    case .controlCharacter: #"a tab is \09, a line feed \0a"#
    case .notUTF8: #"write each byte as a backslash and two hexadecimal digits: \ff"#
    default: nil
    }
  }
}
