// The library's part "Everything at once".
//
// Guarantees: plain text in the language; the library's tests run every function in it.

extension StandardLibrary {
  /// Everything at once.
  static let stdText = #"""
    // Texts, lists, maps, formatting and printing.
    #import "modules/std/memory.sx";
    #import "modules/std/text.sx";
    #import "modules/std/list.sx";
    #import "modules/std/map.sx";
    #import "modules/std/format.sx";
    #import "modules/std/math.sx";
    """#
}
