// One connection to SQLite: statements as values, and every return code looked at.
//
// Used by one thread at a time. Errors carry SQLite's words and, when the disk was the cause, the disk's.

import CSQLite

/// What SQLite said, and whether the disk was full.
struct SQLiteFailure: Error {
  let code: Int32
  let text: String
  let disk: DiskFailure?

  /// Whether the transaction failed for want of space, which puts nothing in doubt.
  var isNoSpace: Bool { code & 0xFF == SQLITE_FULL || disk?.isNoSpace == true }
  /// Whether another connection holds the file.
  var isBusy: Bool { code & 0xFF == SQLITE_BUSY || code & 0xFF == SQLITE_LOCKED }
  /// Whether the file is not what SQLite wrote.
  var isDamage: Bool { code & 0xFF == SQLITE_CORRUPT || code & 0xFF == SQLITE_NOTADB }
  /// All of it in one line.
  var reason: String { disk.map { "\($0)" } ?? text }
}

/// A value in a row or a parameter.
enum SQLiteValue {
  case integer(Int64)
  case blob([UInt8])
  case null
}

/// An open database.
final class SQLiteConnection {
  private var handle: OpaquePointer?
  private var statements: [String: OpaquePointer] = [:]
  private let disk: SQLiteDisk

  /// Opens the database at `path` for reading and writing, and makes it if it does not exist.
  init(_ path: String, on disk: SQLiteDisk) throws(SQLiteFailure) {
    self.disk = disk
    let flags =
      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE
    let code = sqlite3_open_v2(path, &handle, flags, disk.name)
    if code != SQLITE_OK {
      let failure = failure(code)
      close()
      throw failure
    }
    _ = sqlite3_extended_result_codes(handle, 1)
  }

  deinit { close() }

  /// Ends all statements and closes the database. What is not committed is dropped.
  func close() {
    for (_, statement) in statements { sqlite3_finalize(statement) }
    statements.removeAll()
    if let handle { sqlite3_close_v2(handle) }
    handle = nil
  }

  func failure(_ code: Int32) -> SQLiteFailure {
    let isOfDisk = code & 0xFF == SQLITE_IOERR || code & 0xFF == SQLITE_FULL || code & 0xFF == SQLITE_CANTOPEN
    let text = handle.flatMap { sqlite3_errmsg($0) }.map { String(cString: $0) } ?? "no memory"
    return SQLiteFailure(code: code, text: "\(text) (\(code))", disk: isOfDisk ? disk.lastFailure : nil)
  }

  /// Runs statements without parameters and without a result that matters.
  func execute(_ text: String) throws(SQLiteFailure) {
    let code = sqlite3_exec(handle, text, nil, nil, nil)
    if code != SQLITE_OK { throw failure(code) }
  }

  private func prepared(_ text: String) throws(SQLiteFailure) -> OpaquePointer {
    if let statement = statements[text] { return statement }
    var statement: OpaquePointer?
    let code = sqlite3_prepare_v3(handle, text, -1, UInt32(SQLITE_PREPARE_PERSISTENT), &statement, nil)
    guard code == SQLITE_OK, let statement else { throw failure(code) }
    statements[text] = statement
    return statement
  }

  /// Runs one statement with parameters; calls `row` for each row until it returns false.
  func run(
    _ text: String, _ parameters: [SQLiteValue] = [], row: (SQLiteRow) -> Bool = { _ in true }
  ) throws(SQLiteFailure) {
    let statement = try prepared(text)
    defer {
      // The code repeats what the step said.
      _ = sqlite3_reset(statement)
      _ = sqlite3_clear_bindings(statement)
    }
    for (index, parameter) in parameters.enumerated() {
      let code = bind(parameter, statement, Int32(index + 1))
      if code != SQLITE_OK { throw failure(code) }
    }
    while true {
      let code = sqlite3_step(statement)
      if code == SQLITE_DONE { return }
      if code != SQLITE_ROW { throw failure(code) }
      if !row(SQLiteRow(statement: statement)) { return }
    }
  }

  private func bind(_ value: SQLiteValue, _ statement: OpaquePointer, _ index: Int32) -> Int32 {
    switch value {
    case .null: return sqlite3_bind_null(statement, index)
    case .integer(let integer): return sqlite3_bind_int64(statement, index, integer)
    case .blob(let bytes):
      if bytes.isEmpty { return sqlite3_bind_zeroblob(statement, index, 0) }
      // SQLite's "transient" destructor: it makes a copy before the call returns.
      let copies = unsafeBitCast(-1, to: sqlite3_destructor_type.self)
      return bytes.withUnsafeBytes {
        sqlite3_bind_blob64(statement, index, $0.baseAddress, UInt64($0.count), copies)
      }
    }
  }

  /// The first column of the first row, or nil.
  func integer(_ text: String, _ parameters: [SQLiteValue] = []) throws(SQLiteFailure) -> Int64? {
    var found: Int64?
    try run(text, parameters) { row in
      if !row.isNull(0) { found = row.integer(0) }
      return false
    }
    return found
  }

  /// Whether a transaction is open.
  var isInTransaction: Bool { handle.map { sqlite3_get_autocommit($0) == 0 } ?? false }
  /// How many rows the last statement changed.
  var changes: Int { handle.map { Int(sqlite3_changes($0)) } ?? 0 }
}

/// The current row of a running statement; valid until the next step.
struct SQLiteRow {
  fileprivate let statement: OpaquePointer

  func integer(_ column: Int32) -> Int64 { sqlite3_column_int64(statement, column) }
  func isNull(_ column: Int32) -> Bool { sqlite3_column_type(statement, column) == SQLITE_NULL }

  func bytes(_ column: Int32) -> [UInt8] {
    let count = Int(sqlite3_column_bytes(statement, column))
    guard count > 0, let start = sqlite3_column_blob(statement, column) else { return [] }
    return Array(UnsafeRawBufferPointer(start: start, count: count))
  }
}
