// The file driver against a model: what was written is read back, what leads out of the folder is refused, and nothing
// outside of it changes.

import Foundation
import StrataMemory
import StrataNoun
import StrataTestSupport
import Testing

@testable import StrataPier

@Suite struct FileDriverTests {
  /// Runs effects through a driver and gathers what comes back.
  private final class Bench {
    let loom: Loom
    let driver: FileDriver
    var answers: [(cause: String, wire: String)] = []
    var nursery: Nursery { loom.nursery }

    init(_ root: String) throws {
      var options = LoomOptions()
      options.reservationBytes = 1 << 30
      loom = try Loom(options)
      driver = FileDriver(root: root)
    }

    func act(_ effect: Word) throws {
      let nursery = nursery
      try driver.act(
        on: effect,
        DriverContext(
          nursery: nursery,
          poke: { cause, wire in
            let texts = [cause, wire].map { (try? NounText.string($0, in: nursery)) ?? "unreadable" }
            self.answers.append((texts[0], texts[1]))
            return nil
          }, exit: { _ in }))
    }

    func act(_ text: String) throws { try act(try NounText.read(Array(text.utf8), into: nursery)) }

    /// Whether writing went well.
    func write(_ path: String, _ contents: [UInt8]) throws -> Bool {
      answers = []
      try act(nursery.tuple([nursery.cord("file"), nursery.cord("write"), nursery.cord(path), nursery.atom(contents)]))
      return try #require(answers.first).cause.hasSuffix(" 0]")
    }

    /// A file's contents as a noun's text; nil when it cannot be read.
    func read(_ path: String) throws -> String? {
      answers = []
      try act(nursery.tuple([nursery.cord("file"), nursery.cord("read"), nursery.cord(path)]))
      let answer = try #require(answers.first)
      let prefix = "[1701603686 1684104562 0 "
      if answer.cause.replacing(".", with: "").hasPrefix(prefix) {
        return String(answer.cause.replacing(".", with: "").dropFirst(prefix.count).dropLast())
      }
      #expect(answer.cause.replacing(".", with: "") == "[1701603686 1684104562 0]")
      return nil
    }
  }

  @Test func agreesWithAModel() throws {
    let scratch = try Scratch()
    let root = scratch.path + "/root"
    try Data("secret".utf8).write(to: URL(fileURLWithPath: scratch.path + "/a"))
    try FileManager.default.createDirectory(atPath: root, withIntermediateDirectories: true)
    try FileManager.default.createSymbolicLink(atPath: root + "/link", withDestinationPath: scratch.path)
    let bench = try Bench(root)
    var random = Random(seed: 0xF11E)
    var model: [String: UInt64] = [:]
    let parts = ["a", "b", "c", "..", ".", "", "link", "a b"]
    for _ in 0..<400 * testScale {
      let path = (0...random.below(3)).map { _ in parts[random.below(parts.count)] }.joined(separator: "/")
      let own = path.split(separator: "/").map { String($0) }
      let key = own.joined(separator: "/")
      // A link is neither followed on the way nor read through, and a file is no folder.
      let isOwn = !own.isEmpty && !own.contains("..") && !own.contains(".") && !(own.count > 1 && own[0] == "link")
      let onTheWay = (1..<max(1, own.count)).map { own.prefix($0).joined(separator: "/") }
      let isFolder = model.keys.contains { $0.hasPrefix(key + "/") }
      if random.chance(50) {
        let value = UInt64(random.below(1 << 30))
        let bytes = withUnsafeBytes(of: value.littleEndian) { Array($0) }
        let isExpected = isOwn && key != "link" && !onTheWay.contains { model[$0] != nil } && !isFolder
        if key == "link" { continue }
        // Folders stay that were made on the way of a write that came to nothing.
        let isThere = FileManager.default.fileExists(atPath: root + "/" + key)
        let isDone = try bench.write(path, bytes)
        #expect(isDone == isExpected || !isDone && isThere && model[key] == nil, "\(path)")
        if isDone { model[key] = value }
      } else {
        let expected = isOwn ? model[key] : nil
        #expect(try bench.read(path) == expected.map { "\($0)" }, "\(path)")
      }
    }
    #expect(model.count > 5)
    #expect(try Data(contentsOf: URL(fileURLWithPath: scratch.path + "/a")) == Data("secret".utf8))
    #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path).sorted() == ["a", "root"])
  }

  @Test func writesManyAndTellsOfEach() throws {
    let scratch = try Scratch()
    let bench = try Bench(scratch.path)
    try bench.act("[%file %batch-write ['one' 'first'] ['../two' 'second'] ['deep/three' 'third'] 0]")
    let answer = try #require(bench.answers.first)
    let cause = try NounText.read(Array(answer.cause.utf8), into: bench.nursery)
    let expected = try NounText.read(
      Array("[%file %batch-write ['one' 'first' 0] ['../two' 'second' 1] ['deep/three' 'third' 0] 0]".utf8),
      into: bench.nursery)
    #expect(try bench.nursery.equal(cause, expected), "\(answer.cause)")
    #expect(FileManager.default.contents(atPath: scratch.path + "/deep/three") == Data("third".utf8))
    #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path).sorted() == ["deep", "one"])
  }

  @Test(arguments: [
    "0", "%file", "[%file 0]", "[%file %read]", "[%other %read 'a']", "[%file %write 0]", "[%file [1 2] 3]",
    "[%file %erase 'a']", "[%file %write 'a' 1 2]",
  ]) func leavesAllElse(effect: String) throws {
    let scratch = try Scratch()
    let bench = try Bench(scratch.path)
    try bench.act(effect)
    #expect(bench.answers.isEmpty)
    #expect(try FileManager.default.contentsOfDirectory(atPath: scratch.path).isEmpty)
  }
}
