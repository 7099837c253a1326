// The nursery: allocation, the value stack and the frames of one machine, behind a handle that is one pointer.
//
// Each frame owns two spaces at opposite ends of the arena: `tenured` holds what has survived a collection,
// `young` what was allocated since. An inner frame begins in the free middle with its sides exchanged. Nothing
// older ever points to something younger (values are immutable; the few slots that are not go through the
// trail), so young objects are collected by looking at the stack alone.

import CPlatform

/// One open frame. All numbers are word offsets from the loom's base.
@frozen
public struct Frame {
  public var tenured: Space
  /// Valid while the frame is not the innermost; the innermost frame's `top` and `limit` live in the state.
  public var young: Space
  /// Where the free middle began and ended when the frame was pushed.
  public var westBound: Int
  public var eastBound: Int
  /// The first word of the value stack that belongs to this frame.
  public var stackBase: Int
  /// The first trail entry that belongs to this frame.
  public var trailBase: Int
  /// Index into `HeapSizes.words`: how far `tenured` may grow before a flip.
  public var rank: Int
  /// The largest number of words in use, counted from the arena's ends, that this frame may reach.
  public var budgetWords: Int
  /// How many words `young` may reach before it is collected.
  public var youngWords: Int
  /// The extent of `tenured` after the last flip.
  public var liveWords: Int
  /// Stack words below this are known to hold nothing young.
  public var scannedStack: Int
}

/// Counts that tell how a nursery has been used. Words are 8 bytes.
public struct NurseryMetrics: Sendable, Equatable {
  /// The smallest number of words that were ever free between the two ends.
  public var leastFreeWords = Int.max
  /// The largest number of words in use in the arena and on the stack, with what compaction needed.
  public var peakUsedWords = 0
  /// Words of all chunks that were handed to machines, less what was left of those that are gone.
  public var allocatedWords = 0
  /// Collections of young objects only.
  public var youngCollections = 0
  /// Collections of whole frames into the opposite end.
  public var flips = 0
  /// Compactions of whole frames in place.
  public var slides = 0
  /// Words copied by collections and pops.
  public var copiedWords = 0
  /// Frames pushed, popped and bailed.
  public var pushes = 0
  public var pops = 0
  public var bails = 0
}

/// A range of the loom that is used from its low end upwards.
@frozen
@usableFromInline
struct Zone {
  @usableFromInline var low: Int
  @usableFromInline var high: Int
  @usableFromInline var committed: Int

  init(low: Int, high: Int) {
    self.low = low
    self.high = high
    committed = low
  }
}

/// Tables outside the arena that hold words. They are told of every move and of the end of every frame.
public protocol RootProvider: AnyObject {
  /// Replaces every word that it holds by `collector.moved(word)`. With `collector.isPop` the words of the
  /// ending frame are to be kept for its parent.
  func visitRoots(_ collector: inout Collector)
  /// The innermost frame is gone, and with it everything that was allocated in it and not kept.
  func frameEnded(depth: Int, bailed: Bool)
}

/// Everything a nursery knows. Lives at one address as long as its loom.
public struct NurseryState: ~Copyable {
  /// The loom's first word; offsets count from here.
  public let base: UnsafeMutablePointer<UInt64>
  /// Where the next object goes, and the end of the chunk it goes into.
  public var top: Int
  public var limit: Int
  /// Points to a word that is not zero when the machine must call `safePoint` soon. Other threads write it too.
  public let poll: UnsafeMutablePointer<UInt64>
  /// The value stack's next free word and the end of its committed part.
  public var stackTop: Int
  public var stackLimit: Int
  /// How far the stack may grow, however much memory there is: a machine's budget of depth.
  public var stackBound = Int.max
  /// The innermost frame.
  public var frame: UnsafeMutablePointer<Frame>
  /// The number of frames above the outermost.
  public var depth: Int

  /// Points to the reason why another thread wants the machine to stop, 0 = none.
  let stopReason: UnsafeMutablePointer<UInt64>
  var reservation: Reservation
  var options: LoomOptions
  public internal(set) var metrics = NurseryMetrics()
  /// Objects below this offset are fixed: bedrock and the commons.
  public let fixedEnd: Int
  var commons: Zone
  var frames: Zone
  var trail: Zone
  var stack: Zone
  let arenaLow: Int
  let arenaHigh: Int
  var westCommitted: Int
  var eastCommitted: Int
  var commonsTop: Int
  /// Whether objects are being allocated in the commons.
  var isAllocatingFixed = false
  var trailTop: Int
  var providers: [any RootProvider] = []
  /// What the innermost frame's `youngWords` would be with room enough; grows with collections.
  var youngWords: Int
  let largeThreshold: Int
  /// The chunk size of collected spaces.
  let chunkWords: Int
}

/// The allocator and collector of one loom: a plain pointer, free to copy, valid while the loom lives.
@frozen
public struct Nursery {
  public let state: UnsafeMutablePointer<NurseryState>

  @inlinable @inline(__always)
  init(state: UnsafeMutablePointer<NurseryState>) { self.state = state }

  /// The loom's first word.
  @inlinable @inline(__always) public var base: UnsafeMutablePointer<UInt64> { state.pointee.base }
  /// What has happened so far. Free to read at any time.
  public var metrics: NurseryMetrics { state.pointee.metrics }
  /// A handle for other threads, valid while the loom lives.
  public var interruptHandle: InterruptHandle {
    InterruptHandle(reason: state.pointee.stopReason, poll: state.pointee.poll)
  }
}
