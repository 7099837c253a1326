// `strata info` from outside.

import Foundation
import Testing

@testable import strata

@Suite struct InfoTests {
  private func facts(_ bytes: [UInt8]) throws -> [String: Any] {
    let run = try StrataProcess(["info", "--json"], input: Data(bytes))
    #expect(run.code == 0, "\(run.error)")
    return try #require(try JSONSerialization.jsonObject(with: run.output) as? [String: Any])
  }

  @Test func countsCellsAndDepth() throws {
    // [[1 2] 3]
    let facts = try facts([0xc5, 0x48, 0x34])
    #expect(facts["kind"] as? String == "cell")
    #expect(facts["distinct_cells"] as? Int == 2)
    #expect(facts["tree_cells"] as? String == "2")
    #expect(facts["depth"] as? Int == 2)
    #expect(facts["largest_atom_bits"] as? Int == 2)
    #expect(facts["jam_bits"] as? Int == 22)
    #expect(facts["canonical"] as? Bool == true)
    #expect(facts["mug"] as? String == "2f8d5f9f")
  }

  @Test func sharingIsSeen() throws {
    // [[1 2] [1 2] [1 2] 0]: one cell [1 2], used three times.
    let facts = try facts([0xc5, 0xc8, 0x26, 0x9b, 0x14])
    #expect(facts["distinct_cells"] as? Int == 4)
    #expect(facts["tree_cells"] as? String == "6")
  }

  @Test func anotherFormIsNotCanonical() throws {
    // [[0 0] [0 0]] with both cells written out, where a jam refers to the first.
    let written = try facts([0xA5, 0x29])
    #expect(written["canonical"] as? Bool == false)
    #expect(written["distinct_cells"] as? Int == 3)
    let canonical = try facts([0xA5, 0x93])
    #expect(canonical["canonical"] as? Bool == true)
    #expect(canonical["distinct_cells"] as? Int == 2)
    #expect(canonical["mug"] as? String == written["mug"] as? String)
  }

  @Test func textNamesTheSameFacts() throws {
    let text = try StrataProcess(["info"], input: Data([0x02])).text
    #expect(text.contains("kind          atom\n"))
    #expect(text.contains("mug           79ff04e8\n"))
    #expect(text.contains("jam           2 bits, canonical\n"))
  }
}
