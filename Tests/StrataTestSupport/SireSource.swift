// Sources for Sire, of any length: what tests and benchmarks have it read.

/// Generated sources. Every assertion in them holds.
public enum SireSource {
  /// Definitions of the operations that the blocks use.
  public static let prelude = """
    = (Add a b) (##15 ("Add" a b))

    = (Sub a b) (##15 ("Sub" a b))

    = (Mul a b) (##15 ("Mul" a b))

    = (Lt a b) (##15 ("Lt" a b))

    = (If a b c) (##15 ("If" a b c))

    = (Ix a b) (##15 ("Ix" a b))


    """

  /// Blocks of definitions and assertions, each block about the same work, of so many kinds, at most four.
  public static func library(blocks: Int, kinds: Int = 4) -> String {
    var text = prelude
    for index in 0..<blocks {
      switch index % max(1, kinds) {
      case 0:
        text += """
          = (count\(index) n acc)
          @ less (Sub n 1)
          @ more (Add acc (Mul n \(index)))
          | If (Lt n 1) acc
          | count\(index) less more

          =?= \(55 * index)
            | count\(index) 10 0

          """
      case 1:
        text += """
          = (pick\(index) row n)
          @ first (Ix 0 row)
          @ second (Ix 1 row)
          | If (Lt n \(index))
              | Add first n
          | Mul second n

          =?= \(index > 2 ? index + 5 : 10)
            | pick\(index) (0 \(index + 3) 5) 2

          """
      case 2:
        text += """
          = text\(index) ("some words \(index)" \(index) "and" (0 \(index) \(index + 1)))

          = (fold\(index) f z n)
          ^ If (Lt n 1) z _
          | fold\(index) f (f z n) (Sub n 1)

          =?= 55 (fold\(index) Add 0 10)

          """
      default:
        text += """
          = (compose\(index) f g x)
          @ y (g x)
          @ z (Add \(index) y)
          | f z

          =?= \(2 * (index + 12)) | compose\(index) (Mul 2) (Mul 3) 4

          """
      }
      text += "\n"
    }
    return text
  }
}
