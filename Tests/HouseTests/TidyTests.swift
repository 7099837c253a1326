// The rules of the house that a machine can check, over every file that is part of the project.

import Foundation
import Testing

@Suite struct TidyTests {
  static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  /// Every text file of the project that is read by people, by its path from the root.
  static let files: [String] = {
    let walker = FileManager.default.enumerator(atPath: root.path)
    var found: [String] = []
    while let path = walker?.nextObject() as? String {
      let name = (path as NSString).lastPathComponent
      if name == ".build" || name == ".git" {
        walker?.skipDescendants()
      } else if ["swift", "c", "h", "md", "sh", "txt", "modulemap"].contains((path as NSString).pathExtension)
        || name == "Makefile" || path.hasPrefix("scripts/") || path.hasPrefix(".ci/")
      {
        if walker?.fileAttributes?[.type] as? FileAttributeType == .typeRegular { found.append(path) }
      }
    }
    return found.sorted()
  }()

  static let sources = files.filter { path in
    !path.hasSuffix("/Placeholder.swift") && [".swift", ".c", ".h"].contains { path.hasSuffix($0) }
  }

  private func lines(_ path: String) throws -> [Substring] {
    let text = try String(contentsOf: Self.root.appendingPathComponent(path), encoding: .utf8)
    return text.split(separator: "\n", omittingEmptySubsequences: false)
  }

  @Test func theWalkFindsTheProject() {
    #expect(Self.sources.count > 20)
    #expect(Self.files.contains("Makefile"))
    #expect(Self.files.contains("README.md"))
  }

  @Test(arguments: sources) func opensWithItsPurpose(path: String) throws {
    let first = try #require(try lines(path).first)
    #expect(first.hasPrefix("//") || path.hasPrefix("Tests/"), "\(path) opens with no comment that says what it is for")
  }

  @Test(arguments: sources) func isNoLongerThanAReaderBears(path: String) throws {
    let all = try lines(path)
    let excused = all.prefix(12).contains { $0.lowercased().contains("long because") }
    #expect(all.count <= 1000 || excused, "\(path) has \(all.count) lines and does not say why")
  }

  @Test(arguments: sources) func linesFit(path: String) throws {
    // What the formatter cannot break (comments with tables, string literals) may be wider.
    // A program that a test runs is one literal.
    let widest = path.hasPrefix("Tests/") ? 480 : 160
    var isInLiteral = false
    let long = try places(path) { line in
      let wasInLiteral = isInLiteral
      // An even number of fences in a line opens and closes.
      if (line.components(separatedBy: "\"\"\"").count - 1) % 2 == 1 { isInLiteral.toggle() }
      let isWide = line.contains("//") || line.contains("\"") || wasInLiteral
      return line.count > (isWide ? widest : 120) || (line.last == " " && !wasInLiteral)
    }
    #expect(long.isEmpty, "more than 120 columns (160 with a comment or a literal), or a space at the end")
  }

  @Test(arguments: files) func leavesNothingForLater(path: String) throws {
    // Spelled in pieces so that this file does not find itself.
    let words = ["TO" + "DO", "FIX" + "ME", "X" + "XX:", "HA" + "CK"]
    let found = try places(path) { line in words.contains { line.contains($0) } }
    #expect(found.isEmpty, "notes to finish something later")
  }

  @Test(arguments: files) func namesNoMachine(path: String) throws {
    let roots = ["/wo" + "rk/", "/ho" + "me/", "/ro" + "ot/", "/op" + "t/"]
    let found = try places(path) { line in roots.contains { line.contains($0) } }
    #expect(found.isEmpty, "a path of somebody's machine")
  }

  /// The places of a file, as `path:line`, at which a rule is broken.
  private func places(_ path: String, where breaks: (Substring) -> Bool) throws -> [String] {
    try lines(path).enumerated().filter { breaks($0.element) }.map { "\(path):\($0.offset + 1)" }
  }

  @Test func testsMirrorModules() throws {
    let modules = try FileManager.default.contentsOfDirectory(atPath: Self.root.appendingPathComponent("Sources").path)
    for module in modules where module.hasPrefix("Strata") {
      let tests = Self.files.filter { $0.hasPrefix("Tests/\(module)Tests/") && $0.hasSuffix("Tests.swift") }
      let own = Self.files.filter { $0.hasPrefix("Sources/\(module)/") && !$0.hasSuffix("Placeholder.swift") }
      #expect(own.isEmpty || !tests.isEmpty, "\(module) has no tests")
    }
  }
}
