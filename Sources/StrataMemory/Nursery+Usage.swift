// What a loom's parts hold, for those who look on from outside.

/// Bytes in use in each part of a loom.
public struct NurseryUsage: Equatable, Sendable {
  /// Objects that no collection has seen yet.
  public var youngBytes = 0
  /// Objects that have survived one, in all frames.
  public var heapBytes = 0
  /// The value stack: activations and what they hold.
  public var stackBytes = 0
  /// Fixed objects, to which compiled code refers.
  public var commonsBytes = 0

  public init() {}
}

extension Nursery {
  /// What is in use now. To be asked on the machine's own thread; takes the same time however much there is.
  public var usage: NurseryUsage {
    let (west, east) = state.pointee.middle
    let young = state.pointee.frame.pointee.young.extent
    var usage = NurseryUsage()
    usage.youngBytes = young * 8
    usage.heapBytes = (west - state.pointee.arenaLow + state.pointee.arenaHigh - east - young) * 8
    usage.stackBytes = (state.pointee.stackTop - state.pointee.stack.low) * 8
    usage.commonsBytes = commonsWords * 8
    return usage
  }
}
