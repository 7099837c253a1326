// Compiled formulas, their call sites, and the cache that finds the code of a formula.

import StrataMemory
import StrataNoun

/// One compiled formula, in plain memory as long as its cache. Its instructions lie behind it.
public struct Code {
  /// The formula, fixed in the commons or in bedrock.
  public let formula: Word
  /// The instructions. Branch targets count from here.
  public let start: UnsafeMutablePointer<UInt64>
  public let wordCount: Int
  /// How many registers an activation may use.
  public let registerCount: Int
  /// How often it was entered, while the exact counter is on.
  public var entries: UInt64 = 0
  /// The site of native routines that call a gate with this formula; made when one does.
  var slamSite: UnsafeMutablePointer<Site>?
}

/// What a call instruction has learned: the formula that it met last, that formula's code, and the jet that answers
/// for it.
public struct Site {
  /// The raw word of the formula, all ones when nothing is cached.
  var formula: UInt64 = .max
  var code: UnsafeMutablePointer<Code>
  /// The arm's axis in the core; 0 for a call of no arm.
  let arm: UInt64
  /// The registry's epoch when the jet was looked for.
  var epoch: UInt64 = 0
  /// The jet's number + 1, or 0 for none.
  var jet = 0
  /// The location that cores must be matched with for the jet to answer, and the core that was matched last: its
  /// battery, and its parent as it was.
  var location = 0
  var battery: UInt64 = .max
  var parent: UInt64 = .max
}

/// All code of one machine, found by the formula's identity where that cannot change, else by fingerprint and equality.
public final class CodeCache: RootProvider {
  let nursery: Nursery
  private var byIdentity = WordTable()
  /// The formula of each code, by value.
  private var formulas = FixedNouns()
  private(set) var codes: [UnsafeMutablePointer<Code>] = []
  private(set) var sites: [UnsafeMutablePointer<Site>] = []
  /// Sites whose formula may move or vanish with the next collection or frame end.
  private var volatileSites: [UnsafeMutablePointer<Site>] = []
  /// Sites that were taken back.
  private var spareSites: [UnsafeMutablePointer<Site>] = []
  /// Where codes and sites lie.
  private var memory = CodeMemory()
  /// Code of no formula, for sites that have met none yet: crashes if it is ever run.
  let unresolved: UnsafeMutablePointer<Code>

  /// Tells `%fast` instructions apart.
  let registry: JetRegistry

  init(_ nursery: Nursery, _ registry: JetRegistry) {
    self.nursery = nursery
    self.registry = registry
    let crash = UnsafeMutablePointer<UInt64>.allocate(capacity: 1)
    crash.initialize(to: Instruction(.crash).raw)
    unresolved = .allocate(capacity: 1)
    unresolved.initialize(to: Code(formula: .zero, start: crash, wordCount: 1, registerCount: 1))
    nursery.add(self)
  }

  deinit {
    unresolved.pointee.start.deallocate()
    unresolved.deallocate()
    memory.free()
    byIdentity.free()
    formulas.free()
  }

  /// Puts a formula's code behind what is known of it.
  private func place(_ formula: Word, _ words: [UInt64], registerCount: Int) throws(Fault) -> UnsafeMutablePointer<Code>
  {
    let headWords = MemoryLayout<Code>.stride / 8
    let place = try memory.allocate(headWords + words.count)
    let start = place + headWords
    for (index, word) in words.enumerated() { start[index] = word }
    let code = UnsafeMutableRawPointer(place).bindMemory(to: Code.self, capacity: 1)
    code.initialize(
      to: Code(formula: formula, start: start, wordCount: words.count, registerCount: registerCount))
    return code
  }

  /// Bytes of instructions and sites.
  public var byteCount: Int { codeBytes + sites.count * MemoryLayout<Site>.stride }
  private var codeBytes = 0

  /// What the current run may still compile: parts of formulas looked at, words written and formulas compared. A run that
  /// makes new formulas all the time would else take as long for a step as it likes.
  private var workLeft = UInt64.max
  /// Bytes of code, sites and formulas copied for them, and how many there were when the current run began.
  private var bytesInAll: Int { byteCount + copiedBytes }
  private var copiedBytes = 0
  private var bytesBefore = 0

  /// What compiling may cost in a run, for each step that the run may take, and besides.
  static let workForStep: UInt64 = 16
  static let workForRun: UInt64 = 1 << 20

  /// Counts what the run has compiled, and `bytes` more, as memory that it uses. Throws `.bytes` when that is too much.
  private func charge(_ bytes: Int) throws(Fault) {
    guard bytesInAll - bytesBefore + bytes <= nursery.freeBytes else { throw .bytes }
  }

  /// A run of at most so many steps begins.
  func beginRun(stepLimit: UInt64) {
    let (work, overflow) = stepLimit.multipliedReportingOverflow(by: CodeCache.workForStep)
    let (sum, isTooLarge) = work.addingReportingOverflow(CodeCache.workForRun)
    workLeft = overflow || isTooLarge ? .max : sum
    bytesBefore = bytesInAll
  }

  /// Takes from what may still be compiled. Throws `.steps` when it is used up.
  private func spend(_ work: Int) throws(Fault) {
    guard workLeft != .max else { return }
    guard UInt64(work) <= workLeft else { throw .steps }
    workLeft -= UInt64(work)
  }

  /// Whether formulas that go on with themselves become loops. A tracer wants to see each turn as a call.
  var makesLoops = true

  /// Takes back sites that were made for code that is not used.
  func dropSites(from count: Int) {
    while sites.count > count { spareSites.append(sites.removeLast()) }
  }

  /// A site that has met nothing. Throws `.refused` when there is no memory for it.
  func makeSite(arm: UInt64) throws(Fault) -> UnsafeMutablePointer<Site> {
    let site: UnsafeMutablePointer<Site>
    if let spare = spareSites.popLast() {
      site = spare
    } else {
      let place = try memory.allocate(MemoryLayout<Site>.stride / 8)
      site = UnsafeMutableRawPointer(place).bindMemory(to: Site.self, capacity: 1)
    }
    site.initialize(to: Site(code: unresolved, arm: arm))
    sites.append(site)
    return site
  }

  /// The site through which native routines call gates with this code.
  func slamSite(of code: UnsafeMutablePointer<Code>) throws(Fault) -> UnsafeMutablePointer<Site> {
    if let site = code.pointee.slamSite { return site }
    let site = try makeSite(arm: 2)
    site.pointee.formula = code.pointee.formula.raw
    site.pointee.code = code
    code.pointee.slamSite = site
    return site
  }

  /// Makes `site` remember that `formula` has `code`.
  func fill(_ site: UnsafeMutablePointer<Site>, _ formula: Word, _ code: UnsafeMutablePointer<Code>) {
    if !nursery.isFixed(formula) { forgetSoon(site) }
    site.pointee.formula = formula.raw
    site.pointee.code = code
  }

  /// Makes the site forget what it knows when things move.
  func forgetSoon(_ site: UnsafeMutablePointer<Site>) { volatileSites.append(site) }

  /// The code of `formula`, compiled now if this is the first time. Throws `.exit` for an atom; everything else that
  /// is wrong with a formula is found when the wrong part is reached.
  func code(for formula: Word) throws(Fault) -> UnsafeMutablePointer<Code> {
    guard formula.isCell else { throw .exit }
    let isFixed = nursery.isFixed(formula)
    if isFixed, let known = byIdentity.value(of: formula.raw) { return codes[Int(known)] }
    let search = try formulas.search(formula, in: nursery)
    if search.number >= 0 {
      if isFixed { try byIdentity.set(formula.raw, to: UInt64(search.number)) }
      return codes[search.number]
    }
    try spend(CodeCache.workForFormula + search.compared)
    let commonsWords = nursery.commonsWords
    let fixed = try nursery.copyToCommons(formula)
    let copied = nursery.commonsWords - commonsWords
    copiedBytes += copied * 8
    try spend(copied / 8)
    try charge(0)
    var compiler = Compiler(nursery: nursery, cache: self)
    let (words, registerCount) = try compiler.compile(fixed)
    try spend(compiler.work)
    let size = words.count * 8 + MemoryLayout<Code>.stride
    try charge(size)
    let code = try place(fixed, words, registerCount: registerCount)
    try formulas.add(fixed, after: search)
    codeBytes += size
    codes.append(code)
    try byIdentity.set(fixed.raw, to: UInt64(codes.count - 1))
    return code
  }

  /// How often formulas were compared since the cache was made.
  var comparisons: Int { formulas.comparisons }

  /// What a formula costs beside what is looked at in it.
  private static let workForFormula = 16

  /// Where among `codes` the code of a formula is, if it was compiled; compiles nothing.
  func knownIndex(of formula: Word) -> Int? {
    guard formula.isCell else { return nil }
    if nursery.isFixed(formula), let known = byIdentity.value(of: formula.raw) { return Int(known) }
    guard let found = try? formulas.search(formula, in: nursery).number, found >= 0 else { return nil }
    return found
  }

  public func visitRoots(_ collector: inout Collector) { forgetVolatile() }
  public func frameEnded(depth: Int, bailed: Bool) { forgetVolatile() }

  private func forgetVolatile() {
    for site in volatileSites {
      site.pointee.formula = .max
      site.pointee.battery = .max
    }
    volatileSites.removeAll(keepingCapacity: true)
  }
}
