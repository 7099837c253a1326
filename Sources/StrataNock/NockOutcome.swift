// How a run ended.

import StrataMemory

/// The end of a run. All words live in the frame that the run was started in.
public enum NockOutcome {
  /// It has a product.
  case product(Word)
  /// It asked for something that no scry gate could answer: the path.
  case blocked(Word)
  /// It stopped early. The trace lists `[tag clue]`, newest first.
  case stopped(Fault, trace: Word)
}
