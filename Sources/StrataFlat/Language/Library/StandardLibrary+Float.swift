// The library's part "Floats as decimals".
//
// Guarantees: plain text in the language; the library's tests run every function in it.

extension StandardLibrary {
  /// Floats as decimals.
  static let floatText = #"""
    // The shortest decimal that reads back as the same float.
    #import "modules/std/text.sx";

    // A natural number of up to 40 limbs, lowest first.
    Big :: struct {
      count: i64;
      limbs: [40]u32;

      multiply :: (self: *Big, factor: u64) {
        carry : u64 = 0;
        i := 0;
        while i < self.count {
          product := self.limbs[i].(u64) * factor + carry;
          self.limbs[i] = product.(u32);
          carry = product >> 32;
          i += 1;
        }
        if carry != 0 { self.limbs[self.count] = carry.(u32); self.count += 1; }
      }
      shift :: (self: *Big, bits: i64) {
        left := bits;
        while left >= 31 { self.multiply(0x80000000); left -= 31; }
        if left > 0 { self.multiply(1.(u64) << left.(u64)); }
      }
      subtract :: (self: *Big, other: *Big) {
        borrow : i64 = 0;
        i := 0;
        while i < self.count {
          taken : i64 = if i < other.count then other.limbs[i] else 0;
          difference := self.limbs[i].(i64) - taken - borrow;
          borrow = if difference < 0 then 1 else 0;
          self.limbs[i] = difference.(u32);
          i += 1;
        }
        while self.count > 0 and self.limbs[self.count - 1] == 0 { self.count -= 1; }
      }
      add :: (self: *Big, other: *Big) {
        carry : u64 = 0;
        i := 0;
        while i < self.count or i < other.count or carry != 0 {
          total := carry;
          if i < self.count { total += self.limbs[i]; }
          if i < other.count { total += other.limbs[i]; }
          self.limbs[i] = total.(u32);
          carry = total >> 32;
          i += 1;
        }
        if i > self.count { self.count = i; }
      }
    }
    big_of :: (value: u64) -> Big {
      big : Big;
      big.limbs[0] = value.(u32);
      big.limbs[1] = (value >> 32).(u32);
      big.count = if value >> 32 != 0 then 2 else if value != 0 then 1 else 0;
      return big;
    }
    big_compare :: (a: *Big, b: *Big) -> i64 {
      if a.count != b.count { return a.count - b.count; }
      i := a.count;
      while i > 0 {
        i -= 1;
        if a.limbs[i] != b.limbs[i] { return if a.limbs[i] < b.limbs[i] then -1 else 1; }
      }
      return 0;
    }

    // Digits of a positive float, most significant first, and the power of ten of the first.
    Decimal :: struct { digits: [20]u8; count: i64; exponent: i64; }

    // The shortest digits that name mantissa * 2^power and no neighbour of it.
    shortest :: (mantissa: u64, power: i64, is_edge: bool) -> Decimal {
      rest := big_of(mantissa);
      unit := big_of(1);
      above := big_of(1);
      below := big_of(1);
      rest.shift(1);
      unit.shift(1);
      if power >= 0 { rest.shift(power); above.shift(power); below.shift(power); }
      else { unit.shift(-power); }
      // Below a power of two the neighbour is only half as far away.
      if is_edge { rest.shift(1); unit.shift(1); above.shift(1); }
      even := (mantissa & 1) == 0;
      out : Decimal;
      // Find the power of ten: first scale up, then down.
      exponent := 0;
      while true {
        sum := rest;
        sum.add(*above);
        c := big_compare(*sum, *unit);
        if c > 0 or (c == 0 and even) { unit.multiply(10); exponent += 1; } else { break; }
      }
      while true {
        sum := rest;
        sum.add(*above);
        sum.multiply(10);
        c := big_compare(*sum, *unit);
        if c < 0 or (c == 0 and !even) { rest.multiply(10); above.multiply(10); below.multiply(10); exponent -= 1; }
        else { break; }
      }
      out.exponent = exponent - 1;
      while true {
        rest.multiply(10);
        above.multiply(10);
        below.multiply(10);
        digit : u8 = 0;
        while big_compare(*rest, *unit) >= 0 { rest.subtract(*unit); digit += 1; }
        low := big_compare(*rest, *below);
        sum := rest;
        sum.add(*above);
        high := big_compare(*sum, *unit);
        ends_low := low < 0 or (low == 0 and even);
        ends_high := high > 0 or (high == 0 and even);
        if !ends_low and !ends_high {
          out.digits[out.count] = digit;
          out.count += 1;
          continue;
        }
        if ends_high {
          twice := rest;
          twice.shift(1);
          if !ends_low or big_compare(*twice, *unit) >= 0 { digit += 1; }
        }
        out.digits[out.count] = digit;
        out.count += 1;
        break;
      }
      return out;
    }

    append_float :: (out: *StringBuilder, value: f64, is_single: bool) {
      if value != value { out.add("nan"); return; }
      copy := value;
      word : *u64 = xx *copy;
      if word.* >> 63 == 1 { out.add_byte('-'); copy = -copy; }
      if word.* == 0x7FF0000000000000 { out.add("inf"); return; }
      if copy == 0.0 { out.add("0.0"); return; }
      mantissa := word.* & 0xFFFFFFFFFFFFF;
      power := (word.* >> 52).(i64);
      edge := mantissa == 0 and power > 1;
      if power == 0 { power = 1; } else { mantissa = mantissa | 0x10000000000000; }
      power -= 1075;
      if is_single {
        // Read the number as a 24-bit mantissa: its neighbours are further away.
        single := copy.(f32);
        short : *u32 = xx *single;
        mantissa = (short.* & 0x7FFFFF).(u64);
        power = (short.* >> 23).(i64);
        edge = mantissa == 0 and power > 1;
        if power == 0 { power = 1; } else { mantissa = mantissa | 0x800000; }
        power -= 150;
      }
      append_decimal(out, shortest(mantissa, power, edge));
    }
    append_decimal :: (out: *StringBuilder, decimal: Decimal) {
      d := decimal;
      if d.exponent < -5 or d.exponent > 20 {
        out.add_byte('0' + d.digits[0]);
        if d.count > 1 { out.add_byte('.'); }
        for 1..d.count (i) { out.add_byte('0' + d.digits[i]); }
        out.add_byte('e');
        exponent := d.exponent;
        if exponent < 0 { out.add_byte('-'); exponent = -exponent; }
        if exponent >= 100 { out.add_byte('0' + (exponent / 100).(u8)); }
        if exponent >= 10 { out.add_byte('0' + (exponent / 10 % 10).(u8)); }
        out.add_byte('0' + (exponent % 10).(u8));
        return;
      }
      if d.exponent < 0 {
        out.add("0.");
        for 1..-d.exponent { out.add_byte('0'); }
        for 0..d.count (i) { out.add_byte('0' + d.digits[i]); }
        return;
      }
      for 0..=d.exponent (i) { out.add_byte(if i < d.count then '0' + d.digits[i] else '0'); }
      out.add_byte('.');
      if d.count <= d.exponent + 1 { out.add_byte('0'); }
      for d.exponent + 1..d.count (i) { out.add_byte('0' + d.digits[i]); }
    }
    """#
}
