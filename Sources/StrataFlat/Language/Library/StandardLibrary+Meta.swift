// The library's part "Types as values".
//
// Guarantees: plain text in the language; the library's tests run every function in it.

extension StandardLibrary {
  /// Types as values.
  static let metaText = #"""
    // Types as values: describing them and making new ones.
    #import "modules/std/memory.sx";

    EnumVariant :: struct { name: string; payload: Type; }
    StructField :: struct { name: string; type: Type; offset: i64 = 0; }
    EnumInfo :: struct { variants: []EnumVariant; }
    StructInfo :: struct { fields: []StructField; }
    TupleInfo :: struct { elements: []Type; }
    UnionInfo :: struct { fields: []StructField; }
    IntInfo :: struct { bits: i64; signed: bool; }
    FloatInfo :: struct { bits: i64; }
    ArrayInfo :: struct { elem: Type; len: i64; }
    VectorInfo :: struct { elem: Type; lanes: i64; }
    SliceInfo :: struct { elem: Type; }
    PointerInfo :: struct { pointee: Type; }
    OptionalInfo :: struct { inner: Type; }

    TypeInfo :: enum {
      enum: EnumInfo; struct: StructInfo; tuple: TupleInfo; union: UnionInfo; int: IntInfo; float: FloatInfo;
      bool; string; cstring; void;
      array: ArrayInfo; vector: VectorInfo; slice: SliceInfo; pointer: PointerInfo; many_pointer: PointerInfo;
      optional: OptionalInfo;
      function; closure; protocol; error_set; pack; any; noreturn; usize; isize; type_value;
    }

    RawMember :: struct { name: string; type: Type; }
    raw_declare_type :: (name: string) -> Type intrinsic;
    raw_register_type :: (handle: Type, kind: i64, members: []RawMember) -> Type intrinsic;

    // A name for a type that is defined later; the type may refer to itself by it.
    declare :: (name: string) -> Type => raw_declare_type(name);

    // Gives a declared type its shape.
    define :: (handle: Type, info: TypeInfo) -> Type {
      if info == {
        case .struct: (s) {
          members := new_array(RawMember, s.fields.len);
          for s.fields, 0.. (f, i) { members[i] = .{ f.name, f.type }; }
          return raw_register_type(handle, 1, members);
        }
        case .enum: (e) {
          members := new_array(RawMember, e.variants.len);
          kind := 2;
          for e.variants, 0.. (v, i) {
            members[i] = .{ v.name, v.payload };
            if v.payload != void { kind = 3; }
          }
          return raw_register_type(handle, kind, members);
        }
        case .tuple: (t) {
          members := new_array(RawMember, t.elements.len);
          for t.elements, 0.. (e, i) { members[i] = .{ "", e }; }
          return raw_register_type(handle, 4, members);
        }
        else: { return raw_register_type(handle, 0, .[]); }
      }
    }
    make_enum :: (name: string, variants: []EnumVariant) -> Type => define(declare(name), .enum(.{ variants = variants }));
    make_struct :: (name: string, fields: []StructField) -> Type => define(declare(name), .struct(.{ fields = fields }));
    make_tuple :: (elements: []Type) -> Type => define(declare("tuple"), .tuple(.{ elements = elements }));
    """#
}
