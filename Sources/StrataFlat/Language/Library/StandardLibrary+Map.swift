// The library's part "Maps".
//
// Guarantees: plain text in the language; the library's tests run every function in it.

extension StandardLibrary {
  /// Maps.
  static let mapText = #"""
    // A map by hashing, with the entries in the order in which they were added.
    #import "modules/std/memory.sx";
    #import "modules/std/list.sx";

    hash_bytes :: (data: [*]u8, size: i64) -> u64 {
      h : u64 = 0xCBF29CE484222325;
      i := 0;
      while i < size { h = (h ^ data[i]) * 0x100000001B3; i += 1; }
      return h ^ (h >> 29);
    }
    hash_of :: (key: $K) -> u64 {
      inline if K == string {
        return hash_bytes(key.ptr, key.len);
      } else {
        copy := key;
        data : [*]u8 = xx *copy;
        return hash_bytes(data, size_of(K));
      }
    }

    Map :: struct ($K: Type, $V: Type) {
      keys: List(K);
      values: List(V);
      // For each slot 0, or the position of its entry plus 1.
      slots: []i64;

      slot_of :: (self: *Map(K, V), key: K) -> i64 {
        mask := self.slots.len - 1;
        slot := hash_of(key).(i64) & mask;
        while self.slots[slot] != 0 {
          if self.keys.data[self.slots[slot] - 1] == key { return slot; }
          slot = (slot + 1) & mask;
        }
        return slot;
      }
      grow :: (self: *Map(K, V)) {
        self.slots = new_array(i64, if self.slots.len == 0 then 8 else self.slots.len * 2);
        i := 0;
        while i < self.keys.len { self.slots[self.slot_of(self.keys.data[i])] = i + 1; i += 1; }
      }
      set :: (self: *Map(K, V), key: K, value: V) {
        if (self.keys.len + 1) * 2 > self.slots.len { self.grow(); }
        slot := self.slot_of(key);
        if self.slots[slot] != 0 { self.values.data[self.slots[slot] - 1] = value; return; }
        self.keys.add(key);
        self.values.add(value);
        self.slots[slot] = self.keys.len;
      }
      find :: (self: *Map(K, V), key: K) -> ?*V {
        if self.slots.len == 0 { return null; }
        entry := self.slots[self.slot_of(key)];
        if entry == 0 { return null; }
        return *self.values.data[entry - 1];
      }
      get :: (self: *Map(K, V), key: K) -> ?V {
        if place := self.find(key) { return place.*; }
        return null;
      }
      has :: (self: *Map(K, V), key: K) -> bool => self.find(key) != null;
      // Takes an entry out; the last entry takes its position.
      remove :: (self: *Map(K, V), key: K) -> bool {
        if self.slots.len == 0 { return false; }
        entry := self.slots[self.slot_of(key)];
        if entry == 0 { return false; }
        last := self.keys.len - 1;
        self.keys.data[entry - 1] = self.keys.data[last];
        self.values.data[entry - 1] = self.values.data[last];
        self.keys.len = last;
        self.values.len = last;
        for self.slots (*slot) { slot.* = 0; }
        i := 0;
        while i < self.keys.len { self.slots[self.slot_of(self.keys.data[i])] = i + 1; i += 1; }
        return true;
      }
      count :: (self: *Map(K, V)) -> i64 => self.keys.len;
    }
    """#
}
