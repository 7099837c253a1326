// How much work the randomised tests do: a multiplier taken from the environment.

import Glibc

/// The value of `STRATA_TEST_SCALE`, at least 1.
let testScale: Int = {
  guard let text = getenv("STRATA_TEST_SCALE") else { return 1 }
  return max(1, Int(String(cString: text)) ?? 1)
}()

/// Whether the tests, and with them the libraries, were built without optimisation.
let isDebug: Bool = {
  var result = false
  assert(
    {
      result = true
      return true
    }())
  return result
}()
