// The pages about Flat's formats, held against the sources: every name is told of, every module shown is one.

import StrataTestSupport
import StrataText
import Testing

@testable import StrataFlat

@Suite struct FormatPageTests {
  static let textPage = "Documentation/formats/flat-text.md"
  static let codePage = "Documentation/formats/flat-code.md"

  private func read(_ path: String) throws -> String {
    String(decoding: try contents(of: packageRoot + "/" + path), as: UTF8.self)
  }

  /// The words that stand in code marks, alone or at the start of such a piece.
  private func words(_ page: String) -> Set<String> {
    var found = Set<String>()
    for (index, piece) in page.split(separator: "`", omittingEmptySubsequences: false).enumerated() where index % 2 == 1
    {
      for word in piece.split(whereSeparator: { !($0.isLetter || $0.isNumber || $0 == "_") }) {
        found.insert(String(word))
      }
    }
    return found
  }

  /// The blocks that a page marks with a word.
  private func blocks(_ mark: String, in page: String) -> [String] {
    page.components(between: "\n```\(mark)\n", and: "\n```")
  }

  @Test func everyOperationOfTheTextIsTold() throws {
    let told = words(try read(Self.textPage))
    // The names stand in the reader as `case "name":`.
    let source = try read("Sources/StrataFlat/Text/OperationText.swift")
    let names =
      source.components(between: "case \"", and: "\"") + OperationText.binary.map(\.1) + OperationText.unary.map(\.1)
      + OperationText.conversions.map(\.1) + OperationText.updates.map(\.1) + OperationText.orderings.map(\.1)
      + OperationText.builtins.map(\.1) + ModulePrinter.builtinNames.keys
    #expect(names.count > 120)
    for name in names { #expect(told.contains(name), "\(name) is not in \(Self.textPage)") }
  }

  @Test func everyWordOfTheReaderIsInTheGrammar() throws {
    let page = try read(Self.textPage)
    let source = try read("Sources/StrataFlat/Text/ModuleParser.swift")
    let words =
      source.components(between: "take(\"", and: "\"") + source.components(between: "case \"", and: "\"")
      + source.components(between: "expect(\"", and: "\"")
    #expect(words.count > 60)
    for word in words { #expect(page.contains("\"\(word)\""), "\"\(word)\" is not in the grammar") }
  }

  @Test func everyInstructionIsTold() throws {
    let told = words(try read(Self.codePage))
    for opcode in Opcode.allCases { #expect(told.contains("\(opcode)"), "\(opcode) is not in \(Self.codePage)") }
    let source = try read("Sources/StrataFlat/Bytecode/Opcode.swift")
    let list = try #require(source.components(between: "enum SlowOperation {", and: "\n\n").first)
    let slow = list.components(between: "  case ", and: "\n").map { $0.prefix { $0.isLetter } }
    #expect(slow.count > 15)
    for name in slow { #expect(told.contains(String(name)), "\(name) is not in \(Self.codePage)") }
  }

  /// Instructions are numbered in the order of the tables, as the page says.
  @Test func instructionsStandInTheirOrder() throws {
    let page = try read(Self.codePage)
    let names = Set(Opcode.allCases.map { "\($0)" })
    var order: [String] = []
    for line in page.split(separator: "\n") where line.hasPrefix("| `") {
      let first = String(line.dropFirst(2).prefix { $0 != "|" })
      order += first.components(between: "`", and: "`").filter { names.contains($0) }
    }
    #expect(Array(order.prefix(Opcode.allCases.count)) == Opcode.allCases.map { "\($0)" })
  }

  @Test func shownModulesAreSoundAndStandAsTheyAreWritten() throws {
    let blocks = blocks("flat", in: try read(Self.textPage))
    #expect(!blocks.isEmpty)
    for block in blocks {
      let module = try ModuleParser.parse(SourceText(name: "page", text: block))
      #expect(module.verify().isEmpty)
      #expect(ModulePrinter.print(module).split(separator: "\n") == block.split(separator: "\n"))
    }
  }
}

extension String {
  /// What stands between two texts, wherever both occur.
  fileprivate func components(between start: String, and end: String) -> [String] {
    var found: [String] = []
    var rest = self[...]
    while let opening = rest.firstRange(of: start) {
      rest = rest[opening.upperBound...]
      guard let closing = rest.firstRange(of: end) else { break }
      found.append(String(rest[..<closing.lowerBound]))
      rest = rest[closing.upperBound...]
    }
    return found
  }
}
