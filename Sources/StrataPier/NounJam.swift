// Nouns as bytes for programs that embed a pier and do not care for looms.

import StrataMemory
import StrataNoun

/// Turns text into the jams that piers take, and their answers into text.
public enum NounJam {
  /// The jam of a noun's text, such as `[1 %two 'three']`.
  public static func jam(_ text: String) throws(PierFailure) -> [UInt8] {
    let loom = try loom()
    let noun: Word
    do throws(NounTextError) { noun = try NounText.read(Array(text.utf8), into: loom.nursery) } catch {
      throw .badInput(what: "noun", reason: error.message)
    }
    return try inMachine("writing a noun") { () throws(Fault) in try loom.nursery.jammed(noun) }
  }

  /// The text of a jam's noun, atoms as words where they may be words.
  public static func text(_ jam: [UInt8]) throws(PierFailure) -> String {
    let loom = try loom()
    let noun: Word
    do throws(CueError) { noun = try loom.nursery.cued(jam) } catch {
      throw .badInput(what: "jam", reason: error.explanation)
    }
    var options = NounText.Options.complete(bytes: 1 << 24)
    options.atoms = .guessed
    do throws(NounText.WriteError) { return try NounText.string(noun, in: loom.nursery, options) } catch {
      throw .badInput(what: "jam", reason: error.message)
    }
  }

  private static func loom() throws(PierFailure) -> Loom {
    var options = LoomOptions()
    options.reservationBytes = 4 << 30
    return try inMachine("opening a loom") { () throws(Fault) in try Loom(options) }
  }
}
