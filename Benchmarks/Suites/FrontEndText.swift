// A large program in the Flat language for the measurement of the front end.

/// Makes source text.
enum FrontEndText {
  /// So many copies of a passage that uses most of the language, each under names of its own, and a passage that uses the
  /// library.
  static func program(_ copies: Int) -> String {
    var text = "#import \"modules/std.sx\";\n\n"
    for number in 0..<copies { text += passage(number) }
    return text + "main :: () { print(\"{}\\n\", total_0(3)); }\n"
  }

  private static func passage(_ n: Int) -> String {
    """
    // Shapes of passage \(n).
    Point_\(n) :: struct {
      x, y: f64;

      length :: (self: *Point_\(n)) -> f64 { return self.x * self.x + self.y * self.y; }
      moved :: (self: *Point_\(n), dx: f64, dy: f64) -> Point_\(n) {
        return Point_\(n).{ x = self.x + dx, y = self.y + dy };
      }
    }

    Shape_\(n) :: enum {
      circle: f64;
      square: f64;
      nothing;
    }

    area_\(n) :: (shape: Shape_\(n)) -> f64 {
      return if shape == {
        case .circle: (radius) { radius * radius * 3.14159 }
        case .square: (side) { side * side }
        case .nothing: 0.0;
      };
    }

    Mistake_\(n) :: error { Negative, Large };

    checked_\(n) :: (value: i64) -> (i64, !Mistake_\(n)) {
      if value < 0 { raise error.Negative; }
      if value > 1000 { raise error.Large; }
      return value * 2;
    }

    larger_\(n) :: (a: $T, b: T) -> T {
      if a > b { return a; }
      return b;
    }

    find_\(n) :: (values: []i64, wanted: i64) -> ?i64 {
      for values, 0.. (value, index) {
        if value == wanted { return index; }
      }
      return null;
    }

    total_\(n) :: (limit: i64) -> i64 {
      sum := 0;
      i := 0;
      while i < limit {
        if i % 3 == 0 and i % 5 != 0 {
          sum += i * \(n % 7 + 1);
        } else {
          sum = (sum << 1) ^ (i & 0xFF);
        }
        i += 1;
      }
      values := .[1, 2, 3, 4, 5];
      for values (value) { sum += value; }
      position := find_\(n)(values[..], 4) ?? 0;
      doubled := checked_\(n)(sum & 0xFF) catch (e) { return 0; };
      point := Point_\(n).{ x = 1.5, y = 2.5 };
      defer sum = 0;
      if point.moved(1.0, 1.0).x > 2.0 { sum += doubled; }
      if area_\(n)(.circle(2.0)) > 12.0 { sum += position; }
      return larger_\(n)(sum, i);
    }


    """
  }
}
