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
        var isDirectory: ObjCBool = false
        FileManager.default.fileExists(atPath: root.appendingPathComponent(path).path, isDirectory: &isDirectory)
        if !isDirectory.boolValue { found.append(path) }
      }
    }
    return found.sorted()
  }()

  static let sources = files.filter { $0.hasSuffix(".swift") || $0.hasSuffix(".c") || $0.hasSuffix(".h") }

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
    #expect(first.hasPrefix("//"), "\(path) opens with no comment that says what it is for")
  }

  @Test(arguments: sources) func isNoLongerThanAReaderBears(path: String) throws {
    let all = try lines(path)
    let excused = all.prefix(12).contains { $0.lowercased().contains("long because") }
    #expect(all.count <= 1000 || excused, "\(path) has \(all.count) lines and does not say why")
  }

  @Test(arguments: sources) func linesFit(path: String) throws {
    for (index, line) in try lines(path).enumerated() {
      #expect(line.count <= 120, "\(path):\(index + 1) has \(line.count) columns")
      #expect(line.last != " ", "\(path):\(index + 1) ends in a space")
    }
  }

  @Test(arguments: files) func leavesNothingForLater(path: String) throws {
    // Spelled in pieces so that this file does not find itself.
    let words = ["TO" + "DO", "FIX" + "ME", "X" + "XX:", "HA" + "CK"]
    for (index, line) in try lines(path).enumerated() {
      for word in words { #expect(!line.contains(word), "\(path):\(index + 1) says \(word)") }
    }
  }

  @Test(arguments: files) func namesNoMachine(path: String) throws {
    let places = ["/wo" + "rk/", "/ho" + "me/", "/ro" + "ot/", "/op" + "t/"]
    for (index, line) in try lines(path).enumerated() {
      for place in places { #expect(!line.contains(place), "\(path):\(index + 1) names \(place)") }
    }
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
