// Every jet of this library, by family.

extension JetFamily {
  /// Every family of this library.
  public static let standard: [JetFamily] = [
    .arithmetic, .bits, .nouns, .lists, .listRoutines, .trees, .treeRoutines, .parsing, .text, .coins, .virtualisation,
    .compilerArms, .compilerNouns, .floats, .hashes, .ciphers, .curves,
  ]
}
