// A durable counter inside another program: each line that it reads is an event, and what it has said is done stays done.

import Glibc
import StrataPier

let folder = CommandLine.arguments.dropFirst().first ?? "counter"
// [event state] to [effects state]: no effects, and one more than before. The first state is 0.
let kernel = try NounJam.jam("[[[1 0] 4 0 13] [0 0] 0]")
let pier =
  access(folder, F_OK) == 0 ? try Pier.open(folder) : try Pier.create(folder, .gate, kernel: kernel)

while let line = readLine() {
  do {
    // Any number of threads may do this at once; they share the disk's syncs.
    let result = try pier.poke(Poke(NounJam.jam(line)))
    print("event \(result.number): \(result.failure ?? "done")")
  } catch {
    print("refused: \(error)")
  }
}
print("the counter is at \(try NounJam.text(pier.peek(NounJam.jam("[0 1]")).answer))")
try pier.close()
