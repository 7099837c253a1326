// The library's part "Numbers".
//
// Guarantees: plain text in the language; the library's tests run every function in it.

extension StandardLibrary {
  /// Numbers.
  static let mathText = #"""
    // Numbers.
    PI : f64 : 3.141592653589793;
    E : f64 : 2.718281828459045;
    I64_MAX : i64 : 9223372036854775807;
    I64_MIN : i64 : -9223372036854775808;

    min :: (a: $T, b: T) -> T => if b < a then b else a;
    abs :: (a: $T) -> T => if a < 0 then -a else a;
    sign :: (a: $T) -> i64 => if a < 0 then -1 else if a > 0 then 1 else 0;
    clamp :: (value: $T, low: T, high: T) -> T => if value < low then low else if high < value then high else value;

    gcd :: (a: i64, b: i64) -> i64 {
      x := abs(a);
      y := abs(b);
      while y != 0 { x, y = y, x % y; }
      return x;
    }
    lcm :: (a: i64, b: i64) -> i64 => if a == 0 or b == 0 then 0 else abs(a / gcd(a, b) * b);

    // `base` to a power that is not negative.
    power :: (base: $T, exponent: i64) -> T {
      result : T = 1;
      factor := base;
      left := exponent;
      while left > 0 {
        if (left & 1) == 1 { result = result * factor; }
        factor = factor * factor;
        left = left >> 1;
      }
      return result;
    }
    // The greatest integer whose square is not greater.
    integer_root :: (n: i64) -> i64 {
      if n < 2 { return n; }
      x := n;
      y := (x + 1) / 2;
      while y < x { x = y; y = (x + n / x) / 2; }
      return x;
    }
    ceil :: (x: f64) -> f64 => -floor(-x);
    round :: (x: f64) -> f64 => if x < 0.0 then -floor(0.5 - x) else floor(x + 0.5);
    tan :: (x: f64) -> f64 => sin(x) / cos(x);

    // e to the power x: by halving the argument and squaring back.
    exp :: (x: f64) -> f64 {
      if x != x { return x; }
      if x > 709.0 { return power(2.0.(f64), 1023) * 1.9999999999999998; }
      if x < -745.0 { return 0.0; }
      halvings := 0;
      y := x;
      while abs(y) > 0.03125 { y = y * 0.5; halvings += 1; }
      sum : f64 = 1.0;
      term : f64 = 1.0;
      for 1..14 (n) { term = term * y / n.(f64); sum += term; }
      for 0..halvings { sum = sum * sum; }
      return sum;
    }
    // The natural logarithm of a positive number.
    log :: (x: f64) -> ?f64 {
      if !(x > 0.0) { return null; }
      scaled := x;
      exponent := 0;
      while scaled > 1.5 { scaled = scaled * 0.5; exponent += 1; }
      while scaled < 0.75 { scaled = scaled * 2.0; exponent -= 1; }
      t := (scaled - 1.0) / (scaled + 1.0);
      square := t * t;
      sum : f64 = 0.0;
      term := t;
      for 0..24 (n) { sum += term / (2 * n + 1).(f64); term = term * square; }
      return 2.0 * sum + exponent.(f64) * 0.6931471805599453;
    }
    sum_of :: (values: []$T) -> T {
      total : T = 0;
      for values (x) { total += x; }
      return total;
    }
    """#
}
