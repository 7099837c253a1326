// Text inside of other formats: the one way in which any part of the system puts a string into JSON or into XML.
//
// Guarantees: whatever the text holds, a reader of the format gets it back, and nothing in it acts as syntax.

/// Writes text so that it stands for itself.
public enum Quoting {
  /// The text as a string of JSON, with its quotation marks. Everything outside of ASCII stays as it is.
  public static func json(_ text: String) -> String {
    var result = ""
    appendJSON(text, to: &result)
    return result
  }

  /// Appends the text as a string of JSON, with its quotation marks.
  public static func appendJSON(_ text: String, to result: inout String) {
    result += "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case "\n": result += "\\n"
      case "\r": result += "\\r"
      case "\t": result += "\\t"
      default:
        if scalar.value < 0x20 || scalar.value == 0x7F {
          let digits = String(scalar.value, radix: 16)
          result += (digits.utf8.count < 2 ? "\\u000" : "\\u00") + digits
        } else {
          result.unicodeScalars.append(scalar)
        }
      }
    }
    result += "\""
  }

  /// The text as character data or as an attribute's value of XML. What XML cannot hold at all becomes a question mark.
  public static func markup(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      case "\t", "\n", "\r": result.unicodeScalars.append(scalar)
      case "\u{FFFE}", "\u{FFFF}", "\0"..."\u{1F}": result += "?"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
