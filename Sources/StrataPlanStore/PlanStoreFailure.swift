// What can go wrong with a machine that persists, as values.

import StrataMemory
import StrataPlan
import StrataStore

/// Why a machine could not be made, opened, checked or copied. What was committed is as it was.
public enum PlanStoreFailure: Error, Equatable, Sendable, CustomStringConvertible {
  /// The store refused, or is damaged.
  case store(BedrockFailure)
  /// A disk operation outside of the store failed.
  case disk(DiskFailure)
  /// The value could not be made or evaluated.
  case machine(PlanFailure)
  /// The file is a store, but not one of a PLAN machine.
  case notAMachine(path: String)
  /// The file was written by a later version.
  case laterFormat(path: String, version: UInt64)
  /// Something is there already.
  case exists(path: String)
  /// The index of pins does not agree with the pins. `offset` is the pin's, in words.
  case wrongIndex(path: String, offset: Int, finding: String)
  /// The file that was to become part of an executable is not a program.
  case notAProgram(path: String)

  public var description: String {
    switch self {
    case .store(let failure): failure.description
    case .disk(let failure): failure.description
    case .machine(let failure): failure.explanation
    case .notAMachine(let path): "\(path) is a store, but not one of a PLAN machine"
    case .laterFormat(let path, let version):
      "\(path) has machine format \(version), which is newer than this program (upgrade)"
    case .exists(let path): "\(path) exists already (choose another name, or remove it)"
    case .wrongIndex(let path, let offset, let finding):
      "\(path): the pin at word \(offset) \(finding) (restore the file from a copy)"
    case .notAProgram(let path): "\(path) is not a program that a machine can be appended to"
    }
  }

  /// Whether the file does not hold what was written to it.
  public var isDamage: Bool {
    switch self {
    case .store(.damaged), .store(.notAStore), .wrongIndex: true
    default: false
    }
  }
}

/// Runs `work` on the store and says its failure as a machine's.
func inStore<Value>(_ work: () throws(BedrockFailure) -> Value) throws(PlanStoreFailure) -> Value {
  do throws(BedrockFailure) { return try work() } catch { throw .store(error) }
}

/// Runs `work` on the machine and says its failure as that of the whole.
func inMachine<Value>(_ work: () throws(PlanFailure) -> Value) throws(PlanStoreFailure) -> Value {
  do throws(PlanFailure) { return try work() } catch { throw .machine(error) }
}

/// Runs `work` on a disk and says its failure as a machine's.
func onDisk<Value>(_ work: () throws(DiskFailure) -> Value) throws(PlanStoreFailure) -> Value {
  do throws(DiskFailure) { return try work() } catch { throw .disk(error) }
}
