// What the collector knows of thunks: their first body word tells whether the rest is still needed.
//
//     body word 0   state: 1 = done, 2 = busy, 3 = failed, anything else = waiting
//     body word 1   done: the value, or another thunk that stands for it; failed: what was thrown
//
// A reference to a thunk that is done is replaced by a reference to its value, so that chains of evaluated
// thunks cost nothing for long; of a busy or failed thunk only the first two body words are kept, so that a thunk
// under evaluation does not hold on to what it has already consumed.

/// The states of a thunk that the collector treats in its own way. All are direct naturals.
@frozen
public enum ThunkState {
  /// The value is known. Chains of done thunks never close into a ring: the machine sees to that.
  @inlinable @inline(__always) public static var done: UInt64 { 1 }
  /// Being evaluated; the arguments have been taken out.
  @inlinable @inline(__always) public static var busy: UInt64 { 2 }
  /// Evaluation was given up by a throw, which the second word describes.
  @inlinable @inline(__always) public static var failed: UInt64 { 3 }
  /// The fewest body words of a thunk.
  @inlinable @inline(__always) public static var leastSize: Int { 2 }
}
