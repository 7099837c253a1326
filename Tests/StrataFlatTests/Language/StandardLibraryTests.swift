import Testing

@testable import StrataFlat

@Suite struct StandardLibraryTests {
  /// What a body prints with the whole library at hand.
  func prints(_ body: String) -> String {
    output("#import \"modules/std.sx\";\nmain :: () {\n\(body)\n}")
  }

  @Test func formatsEveryKindOfValue() {
    #expect(
      prints(
        """
        P :: struct { x: i64; name: string; o: ?i64; }
        K :: enum { a; b; }
        U :: enum u8 { none; some: P; n: i64; }
        E :: error { Bad };
        e : E = error.Bad;
        print("{} {} {} {}\\n", 1, -2, true, "text");
        print("{} {}\\n", P.{ x = 3, name = "q\\"", o = 4 }, K.b);
        u : U = .some(P.{ x = 1, name = "", o = null });
        print("{} {}\\n", u, U.none);
        a : [2]u8 = .[200, 1];
        print("{} {} {}\\n", a, a[1..], e);
        n : *i64 = null;
        t : Tuple(i64, bool) = .{ 1, false };
        i : i12 = -5;
        print("{} {} {} {} {}\\n", n, t, i64, i, "{{}");
        print("{} {{}} {}\\n", 1);
        m : i64 = -9223372036854775808;
        w : u64 = 0xFFFFFFFFFFFFFFFF;
        print("{} {}\\n", m, w);
        """) == """
          1 -2 true text
          P{x: 3, name: "q\\"", o: 4} .b
          .some(P{x: 1, name: "", o: null}) .none
          [200, 1] [1] error.Bad
          null (1, false) i64 -5 {{}
          1 {} {}
          -9223372036854775808 18446744073709551615

          """)
  }

  @Test func floatsPrintTheShortestDecimal() {
    let values: [Double] = [
      0.1, 0.5, 1, 10, 1.0 / 3, 123456.789, 1e20, 1e21, Double.leastNonzeroMagnitude, 1.7976931348623157e308,
      2.2250738585072014e-308, 1e-5,
      1e-6, 0.30000000000000004, 9007199254740992, 4.35, 2.5e-7,
    ]
    for value in values {
      let text = prints("bits : u64 = \(value.bitPattern); p : *f64 = xx *bits; print(\"{}\", p.*);")
      #expect(Double(text) == value, "\(text)")
      let digits = text.filter(\.isNumber).drop { $0 == "0" }.reversed().drop { $0 == "0" }.count
      let wanted = "\(value)".split(separator: "e")[0].filter(\.isNumber).drop { $0 == "0" }.reversed()
        .drop { $0 == "0" }.count
      #expect(digits - exponentDigits(text) <= wanted, "\(text) is longer than \(value)")
    }
    #expect(prints("x : f32 = 0.1; y : f64 = 0.0; print(\"{} {} {}\", x, y, -y);") == "0.1 0.0 -0.0")
  }

  private func exponentDigits(_ text: String) -> Int {
    text.contains("e") ? text.split(separator: "e")[1].filter(\.isNumber).count : 0
  }

  @Test func texts() {
    #expect(
      prints(
        """
        print("{} {} {}\\n", concat("ab", "cd"), substr("hello", 1, 3), repeat("xy", 3));
        print("{} {} {}\\n", starts_with("hello", "he"), ends_with("hello", "lo"), contains("hello", "xx"));
        print("{} {}\\n", index_of("hello", "l"), index_of("hello", "l", 4));
        print("{}|{}|{}\\n", trim("  a b \\n"), to_upper("aBc"), to_lower("aBc"));
        print("{} {} {}\\n", split("a,b,,c", ","), join(.["x", "y"], "-"), replace("aXbX", "X", "__"));
        print("{} {} {} {}\\n", parse_int("-42"), parse_int("4x"), parse_int("9223372036854775808"), parse_int("-9223372036854775808"));
        print("{} {} {}\\n", compare("a", "b") < 0, compare("b", "a") > 0, compare("ab", "ab") == 0);
        print("{} {} {}\\n", hex(255), reverse("abc"), to_string(12.5));
        """) == """
          abcd ell xyxyxy
          true true false
          2 null
          a b|ABC|abc
          ["a", "b", "", "c"] x-y a__b__
          -42 null null -9223372036854775808
          true true true
          ff cba 12.5

          """)
  }

  @Test func listsAndMaps() {
    #expect(
      prints(
        """
        l : List(i64);
        for 0..10 (i) { l.add(i * i); }
        print("{} {} {} {}\\n", l.items(), l.len, l.pop(), l.last());
        l.insert(0, -1);
        x := l.remove(3);
        l.set(0, 7);
        print("{} {} {}\\n", x, l.get(0), l.items());
        s := list_of(.[5, 3, 9, 1, 3]);
        sort(s.items(), (a: i64, b: i64) -> bool => a < b);
        print("{} {}\\n", s.items(), index_of_value(s.items(), 9));
        reverse_in_place(s.items());
        print("{}\\n", s.items());
        m : Map(string, i64);
        for 0..100 (i) { m.set(to_string(i), i); }
        m.set("7", 700);
        print("{} {} {} {}\\n", m.count(), m.get("7"), m.get("99"), m.get("x"));
        print("{} {} {}\\n", m.remove("7"), m.remove("7"), m.has("7"));
        k : Map(i64, bool);
        k.set(3, true);
        print("{} {}\\n", k.get(3), k.get(4));
        """) == """
          [0, 1, 4, 9, 16, 25, 36, 49, 64, 81] 10 81 64
          4 7 [7, 0, 1, 9, 16, 25, 36, 49, 64]
          [1, 3, 3, 5, 9] 4
          [9, 5, 3, 3, 1]
          100 700 99 null
          true false false
          true null

          """)
  }

  @Test func mathematics() {
    #expect(
      prints(
        """
        print("{} {} {} {}\\n", min(3, 2), abs(-4), clamp(11, 0, 9), sign(-2));
        print("{} {} {} {}\\n", gcd(48, -18), lcm(4, 6), power(3, 4), integer_root(99));
        print("{} {} {} {}\\n", round(2.5), round(-2.5), ceil(1.2), floor(-1.2));
        near :: (a: f64, b: f64) -> bool => abs(a - b) < 0.000000000001;
        print("{} {} {}\\n", near(exp(1.0), E), near(log(10.0)!, 2.302585092994046), log(-1.0));
        print("{} {} {}\\n", near(tan(0.5), 0.5463024898437905), near(sqrt(2.0), 1.4142135623730951), sum_of(.[1, 2, 3]));
        """) == """
          2 4 9 -1
          6 12 81 9
          3.0 -3.0 2.0 -2.0
          true true null
          true true 6

          """)
  }
}
