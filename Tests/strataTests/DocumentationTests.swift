// Every command that a document shows does what the document says.

import Foundation
import StrataTestSupport
import Testing

@Suite struct DocumentationTests {
  /// The documents with commands in them, as paths from the package's root.
  static let documents: [String] = {
    var found = ["README.md"]
    for folder in ["Documentation", "Examples"] {
      let names = FileManager.default.enumerator(atPath: packageRoot + "/" + folder)?.compactMap { $0 as? String } ?? []
      found += names.filter { $0.hasSuffix(".md") }.map { folder + "/" + $0 }
    }
    return found.sorted().filter { name in
      let bytes = FileManager.default.contents(atPath: packageRoot + "/" + name) ?? Data()
      return String(decoding: bytes, as: UTF8.self).contains("\n```console")
    }
  }()

  @Test(arguments: documents) func commandsDoWhatTheDocumentSays(document: String) throws {
    let run = try StrataProcess(
      shell: #""$ROOT/scripts/tour" --quiet "$ROOT/$DOCUMENT""#,
      environment: [
        "ROOT": packageRoot, "DOCUMENT": document,
        // Without optimisation the compiler of Hoon takes minutes.
        "STRATA_QUICK": isDebug ? "1" : "",
        "STRATA_TOOLS": StrataProcess.executable.deletingLastPathComponent().path,
      ])
    #expect(run.code == 0, "\(run.text)\(run.error)")
  }

  @Test func theReadMeIsAmongThem() { #expect(Self.documents.contains("README.md")) }
}
