// A module: the functions, globals and types of one program.
// Guarantees: numbers given out stay valid; a function declared without a body may be given one later under the same number.

/// A constant that a global starts with.
public indirect enum Constant: Hashable, Sendable {
  case integer(Int64)
  case float(Double)
  case boolean(Bool)
  case string([UInt8])
  case null
  case undefined
  case zero
  case aggregate([Constant])
  /// A table of function words.
  case functionTable([FunctionID])
  case function(FunctionID)
  /// The address of another global.
  case globalAddress(GlobalID)
}

/// A global variable or constant.
public struct Global: Hashable, Sendable {
  public var name: String
  public var type: TypeID
  public var initializer: Constant?
  /// A function without parameters whose result is the initial value; evaluated on first use.
  public var initializingFunction: FunctionID?
  public var isExternal = false
  public var isConstant = false
  public var isThreadLocal = false

  public init(
    name: String, type: TypeID, initializer: Constant? = nil, initializingFunction: FunctionID? = nil,
    isConstant: Bool = false
  ) {
    self.name = name
    self.type = type
    self.initializer = initializer
    self.initializingFunction = initializingFunction
    self.isConstant = isConstant
  }
}

/// A source file that spans refer to.
public struct SourceFile: Hashable, Sendable {
  public var path: String
  /// The text, kept so that traces can show lines; nil when it is not available.
  public var text: String?

  public init(path: String, text: String? = nil) {
    self.path = path
    self.text = text
  }
}

/// One program in intermediate form. Modules are changed by one owner at a time and are not shared between threads.
public final class Module {
  public let types: TypeTable
  public private(set) var functions: [Function] = []
  public private(set) var globals: [Global] = []
  public var files: [SourceFile] = []
  /// Grows whenever a function is replaced, so that evaluators notice that compiled code is stale.
  public private(set) var revision: UInt64 = 0
  /// Which functions were verified without issues since `soundRevision`.
  private var sound: [Bool] = []
  private var soundRevision: UInt64 = 0
  /// How many functions may drop storage.
  private var droppingCount = 0
  /// True when some function may drop storage, so that no address stays valid by itself.
  var mayDropStorage: Bool { droppingCount > 0 }
  private var functionsByName: [String: FunctionID] = [:]
  private var globalsByName: [String: GlobalID] = [:]

  /// The name of the global that holds the default context.
  public static let defaultContextName = "__sx_default_context"

  public init(target: Target = .pointers64) { types = TypeTable(target: target) }

  /// True when the program declares a context, so that ordinary functions have a hidden first parameter.
  public var hasImplicitContext = false

  // MARK: Functions

  /// Adds a function. If an external function of that name was declared, it takes the external's number instead.
  @discardableResult
  public func add(_ function: Function) -> FunctionID {
    if let known = functionsByName[function.name], functions[Int(known.rawValue)].isExternal, !function.isExternal {
      replace(known, with: function)
      return known
    }
    return append(function)
  }

  /// Adds a function under the next number even if an external function of that name was declared.
  @discardableResult
  func append(_ function: Function) -> FunctionID {
    let number = FunctionID(UInt32(truncatingIfNeeded: functions.count))
    functions.append(function)
    if function.dropsStorage { droppingCount += 1 }
    if functionsByName[function.name] == nil { functionsByName[function.name] = number }
    return number
  }

  /// Declares a function that the machine or the host serves by name.
  @discardableResult
  public func addExternal(_ name: String, parameters: [Parameter], result: TypeID) -> FunctionID {
    if let known = functionsByName[name] { return known }
    var function = Function(name: name, parameters: parameters, result: result)
    function.isExternal = true
    return add(function)
  }

  /// Replaces a function, for instance to give a declared one its body. Unknown numbers are ignored.
  public func replace(_ number: FunctionID, with function: Function) {
    guard Int(number.rawValue) < functions.count else { return }
    if functions[Int(number.rawValue)].dropsStorage { droppingCount -= 1 }
    if function.dropsStorage { droppingCount += 1 }
    functions[Int(number.rawValue)] = function
    revision &+= 1
  }

  /// The function of that number, or nil.
  public func function(_ number: FunctionID) -> Function? {
    Int(number.rawValue) < functions.count ? functions[Int(number.rawValue)] : nil
  }

  /// The first function of that name.
  public func findFunction(_ name: String) -> FunctionID? { functionsByName[name] }

  /// The first issue of a function, or nil when it is sound. Sound functions are verified once.
  func firstIssue(_ number: FunctionID) -> VerifierIssue? {
    if soundRevision != revision {
      soundRevision = revision
      sound.removeAll(keepingCapacity: true)
    }
    let index = Int(number.rawValue)
    if index < sound.count, sound[index] { return nil }
    if let issue = verify(number).first { return issue }
    while sound.count < functions.count { sound.append(false) }
    if index < sound.count { sound[index] = true }
    return nil
  }

  // MARK: Globals

  @discardableResult
  public func add(_ global: Global) -> GlobalID {
    let number = GlobalID(UInt32(truncatingIfNeeded: globals.count))
    globals.append(global)
    if globalsByName[global.name] == nil { globalsByName[global.name] = number }
    return number
  }

  /// Replaces a global, for instance to fill in its initial value. Unknown numbers are ignored.
  public func replace(_ number: GlobalID, with global: Global) {
    guard Int(number.rawValue) < globals.count else { return }
    globals[Int(number.rawValue)] = global
    revision &+= 1
  }

  public func global(_ number: GlobalID) -> Global? {
    Int(number.rawValue) < globals.count ? globals[Int(number.rawValue)] : nil
  }

  public func findGlobal(_ name: String) -> GlobalID? { globalsByName[name] }
}
