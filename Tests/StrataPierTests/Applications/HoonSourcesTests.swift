// Folders of sources as the compiler wants them.

import Foundation
import StrataTestSupport
import Testing

@testable import StrataPier

@Suite struct HoonSourcesTests {
  private let scratch: Scratch

  init() throws { scratch = try Scratch() }

  private func write(_ path: String, _ text: String) throws {
    let whole = scratch.path + "/" + path
    try FileManager.default.createDirectory(
      atPath: directory(whole), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: URL(fileURLWithPath: whole))
  }

  private func directory(_ path: String) -> String { (path as NSString).deletingLastPathComponent }

  @Test func filesAreNamedFromTheFolderAndSorted() throws {
    try write("src/b.hoon", "b")
    try write("src/a/z.txt", "z")
    try write("src/a.hoon", "a")
    try write("src/readme.md", "not for the compiler")
    try write("src/hoon", "without an ending")
    try write("src/.git/x.hoon", "a tool's own")
    let sources = try HoonSources(root: scratch.path + "/src/", entry: scratch.path + "/src/a/../b.hoon")
    #expect(sources.entryPath == "/src/b.hoon")
    #expect(sources.entry == Array("b".utf8))
    #expect(sources.files.map(\.path) == ["/a.hoon", "/a/z.txt", "/b.hoon"])
    #expect(sources.files.map { String(decoding: $0.text, as: UTF8.self) } == ["a", "z", "b"])
  }

  @Test func theFoldersNameCanBeGiven() throws {
    try write("src/b.hoon", "b")
    let entry = scratch.path + "/src/b.hoon"
    #expect(try HoonSources(root: scratch.path + "/src", entry: entry, as: "/x/y").entryPath == "/x/y/b.hoon")
    #expect(try HoonSources(root: scratch.path + "/src", entry: entry, as: "/").entryPath == "/b.hoon")
    for name in ["x", "", "/x/"] {
      #expect(throws: PierFailure.self) { try HoonSources(root: scratch.path + "/src", entry: entry, as: name) }
    }
  }

  @Test(arguments: ["src/Big.hoon", "src/a b.hoon", "src/A/b.hoon", "src/\u{E4}.hoon"])
  func namesThatTheCompilerCannotReadAreRefused(_ name: String) throws {
    try write("src/b.hoon", "b")
    try write(name, "")
    do {
      _ = try HoonSources(root: scratch.path + "/src", entry: scratch.path + "/src/b.hoon")
      Issue.record("accepted \(name)")
    } catch { #expect("\(error)".contains(name), "\(error)") }
  }

  @Test func linksLeadNowhere() throws {
    try write("src/b.hoon", "b")
    try FileManager.default.createSymbolicLink(
      atPath: scratch.path + "/src/loop", withDestinationPath: scratch.path + "/src")
    try FileManager.default.createSymbolicLink(
      atPath: scratch.path + "/src/gone.hoon", withDestinationPath: scratch.path + "/nowhere")
    let sources = try HoonSources(root: scratch.path + "/src", entry: scratch.path + "/src/b.hoon")
    #expect(sources.files.map(\.path) == ["/b.hoon"])
  }

  @Test func whatIsNotThereIsNamed() throws {
    try write("src/b.hoon", "b")
    for (root, entry) in [("/src", "/src/c.hoon"), ("/nowhere", "/src/b.hoon"), ("/src/b.hoon", "/src/b.hoon")] {
      #expect(throws: PierFailure.self) { try HoonSources(root: scratch.path + root, entry: scratch.path + entry) }
    }
  }
}
