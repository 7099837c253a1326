// The library's part "Lists and sorting".
//
// Guarantees: plain text in the language; the library's tests run every function in it.

extension StandardLibrary {
  /// Lists and sorting.
  static let listText = #"""
    // A list that grows.
    #import "modules/std/memory.sx";

    List :: struct ($T: Type) {
      data: [*]T;
      len: i64;
      capacity: i64;

      reserve :: (self: *List(T), capacity: i64) {
        if capacity <= self.capacity { return; }
        data : [*]T = xx malloc(capacity * size_of(T));
        if self.len > 0 { memcpy(data, self.data, self.len * size_of(T)); }
        self.data = data;
        self.capacity = capacity;
      }
      add :: (self: *List(T), value: T) {
        if self.len == self.capacity { self.reserve(self.capacity * 2 + 4); }
        self.data[self.len] = value;
        self.len += 1;
      }
      add_all :: (self: *List(T), values: []T) {
        self.reserve(self.len + values.len);
        for values (value) { self.add(value); }
      }
      // The values, as long as nothing is added.
      items :: (self: *List(T)) -> []T {
        if self.len == 0 { return .[]; }
        return self.data[0..self.len];
      }
      get :: (self: *List(T), index: i64) -> T { return self.items()[index]; }
      set :: (self: *List(T), index: i64, value: T) { values := self.items(); values[index] = value; }
      first :: (self: *List(T)) -> ?T { if self.len == 0 { return null; } return self.data[0]; }
      last :: (self: *List(T)) -> ?T { if self.len == 0 { return null; } return self.data[self.len - 1]; }
      pop :: (self: *List(T)) -> ?T {
        if self.len == 0 { return null; }
        self.len -= 1;
        return self.data[self.len];
      }
      // Takes a value out; those behind it move up.
      remove :: (self: *List(T), index: i64) -> T {
        value := self.get(index);
        i := index;
        while i + 1 < self.len { self.data[i] = self.data[i + 1]; i += 1; }
        self.len -= 1;
        return value;
      }
      insert :: (self: *List(T), index: i64, value: T) {
        self.add(value);
        i := self.len - 1;
        while i > index { self.data[i] = self.data[i - 1]; i -= 1; }
        self.data[index] = value;
      }
      clear :: (self: *List(T)) { self.len = 0; }
      is_empty :: (self: *List(T)) -> bool => self.len == 0;
    }

    list_of :: (values: []$T) -> List(T) {
      list : List(T);
      list.add_all(values);
      return list;
    }
    index_of_value :: (values: []$T, value: T) -> ?i64 {
      for values, 0.. (x, i) { if x == value { return i; } }
      return null;
    }
    reverse_in_place :: (values: []$T) {
      i := 0;
      j := values.len - 1;
      while i < j { values[i], values[j] = values[j], values[i]; i += 1; j -= 1; }
    }
    // Sorts by `before`, keeping the order of equals.
    sort :: (values: []$T, before: (T, T) -> bool) {
      room := new_array(T, values.len);
      width := 1;
      while width < values.len {
        start := 0;
        while start < values.len {
          middle := if start + width < values.len then start + width else values.len;
          end := if start + 2 * width < values.len then start + 2 * width else values.len;
          i := start;
          j := middle;
          k := start;
          while k < end {
            take_right := i >= middle or (j < end and before(values[j], values[i]));
            if take_right { room[k] = values[j]; j += 1; } else { room[k] = values[i]; i += 1; }
            k += 1;
          }
          start = end;
        }
        for room, 0.. (x, at) { values[at] = x; }
        width = width * 2;
      }
    }
    """#
}
