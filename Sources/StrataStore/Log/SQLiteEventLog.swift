// The embedded event log: one SQLite database, readable with the ordinary tools when no machine runs on it.
//
// Settings, and why. Write-ahead log with synchronous=FULL: one sync for each transaction, made before the commit
// returns, and a checksum on every frame, so that a torn tail is an event that was never acknowledged. A rollback
// journal would need three syncs. Exclusive locking: no shared memory, and nobody else writes. After a sync has failed
// the log stops; when it is opened again, everything that is still readable is written out anew (a truncating
// checkpoint) before anything is acknowledged, because the kernel may show data that it has failed to write.

import CSQLite
import Glibc
import StrataMemory
import Synchronization

/// An event log in a SQLite database.
public final class SQLiteEventLog: EventLog, @unchecked Sendable {
  public let path: String
  private let system: SQLiteDisk
  /// Guarded by `mutex`, but for the connection, which belongs to whoever set `isBusy`.
  private let connection: SQLiteConnection
  private let mutex = Lock()
  private var waiters: [LogTicket] = []
  /// Events that the leader is writing.
  private var underWay = 0
  private var outcomes: [(number: UInt64, outcome: EventOutcome)] = []
  private var isBusy = false
  private var failure: EventLogFailure?
  private var firstKept: UInt64
  /// Read without the mutex by everybody who asks where the log ends; questions would else keep appends waiting.
  private let durable: Atomic<UInt64>
  private var lastDurable: UInt64 {
    get { durable.load(ordering: .acquiring) }
    set { durable.store(newValue, ordering: .releasing) }
  }
  private var batches = 0
  private let refusals = Atomic<Int>(0)

  /// How many events are made durable together at most.
  private static let batchLimit = 1024
  private static let applicationNumber = 0x5354_524C  // "STRL"
  private static let formatVersion = 1

  /// Opens the log at `path`, and makes it when it does not exist.
  public static func open(_ path: String, on disk: any Disk) throws(EventLogFailure) -> SQLiteEventLog {
    guard let system = SQLiteDisk(disk) else { throw .failed(path: path, reason: "SQLite cannot be set up") }
    do throws(SQLiteFailure) {
      let connection = try SQLiteConnection(path, on: system)
      return try SQLiteEventLog(path, system, connection)
    } catch {
      if error.isBusy { throw .inUse(path: path) }
      if error.isNoSpace { throw .noSpace(path: path) }
      if error.isDamage { throw .notALog(path: path, reason: error.reason) }
      throw .failed(path: path, reason: error.reason)
    }
  }

  private init(_ path: String, _ system: SQLiteDisk, _ connection: SQLiteConnection) throws(SQLiteFailure) {
    self.path = path
    self.system = system
    self.connection = connection
    try SQLiteEventLog.prepare(connection)
    system.lastFailure = nil
    let last = try connection.integer("SELECT max(number) FROM events")
    let trimmed = try connection.integer("SELECT value FROM facts WHERE name = 'trimmed'") ?? 0
    let end = max(last ?? 0, trimmed)
    durable = Atomic(UInt64(end))
    let first = try connection.integer("SELECT min(number) FROM events")
    firstKept = UInt64(first ?? end + 1)
  }

  deinit {
    connection.close()
  }

  private static func prepare(_ connection: SQLiteConnection) throws(SQLiteFailure) {
    try connection.execute("PRAGMA locking_mode=EXCLUSIVE; PRAGMA mmap_size=0; PRAGMA temp_store=MEMORY")
    try connection.execute("PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON; PRAGMA secure_delete=OFF")
    let version = try connection.integer("PRAGMA user_version") ?? 0
    if version == 0 {
      // Only effective before the first table; lets `trim` give space back without rewriting the file.
      try connection.execute("PRAGMA page_size=\(pageBytes); PRAGMA auto_vacuum=INCREMENTAL")
    }
    try connection.execute(
      "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=2000; PRAGMA journal_size_limit=33554432"
    )
    if version == 0 {
      let known = try connection.integer("SELECT count(*) FROM sqlite_master") ?? 0
      if known != 0 {
        throw SQLiteFailure(code: SQLITE_NOTADB, text: "it is a database of something else", disk: nil)
      }
      try connection.execute(
        """
        BEGIN IMMEDIATE;
        CREATE TABLE events(number INTEGER PRIMARY KEY, checksum INTEGER NOT NULL, payload BLOB NOT NULL) STRICT;
        CREATE TABLE outcomes(number INTEGER PRIMARY KEY, checksum INTEGER NOT NULL, status INTEGER NOT NULL,
          mug INTEGER, detail BLOB NOT NULL) STRICT;
        CREATE TABLE facts(name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
        PRAGMA application_id=\(applicationNumber);
        PRAGMA user_version=\(formatVersion);
        COMMIT
        """)
    } else {
      let application = try connection.integer("PRAGMA application_id") ?? 0
      if Int(application) != applicationNumber {
        throw SQLiteFailure(code: SQLITE_NOTADB, text: "it is a database of something else", disk: nil)
      }
      if Int(version) > formatVersion {
        throw SQLiteFailure(code: SQLITE_NOTADB, text: "format \(version) is newer than this program", disk: nil)
      }
    }
    // Whatever a process before could not sync is written anew, and synced, before anything is acknowledged.
    var busy: Int64 = 0
    try connection.run("PRAGMA wal_checkpoint(TRUNCATE)") { row in
      busy = row.integer(0)
      return true
    }
    if busy != 0 { throw SQLiteFailure(code: SQLITE_BUSY, text: "the checkpoint is blocked", disk: nil) }
  }

  // MARK: - State

  private func locked<Result>(_ work: () throws(EventLogFailure) -> Result) throws(EventLogFailure) -> Result {
    try mutex.withLock(work)
  }

  public var first: UInt64 {
    mutex.lock()
    defer { mutex.unlock() }
    return firstKept
  }

  public var last: UInt64 { lastDurable }

  /// How many transactions the log has committed since it was opened; fewer than events when callers share them.
  public var batchCount: Int {
    mutex.lock()
    defer { mutex.unlock() }
    return batches
  }

  /// Why the log has stopped, if it has.
  public var stopReason: EventLogFailure? {
    mutex.lock()
    defer { mutex.unlock() }
    return failure
  }

  /// How often a batch could not be written. All events that were waiting then were refused.
  public var failureCount: Int { refusals.load(ordering: .acquiring) }

  // MARK: - Appending

  public func append(_ payload: [UInt8]) throws(EventLogFailure) -> UInt64 {
    let ticket = LogTicket(payload: payload, outcome: nil)
    try locked { () throws(EventLogFailure) -> Void in
      if let failure { throw failure }
      waiters.append(ticket)
      waitLocked(ticket)
    }
    return try ticket.result.get()
  }

  public func submit(
    _ payload: [UInt8], _ outcome: EventOutcome?, as number: UInt64
  ) throws(EventLogFailure) -> LogTicket {
    let ticket = LogTicket(payload: payload, outcome: outcome)
    try locked { () throws(EventLogFailure) -> Void in
      if let failure { throw failure }
      // Something before it was refused, and this event is based on that.
      if number != lastDurable + UInt64(underWay + waiters.count) + 1 { throw .noSuchEvent(number) }
      waiters.append(ticket)
    }
    return ticket
  }

  @discardableResult
  public func wait(_ ticket: LogTicket) throws(EventLogFailure) -> UInt64 {
    mutex.lock()
    waitLocked(ticket)
    mutex.unlock()
    return try ticket.result.get()
  }

  /// Waits for the ticket's event to be durable or refused; leads where nobody else does.
  private func waitLocked(_ ticket: LogTicket) {
    while !ticket.isSettled {
      if isBusy {
        mutex.wait()
      } else {
        lead()
      }
    }
  }

  /// Makes the waiting events durable, as one transaction, on this thread. With the mutex held; gives it up meanwhile.
  private func lead() {
    isBusy = true
    let batch = Array(waiters.prefix(SQLiteEventLog.batchLimit))
    waiters.removeFirst(batch.count)
    underWay = batch.count
    let noted = outcomes
    outcomes.removeAll()
    let start = lastDurable
    let known = failure
    mutex.unlock()
    var outcome: Result<Void, EventLogFailure>
    if let known {
      outcome = .failure(known)
    } else {
      do throws(EventLogFailure) {
        try write(batch, after: start, noted)
        outcome = .success(())
      } catch { outcome = .failure(error) }
    }
    mutex.lock()
    switch outcome {
    case .success:
      batches += 1
      for (index, waiter) in batch.enumerated() { waiter.settle(.success(start + UInt64(index) + 1)) }
      lastDurable = start + UInt64(batch.count)
      // SQLite keeps quiet about a checkpoint that fails after a commit. The events are safe, but the disk is not.
      if let failed = system.lastFailure, !failed.isNoSpace { stop(.stopped(path: path, reason: "\(failed)")) }
    case .failure(let reason):
      // Whatever waits behind a refused event may be based on it, and is refused too.
      refusals.add(1, ordering: .acquiringAndReleasing)
      for waiter in batch + waiters { waiter.settle(.failure(reason)) }
      waiters.removeAll()
      outcomes = noted + outcomes
      if case .stopped = reason { stop(reason) }
    }
    underWay = 0
    isBusy = false
    mutex.wakeAll()
  }

  /// Nothing is acknowledged from here on. With the mutex held.
  private func stop(_ reason: EventLogFailure) {
    failure = failure ?? reason
    for waiter in waiters { waiter.settle(.failure(reason)) }
    waiters.removeAll()
  }

  private func write(
    _ batch: [LogTicket], after start: UInt64, _ noted: [(number: UInt64, outcome: EventOutcome)]
  ) throws(EventLogFailure) {
    try transaction { () throws(SQLiteFailure) -> Void in
      for (index, ticket) in batch.enumerated() {
        let number = start + UInt64(index) + 1
        try insert(number, ticket.payload)
        if let outcome = ticket.outcome { try insert(number, outcome) }
      }
      for (number, outcome) in noted { try insert(number, outcome) }
    }
  }

  private func insert(_ number: UInt64, _ payload: [UInt8]) throws(SQLiteFailure) {
    try connection.run(
      "INSERT INTO events(number, checksum, payload) VALUES(?, ?, ?)",
      [.integer(Int64(number)), .integer(Int64(EventChecksum.of(number, payload))), .blob(payload)])
  }

  private func insert(_ number: UInt64, _ outcome: EventOutcome) throws(SQLiteFailure) {
    try connection.run(
      "INSERT OR REPLACE INTO outcomes(number, checksum, status, mug, detail) VALUES(?, ?, ?, ?, ?)",
      [
        .integer(Int64(number)), .integer(Int64(EventChecksum.of(number, outcome))),
        .integer(Int64(outcome.status.rawValue)), outcome.mug.map { .integer(Int64($0)) } ?? .null,
        .blob(outcome.detail),
      ])
  }

  /// Runs `work` as one transaction. After a failure nothing of it is left, or the log has to stop.
  private func transaction(_ work: () throws(SQLiteFailure) -> Void) throws(EventLogFailure) {
    do throws(SQLiteFailure) {
      try connection.run("BEGIN IMMEDIATE")
      try work()
      try connection.run("COMMIT")
    } catch {
      var isUndone = true
      if connection.isInTransaction {
        do throws(SQLiteFailure) { try connection.run("ROLLBACK") } catch { isUndone = !connection.isInTransaction }
      }
      // Only want of space is known to leave the file in a state that further transactions may build on.
      if error.isNoSpace, isUndone { throw .noSpace(path: path) }
      throw .stopped(path: path, reason: error.reason)
    }
  }

  /// Takes the connection for `work`; appends wait meanwhile.
  private func owning<Value>(_ work: () throws(EventLogFailure) -> Value) throws(EventLogFailure) -> Value {
    mutex.lock()
    while isBusy { mutex.wait() }
    if let failure {
      mutex.unlock()
      throw failure
    }
    isBusy = true
    mutex.unlock()
    var result: Result<Value, EventLogFailure>
    do throws(EventLogFailure) { result = .success(try work()) } catch { result = .failure(error) }
    mutex.lock()
    if case .failure(.stopped(let path, let reason)) = result { stop(.stopped(path: path, reason: reason)) }
    isBusy = false
    mutex.wakeAll()
    mutex.unlock()
    return try result.get()
  }

  public func note(_ outcome: EventOutcome, of number: UInt64) throws(EventLogFailure) {
    try locked { () throws(EventLogFailure) -> Void in
      if let failure { throw failure }
      guard number >= 1, number <= lastDurable else { throw .noSuchEvent(number) }
      outcomes.append((number, outcome))
    }
  }

  /// Writes the outcomes that were noted, without waiting for the next event.
  public func flush() throws(EventLogFailure) {
    try owning { () throws(EventLogFailure) -> Void in
      mutex.lock()
      let noted = outcomes
      outcomes.removeAll()
      mutex.unlock()
      if noted.isEmpty { return }
      do throws(EventLogFailure) { try write([], after: 0, noted) } catch {
        mutex.lock()
        outcomes = noted + outcomes
        mutex.unlock()
        throw error
      }
    }
  }

  // MARK: - Reading

  public func read(from number: UInt64, _ body: (LoggedEvent) -> Bool) throws(EventLogFailure) {
    var next = max(number, 1)
    while true {
      // In pieces, so that appends do not wait for a reader of the whole log.
      let (events, last) = try owning { () throws(EventLogFailure) -> ([LoggedEvent], UInt64) in
        (try readPiece(from: next), lastDurable)
      }
      for event in events where !body(event) { return }
      next += UInt64(events.count)
      if next > last { return }
    }
  }

  private func readPiece(from number: UInt64) throws(EventLogFailure) -> [LoggedEvent] {
    if number > lastDurable { return [] }
    if number < firstKept { throw .noSuchEvent(number) }
    var events: [LoggedEvent] = []
    var bytes = 0
    var found: EventLogFailure?
    do throws(SQLiteFailure) {
      try connection.run(
        """
        SELECT e.number, e.checksum, e.payload, o.checksum, o.status, o.mug, o.detail
        FROM events e LEFT JOIN outcomes o ON o.number = e.number WHERE e.number >= ? ORDER BY e.number
        """, [.integer(Int64(number))]
      ) { row in
        let expected = number + UInt64(events.count)
        switch decode(row, expected) {
        case .success(let event):
          events.append(event)
          bytes += event.payload.count
          return events.count < 1000 && bytes < 1 << 20 && event.number < lastDurable
        case .failure(let failure):
          found = failure
          return false
        }
      }
    } catch {
      if error.isDamage { throw .damaged(path: path, event: number + UInt64(events.count), finding: error.reason) }
      throw .failed(path: path, reason: error.reason)
    }
    // What precedes the damage is good and is handed out first; the next piece begins with the damage.
    if let found, events.isEmpty { throw found }
    if events.isEmpty { throw .damaged(path: path, event: number, finding: "it is missing") }
    return events
  }

  private func decode(_ row: SQLiteRow, _ expected: UInt64) -> Result<LoggedEvent, EventLogFailure> {
    func damage(_ finding: String) -> Result<LoggedEvent, EventLogFailure> {
      .failure(.damaged(path: path, event: expected, finding: finding))
    }
    guard UInt64(bitPattern: row.integer(0)) == expected else { return damage("it is missing") }
    let payload = row.bytes(2)
    guard row.integer(1) == Int64(EventChecksum.of(expected, payload)) else { return damage("the checksum is wrong") }
    var outcome: EventOutcome?
    if !row.isNull(3) {
      guard let status = UInt8(exactly: row.integer(4)).flatMap(EventOutcome.Status.init(rawValue:)),
        let mug = row.isNull(5) ? .some(nil) : UInt32(exactly: row.integer(5)).map(Optional.some)
      else { return damage("its outcome is impossible") }
      let found = EventOutcome(status: status, mug: mug, detail: row.bytes(6))
      guard row.integer(3) == Int64(EventChecksum.of(expected, found)) else {
        return damage("the checksum of its outcome is wrong")
      }
      outcome = found
    }
    return .success(LoggedEvent(number: expected, payload: payload, outcome: outcome))
  }

  // MARK: - Restoring, trimming and closing

  /// Takes events from an archive, with their numbers and outcomes, as one durable transaction. They must follow the
  /// last event; a log that never held one may begin anywhere.
  public func restore(_ events: [LoggedEvent]) throws(EventLogFailure) {
    guard let begin = events.first?.number else { return }
    try owning { () throws(EventLogFailure) -> Void in
      let isUnused = lastDurable == 0
      guard begin >= 1, isUnused || begin == lastDurable + 1 else { throw .noSuchEvent(begin) }
      for (index, event) in events.enumerated() where event.number != begin + UInt64(index) {
        throw .noSuchEvent(begin + UInt64(index))
      }
      try transaction { () throws(SQLiteFailure) -> Void in
        if isUnused, begin > 1 { try noteTrimmed(through: begin - 1) }
        for event in events {
          try insert(event.number, event.payload)
          if let outcome = event.outcome { try insert(event.number, outcome) }
        }
      }
      mutex.lock()
      if isUnused { firstKept = begin }
      lastDurable = begin + UInt64(events.count) - 1
      mutex.unlock()
    }
  }

  /// Lets an unused log begin after event `number`, durably.
  public func start(after number: UInt64) throws(EventLogFailure) {
    try owning { () throws(EventLogFailure) -> Void in
      guard lastDurable == 0 else { throw .noSuchEvent(number) }
      try transaction { () throws(SQLiteFailure) -> Void in try noteTrimmed(through: number) }
      mutex.lock()
      lastDurable = number
      firstKept = number + 1
      mutex.unlock()
    }
  }

  private func noteTrimmed(through number: UInt64) throws(SQLiteFailure) {
    try connection.run("INSERT OR REPLACE INTO facts(name, value) VALUES('trimmed', ?)", [.integer(Int64(number))])
  }

  public func trim(before number: UInt64, limit: TrimLimit) throws(EventLogFailure) -> Bool {
    try owning { () throws(EventLogFailure) -> Bool in
      // The last event stays, so that its number is never given again.
      let target = max(firstKept, min(number, lastDurable))
      if firstKept < target { try remove(below: target, limit) }
      return try giveBack(pages: max(1, limit.bytes / 4 / SQLiteEventLog.pageBytes)) && firstKept == target
    }
  }

  private func remove(below target: UInt64, _ limit: TrimLimit) throws(EventLogFailure) {
    var end = firstKept + 1
    try transaction { () throws(SQLiteFailure) -> Void in
      // What a row refers to is not read for its length.
      var bytes: Int64 = 0
      try connection.run(
        "SELECT number, length(payload) FROM events WHERE number < ? ORDER BY number LIMIT ?",
        [.integer(Int64(target)), .integer(Int64(max(1, limit.events)))]
      ) { row in
        end = UInt64(row.integer(0)) + 1
        bytes += row.integer(1)
        return bytes < limit.bytes
      }
      try connection.run("DELETE FROM events WHERE number < ?", [.integer(Int64(end))])
      try connection.run("DELETE FROM outcomes WHERE number < ?", [.integer(Int64(end))])
      try noteTrimmed(through: end - 1)
    }
    mutex.lock()
    firstKept = end
    mutex.unlock()
  }

  /// Gives pages back to the file system when more are unused than used: events to come need them anyway, and what lies
  /// behind an unused page has to be moved. The next checkpoint makes the file shorter. True when nothing is left to do.
  private func giveBack(pages: Int) throws(EventLogFailure) -> Bool {
    do throws(SQLiteFailure) {
      let unused = try connection.integer("PRAGMA freelist_count") ?? 0
      let all = try connection.integer("PRAGMA page_count") ?? 0
      let surplus = Int(unused - max(SQLiteEventLog.fewPages, all - unused))
      if surplus <= 0 { return true }
      try connection.execute("PRAGMA incremental_vacuum(\(min(surplus, pages)))")
      return surplus <= pages
    } catch {
      if !error.isNoSpace { throw .stopped(path: path, reason: error.reason) }
      return true
    }
  }

  private static let pageBytes = 4096
  /// As many unused pages are never worth a transaction.
  private static let fewPages: Int64 = 16

  public func close() throws(EventLogFailure) {
    var pending: EventLogFailure?
    do throws(EventLogFailure) { try flush() } catch { pending = error }
    mutex.lock()
    while isBusy { mutex.wait() }
    stop(.closed)
    mutex.unlock()
    connection.close()
    if let pending, pending != .closed { throw pending }
  }
}

/// The checksums of a log's rows.
enum EventChecksum {
  static func of(_ number: UInt64, _ payload: [UInt8]) -> UInt32 {
    var checksum = Checksum()
    checksum.feed(number)
    payload.withUnsafeBytes { checksum.feed($0) }
    return checksum.value
  }

  static func of(_ number: UInt64, _ outcome: EventOutcome) -> UInt32 {
    var checksum = Checksum()
    checksum.feed(number)
    checksum.feed(UInt64(outcome.status.rawValue))
    checksum.feed(outcome.mug.map { UInt64($0) } ?? .max)
    outcome.detail.withUnsafeBytes { checksum.feed($0) }
    return checksum.value
  }
}
