// The library that every program may import, written in the language itself.
//
// Guarantees: the texts are part of this module, so a program needs no files to use them.

/// The texts of the standard library by import path.
enum StandardLibrary {
  /// The text for `path`, if it names a part of the library.
  static func text(for path: String) -> String? { texts.first { $0.path == path }?.text }

  /// What to import for a name of the library: everything at once where that has it.
  static func path(declaring name: String) -> String? {
    let part = texts.first { part in
      part.text.split(separator: "\n").contains { $0.hasPrefix(name) && $0.dropFirst(name.count).hasPrefix(" ::") }
    }
    return part.map { stdText.contains($0.path) ? "modules/std.sx" : $0.path }
  }

  /// Every part, in the order in which the documentation lists them.
  static let texts: [(path: String, text: String)] = [
    ("modules/std.sx", stdText),
    ("modules/std/memory.sx", memoryText),
    ("modules/std/text.sx", textText),
    ("modules/std/list.sx", listText),
    ("modules/std/map.sx", mapText),
    ("modules/std/format.sx", formatText),
    ("modules/std/float.sx", floatText),
    ("modules/std/math.sx", mathText),
    ("modules/std/meta.sx", metaText),
  ]
}
