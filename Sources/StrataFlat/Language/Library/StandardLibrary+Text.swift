// The library's part "Texts".
//
// Guarantees: plain text in the language; the library's tests run every function in it.

extension StandardLibrary {
  /// Texts.
  static let textText = #"""
    // Texts: slices of bytes that nobody changes.
    #import "modules/std/memory.sx";

    // A text that grows.
    StringBuilder :: struct {
      data: [*]u8;
      len: i64;
      capacity: i64;

      reserve :: (self: *StringBuilder, extra: i64) {
        if self.len + extra <= self.capacity { return; }
        capacity := self.capacity * 2 + extra + 16;
        data : [*]u8 = xx malloc(capacity);
        if self.len > 0 { memcpy(data, self.data, self.len); }
        self.data = data;
        self.capacity = capacity;
      }
      add_byte :: (self: *StringBuilder, byte: u8) {
        self.reserve(1);
        self.data[self.len] = byte;
        self.len += 1;
      }
      add :: (self: *StringBuilder, text: string) {
        if text.len == 0 { return; }
        self.reserve(text.len);
        memcpy(*self.data[self.len], text.ptr, text.len);
        self.len += text.len;
      }
      // A copy of what was added.
      to_string :: (self: *StringBuilder) -> string {
        if self.len == 0 { return ""; }
        data : [*]u8 = xx malloc(self.len);
        memcpy(data, self.data, self.len);
        return data[0..self.len];
      }
    }

    concat :: (a: string, b: string) -> string {
      if a.len == 0 { return b; }
      if b.len == 0 { return a; }
      data : [*]u8 = xx malloc(a.len + b.len);
      memcpy(data, a.ptr, a.len);
      memcpy(*data[a.len], b.ptr, b.len);
      return data[0..a.len + b.len];
    }
    substr :: (s: string, start: i64, len: i64) -> string => s[start..start + len];
    starts_with :: (s: string, prefix: string) -> bool => s.len >= prefix.len and s[..prefix.len] == prefix;
    ends_with :: (s: string, suffix: string) -> bool => s.len >= suffix.len and s[s.len - suffix.len..] == suffix;

    // The offset of the first `part` at or after `from`.
    index_of :: (s: string, part: string, from: i64 = 0) -> ?i64 {
      i := from;
      while i + part.len <= s.len {
        if s[i..i + part.len] == part { return i; }
        i += 1;
      }
      return null;
    }
    contains :: (s: string, part: string) -> bool => index_of(s, part) != null;

    is_space :: (byte: u8) -> bool => byte == ' ' or byte == '\n' or byte == '\t' or byte == '\r';
    is_digit :: (byte: u8) -> bool => byte >= '0' and byte <= '9';

    trim :: (s: string) -> string {
      start := 0;
      end := s.len;
      while start < end and is_space(s[start]) { start += 1; }
      while end > start and is_space(s[end - 1]) { end -= 1; }
      return s[start..end];
    }
    repeat :: (s: string, times: i64) -> string {
      out : StringBuilder;
      for 0..times { out.add(s); }
      return out.to_string();
    }
    reverse :: (s: string) -> string {
      out : StringBuilder;
      i := s.len;
      while i > 0 { i -= 1; out.add_byte(s[i]); }
      return out.to_string();
    }
    map_bytes :: (s: string, f: (u8) -> u8) -> string {
      out : StringBuilder;
      for s (byte) { out.add_byte(f(byte)); }
      return out.to_string();
    }
    upper_byte :: (byte: u8) -> u8 => if byte >= 'a' and byte <= 'z' then byte - 32 else byte;
    lower_byte :: (byte: u8) -> u8 => if byte >= 'A' and byte <= 'Z' then byte + 32 else byte;
    to_upper :: (s: string) -> string => map_bytes(s, upper_byte);
    to_lower :: (s: string) -> string => map_bytes(s, lower_byte);

    // Less than, equal to or greater than zero, by bytes.
    compare :: (a: string, b: string) -> i64 {
      for a, b (x, y) {
        if x != y { return x.(i64) - y.(i64); }
      }
      return a.len - b.len;
    }

    count_of :: (s: string, part: string) -> i64 {
      if part.len == 0 { return 0; }
      n := 0;
      at := 0;
      while next := index_of(s, part, at) { n += 1; at = next + part.len; }
      return n;
    }
    split :: (s: string, separator: string) -> []string {
      if separator.len == 0 { whole := new_array(string, 1); whole[0] = s; return whole; }
      parts := new_array(string, count_of(s, separator) + 1);
      n := 0;
      at := 0;
      while next := index_of(s, separator, at) {
        parts[n] = s[at..next];
        n += 1;
        at = next + separator.len;
      }
      parts[n] = s[at..];
      return parts;
    }
    join :: (parts: []string, separator: string) -> string {
      out : StringBuilder;
      for parts, 0.. (part, i) {
        if i > 0 { out.add(separator); }
        out.add(part);
      }
      return out.to_string();
    }
    replace :: (s: string, part: string, by: string) -> string => join(split(s, part), by);

    parse_int :: (s: string) -> ?i64 {
      negative := s.len > 0 and s[0] == '-';
      digits := if negative then s[1..] else s;
      if digits.len == 0 { return null; }
      n : u64 = 0;
      limit : u64 = if negative then 0x8000000000000000 else 0x7FFFFFFFFFFFFFFF;
      for digits (byte) {
        if !is_digit(byte) { return null; }
        d : u64 = byte - '0';
        if n > (limit - d) / 10 { return null; }
        n = n * 10 + d;
      }
      return if negative then -n.(i64) else n.(i64);
    }
    """#
}
