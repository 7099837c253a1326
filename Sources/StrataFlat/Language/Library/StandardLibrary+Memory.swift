// The library's part "Storage".
//
// Guarantees: plain text in the language; the library's tests run every function in it.

extension StandardLibrary {
  /// Storage.
  static let memoryText = #"""
    // Storage, as the machine serves it.
    malloc :: (size: i64) -> *void extern;
    calloc :: (count: i64, size: i64) -> *void extern;
    free :: (address: *void) extern;
    memcpy :: (to: *void, from: *void, size: i64) -> *void extern;
    memmove :: (to: *void, from: *void, size: i64) -> *void extern;
    memset :: (to: *void, byte: i32, size: i64) -> *void extern;
    memcmp :: (a: *void, b: *void, size: i64) -> i32 extern;
    write :: (stream: i32, data: *void, size: i64) -> i64 extern;

    // Room for `count` values, zeroed.
    new_array :: ($T: Type, count: i64) -> []T {
      data : [*]T = xx malloc(count * size_of(T));
      return data[0..count];
    }

    // Room for one value, holding a copy of `value`.
    new :: (value: $T) -> *T {
      place : *T = xx malloc(size_of(T));
      place.* = value;
      return place;
    }
    """#
}
