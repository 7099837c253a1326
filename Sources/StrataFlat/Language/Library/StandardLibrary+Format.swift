// The library's part "Formatting and printing".
//
// Guarantees: plain text in the language; the library's tests run every function in it.

extension StandardLibrary {
  /// Formatting and printing.
  static let formatText = #"""
    // Values as text, by what reflection says of their types.
    #import "modules/std/memory.sx";
    #import "modules/std/text.sx";
    #import "modules/std/meta.sx";
    #import "modules/std/float.sx";

    // Each `{}` in `fmt` stands for the next argument; `{{` and `}}` for a brace.
    format :: (fmt: string, args: ..any) -> string {
      out : StringBuilder;
      append_format(*out, fmt, args);
      return out.to_string();
    }
    print :: (fmt: string, args: ..any) {
      out : StringBuilder;
      append_format(*out, fmt, args);
      if out.len > 0 { write(1, out.data, out.len); }
    }
    println :: (fmt: string, args: ..any) {
      out : StringBuilder;
      append_format(*out, fmt, args);
      out.add_byte('\n');
      write(1, out.data, out.len);
    }
    to_string :: (value: any) -> string {
      out : StringBuilder;
      append_value(*out, value, false);
      return out.to_string();
    }
    any_to_string :: (value: any) -> string => to_string(value);

    append_format :: (out: *StringBuilder, fmt: string, args: []any) {
      i := 0;
      next := 0;
      while i < fmt.len {
        byte := fmt[i];
        follows : u8 = 0;
        if i + 1 < fmt.len { follows = fmt[i + 1]; }
        if byte == '{' and follows == '}' {
          if next < args.len { append_value(out, args[next], false); } else { out.add("{}"); }
          next += 1;
          i += 2;
          continue;
        }
        if (byte == '{' or byte == '}') and follows == byte { i += 1; }
        out.add_byte(byte);
        i += 1;
      }
    }

    append_unsigned :: (out: *StringBuilder, value: u64, base: u64 = 10) {
      digits : [64]u8 = ---;
      n := 64;
      left := value;
      while true {
        n -= 1;
        d := left % base;
        digits[n] = if d < 10 then '0' + d.(u8) else 'a' + (d - 10).(u8);
        left = left / base;
        if left == 0 { break; }
      }
      out.add(digits[n..]);
    }
    append_signed :: (out: *StringBuilder, value: i64) {
      if value < 0 { out.add_byte('-'); append_unsigned(out, (-value).(u64)); return; }
      append_unsigned(out, value.(u64));
    }
    hex :: (value: u64) -> string {
      out : StringBuilder;
      append_unsigned(*out, value, 16);
      return out.to_string();
    }

    // The integer of `size` bytes at an address.
    read_unsigned :: (data: *void, size: i64) -> u64 {
      bytes : [*]u8 = xx data;
      value : u64 = 0;
      i := size;
      while i > 0 { i -= 1; value = (value << 8) | bytes[i]; }
      return value;
    }
    read_signed :: (data: *void, size: i64) -> i64 {
      unused := 64 - size * 8;
      return (read_unsigned(data, size).(i64) << unused) >> unused;
    }
    offset_by :: (data: *void, offset: i64) -> *void {
      bytes : [*]u8 = xx data;
      return xx *bytes[offset];
    }

    append_list :: (out: *StringBuilder, data: *void, element: Type, count: i64) {
      out.add_byte('[');
      for 0..count (i) {
        if i > 0 { out.add(", "); }
        append_value(out, make_any(element, offset_by(data, i * size_of(element))), true);
      }
      out.add_byte(']');
    }
    append_quoted :: (out: *StringBuilder, text: string) {
      out.add_byte('"');
      for text (byte) {
        if byte == {
          case '"': out.add("\\\"");
          case '\\': out.add("\\\\");
          case '\n': out.add("\\n");
          else: out.add_byte(byte);
        }
      }
      out.add_byte('"');
    }
    AnyError :: error { }

    append_value :: (out: *StringBuilder, value: any, quoted: bool) {
      type := value.type;
      data := value.data;
      info := type_info(type);
      if info == {
        case .int: (n) {
          if n.signed { append_signed(out, read_signed(data, size_of(type))); }
          else { append_unsigned(out, read_unsigned(data, size_of(type))); }
        }
        case .usize: append_unsigned(out, read_unsigned(data, size_of(type)));
        case .isize: append_signed(out, read_signed(data, size_of(type)));
        case .float: (f) {
          if f.bits == 32 { p : *f32 = xx data; append_float(out, p.*, true); }
          else { p : *f64 = xx data; append_float(out, p.*, false); }
        }
        case .bool: { p : *bool = xx data; out.add(if p.* then "true" else "false"); }
        case .string: {
          p : *string = xx data;
          if quoted { append_quoted(out, p.*); } else { out.add(p.*); }
        }
        case .cstring: {
          p : *[*]u8 = xx data;
          bytes := p.*;
          i := 0;
          while bytes[i] != 0 { out.add_byte(bytes[i]); i += 1; }
        }
        case .void: out.add("void");
        case .type_value: { p : *Type = xx data; out.add(type_name(p.*)); }
        case .any: { p : *any = xx data; append_value(out, p.*, quoted); }
        case .enum: append_variant(out, type, data);
        case .struct: (s) {
          out.add(type_name(type));
          out.add_byte('{');
          for s.fields, 0.. (field, i) {
            if i > 0 { out.add(", "); }
            out.add(field.name);
            out.add(": ");
            append_value(out, make_any(field.type, offset_by(data, field.offset)), true);
          }
          out.add_byte('}');
        }
        case .tuple: (t) {
          out.add_byte('(');
          for t.elements, 0.. (element, i) {
            if i > 0 { out.add(", "); }
            append_value(out, make_any(element, offset_by(data, struct_field_offset(type, i))), true);
          }
          out.add_byte(')');
        }
        case .array: (a) append_list(out, data, a.elem, a.len);
        case .vector: (v) append_list(out, data, v.elem, v.lanes);
        case .slice: (s) { p : *[]u8 = xx data; append_list(out, p.*.ptr, s.elem, p.*.len); }
        case .optional: (o) append_optional(out, type, o.inner, data, quoted);
        case .error_set: { p : *AnyError = xx data; out.add("error."); out.add(error_name(p.*)); }
        case .pointer, .many_pointer: append_address(out, read_unsigned(data, size_of(type)));
        case .function, .closure: out.add(type_name(type));
        else: { out.add_byte('<'); out.add(type_name(type)); out.add_byte('>'); }
      }
    }
    append_address :: (out: *StringBuilder, address: u64) {
      if address == 0 { out.add("null"); return; }
      out.add("0x");
      append_unsigned(out, address, 16);
    }
    append_optional :: (out: *StringBuilder, type: Type, inner: Type, data: *void, quoted: bool) {
      present := false;
      // Without a flag of its own the first word tells: it is zero when there is no value.
      if size_of(type) == size_of(inner) { present = read_unsigned(data, 8) != 0; }
      else { present = read_unsigned(offset_by(data, size_of(inner)), 1) != 0; }
      if present { append_value(out, make_any(inner, data), quoted); } else { out.add("null"); }
    }
    append_variant :: (out: *StringBuilder, type: Type, data: *void) {
      plain := type_kind(type) == 2;
      width := if plain then size_of(type) else struct_field_offset(type, 0);
      tag := read_signed(data, width);
      for 0..variant_count(type) (i) {
        same := variant_value(type, i) == tag;
        if !same and width < 8 { same = variant_value(type, i) == read_unsigned(data, width).(i64); }
        if !same { continue; }
        out.add_byte('.');
        out.add(variant_name(type, i));
        if plain { return; }
        payload := variant_type(type, i);
        if payload == void { return; }
        out.add_byte('(');
        append_value(out, make_any(payload, offset_by(data, width)), true);
        out.add_byte(')');
        return;
      }
      append_signed(out, tag);
    }
    """#
}
