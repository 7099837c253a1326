// The syllables in which the names of addresses are written: a byte is a prefix or a suffix of three letters.

/// The two tables, and the permutation that hides which star a planet belongs to.
enum Syllables {
  /// The first syllables of pairs, by byte.
  static let prefixes: StaticString = """
    dozmarbinwansamlitsighidfidlissogdirwacsabwissibrigsoldopmodfoglidhopdardorlorhodfolrintogsilmir\
    holpaslacrovlivdalsatlibtabhanticpidtorbolfosdotlosdilforpilramtirwintadbicdifrocwidbisdasmidlop\
    rilnardapmolsanlocnovsitnidtipsicropwitnatpanminritpodmottamtolsavposnapnopsomfinfonbanmorworsip\
    ronnorbotwicsocwatdolmagpicdavbidbaltimtasmalligsivtagpadsaldivdactansidfabtarmonranniswolmispal\
    lasdismaprabtobrollatlonnodnavfignomnibpagsopralbilhaddocridmocpacravripfaltodtiltinhapmicfanpat\
    taclabmogsimsonpinlomrictapfirhasbosbatpochactidhavsaplindibhosdabbitbarracparloddosbortochilmac\
    tomdigfilfasmithobharmighinradmashalraglagfadtopmophabnilnosmilfopfamdatnoldinhatnacrisfotribhoc\
    nimlarfitwalrapsarnalmoslandondanladdovrivbacpollaptalpitnambonrostonfodponsovnocsorlavmatmipfip
    """
  /// The last syllables of pairs, by byte.
  static let suffixes: StaticString = """
    zodnecbudwessevpersutletfulpensytdurwepserwylsunrypsyxdyrnuphebpeglupdepdysputlughecryttyvsydnex\
    lunmeplutseppesdelsulpedtemledtulmetwenbynhexfebpyldulhetmevruttylwydtepbesdexsefwycburderneppur\
    rysrebdennutsubpetrulsynregtydsupsemwynrecmegnetsecmulnymtevwebsummutnyxrextebfushepbenmuswyxsym\
    selrucdecwexsyrwetdylmynmesdetbetbeltuxtugmyrpelsyptermebsetdutdegtexsurfeltudnuxruxrenwytnubmed\
    lytdusnebrumtynseglyxpunresredfunrevrefmectedrusbexlebduxrynnumpyxrygryxfeptyrtustyclegnemfermer\
    tenlusnussyltecmexpubrymtucfyllepdebbermughuttunbylsudpemdevlurdefbusbeprunmelpexdytbyttyplevmyl\
    wedducfurfexnulluclennerlexrupnedlecrydlydfenwelnydhusrelrudneshesfetdesretdunlernyrsebhulryllud\
    remlysfynwerrycsugnysnyllyndyndemluxfedsedbecmunlyrtesmudnytbyrsenwegfyrmurtelreptegpecnelnevfes
    """

  /// The three letters of a byte.
  static func letters(_ byte: UInt8, in table: StaticString) -> [UInt8] {
    let start = Int(byte) * 3
    return (start..<start + 3).map { table.utf8Start[$0] }
  }

  /// The byte with these three letters, nil for none.
  static func byte(_ letters: ArraySlice<UInt8>, in table: StaticString) -> UInt8? {
    guard letters.count == 3, let first = letters.first else { return nil }
    for byte in 0..<256 where table.utf8Start[byte * 3] == first {
      if letters.elementsEqual((byte * 3..<byte * 3 + 3).map { table.utf8Start[$0] }) { return UInt8(byte) }
    }
    return nil
  }

  // MARK: The permutation

  /// A planet's number as it is written, of a number below 2^32 - 2^16; a Feistel network of four rounds over
  /// pairs below 65,535 and 65,536. Nil where the network's function has no answer.
  static func concealed(_ number: UInt32) -> UInt32? { walked(number, permuted) }

  /// The number that is written like this: the inverse of `concealed`.
  static func revealed(_ number: UInt32) -> UInt32? { walked(number, restored) }

  private static let size: UInt64 = 0xFFFF
  private static let span: UInt64 = 0x1_0000

  /// Once, and once more if that left the domain.
  private static func walked(_ number: UInt32, _ step: (UInt64) -> UInt64?) -> UInt32? {
    guard let once = step(UInt64(number)) else { return nil }
    if once < size * span { return UInt32(truncatingIfNeeded: once) }
    return step(once).flatMap { UInt32(exactly: $0) }
  }

  private static func permuted(_ number: UInt64) -> UInt64? {
    var left = number % size
    var right = number / size
    for round in 0..<4 {
      guard let mask = mask(round, right) else { return nil }
      (left, right) = (right, (mask + left) % (round & 1 == 0 ? size : span))
    }
    // Where two numbers would be written alike, one of them is written the other way around.
    return right == size ? right * size + left : left * size + right
  }

  private static func restored(_ number: UInt64) -> UInt64? {
    var left = number / size
    var right = number % size
    if left == size { swap(&left, &right) }
    for round in (0..<4).reversed() {
      guard let mask = mask(round, left) else { return nil }
      let modulus = round & 1 == 0 ? size : span
      (left, right) = ((right + modulus - mask % modulus) % modulus, left)
    }
    return right * size + left
  }

  /// Murmur3 of two bytes, with a seed for each round.
  private static func mask(_ round: Int, _ number: UInt64) -> UInt64? {
    guard number <= 0xFFFF else { return nil }
    let seeds: [UInt32] = [0xB76D_5EED, 0xEE28_1300, 0x85BC_AE01, 0x4B38_7AF7]
    var block = UInt32(truncatingIfNeeded: number) &* 0xCC9E_2D51
    block = (block << 15 | block >> 17) &* 0x1B87_3593
    var hash = seeds[round] ^ block ^ 2
    hash = (hash ^ hash >> 16) &* 0x85EB_CA6B
    hash = (hash ^ hash >> 13) &* 0xC2B2_AE35
    return UInt64(hash ^ hash >> 16)
  }
}
