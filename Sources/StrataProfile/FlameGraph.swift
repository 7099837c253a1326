// The profile as one SVG file that needs nothing else: boxes as wide as the weight below them, callees on top of their
// callers, details on hovering, and a small script that widens a box when it is clicked.

import StrataText

extension Profile {
  /// The flame graph.
  public var flameGraph: String { FlameGraph(self).text }
}

/// Lays out and writes a flame graph.
struct FlameGraph {
  private let profile: Profile
  private let weights: [UInt64]

  static let width = 1200.0
  private static let margin = 10.0
  private static let rowHeight = 17.0
  private static let headHeight = 40.0
  /// Boxes narrower than this are left out: they would be dust.
  private static let narrowest = 0.2

  init(_ profile: Profile) {
    self.profile = profile
    weights = profile.inclusiveWeights()
  }

  private struct Box {
    var node: Int
    var left: Double
    var width: Double
    var level: Int
  }

  /// All boxes that are wide enough, callers before callees.
  private func boxes() -> [Box] {
    let whole = FlameGraph.width - 2 * FlameGraph.margin
    guard weights[0] > 0 else { return [] }
    var result = [Box(node: 0, left: FlameGraph.margin, width: whole, level: 0)]
    var index = 0
    while index < result.count {
      let box = result[index]
      index += 1
      var left = box.left
      for child in profile.sortedChildren(box.node) {
        let width = whole * Double(weights[child]) / Double(weights[0])
        if width >= FlameGraph.narrowest {
          result.append(Box(node: child, left: left, width: width, level: box.level + 1))
        }
        left += width
      }
    }
    return result
  }

  var text: String {
    let boxes = boxes()
    let levels = (boxes.map(\.level).max() ?? 0) + 1
    let height = FlameGraph.headHeight + Double(levels) * FlameGraph.rowHeight + 30
    let size = "width=\"\(FlameGraph.number(FlameGraph.width))\" height=\"\(FlameGraph.number(height))\""
    var text = """
      <?xml version="1.0" encoding="UTF-8"?>
      <svg xmlns="http://www.w3.org/2000/svg" version="1.1" \(size) \
      viewBox="0 0 \(FlameGraph.number(FlameGraph.width)) \(FlameGraph.number(height))" font-family="monospace" font-size="12">
      <style>rect{stroke:#fff;stroke-width:.5} g.box{cursor:pointer} g.box:hover rect{stroke:#000} text{pointer-events:none}</style>
      <rect width="100%" height="100%" fill="#fffdf5"/>
      <text x="\(FlameGraph.number(FlameGraph.width / 2))" y="24" text-anchor="middle" font-size="16">\(Quoting.markup(profile.title))</text>
      <text id="detail" x="10" y="\(FlameGraph.number(height - 10))">\(weights[0]) \(Quoting.markup(profile.unit))</text>

      """
    for box in boxes {
      let name = box.node == 0 ? "all" : profile.names[profile.nodes[box.node].name]
      let top = height - 30 - Double(box.level + 1) * FlameGraph.rowHeight
      let share = Double(weights[box.node]) / Double(weights[0]) * 100
      let title = "\(name) (\(weights[box.node]) \(profile.unit), \(FlameGraph.number(share)) %)"
      let letters = Int((box.width - 4) / 7.25)
      text += "<g class=\"box\"><title>\(Quoting.markup(title))</title>"
      text += "<rect x=\"\(FlameGraph.number(box.left))\" y=\"\(FlameGraph.number(top))\""
      text += " width=\"\(FlameGraph.number(box.width))\" height=\"16\" fill=\"\(FlameGraph.colour(name))\"/>"
      text += "<text x=\"\(FlameGraph.number(box.left + 3))\" y=\"\(FlameGraph.number(top + 12))\">"
      text += "\(Quoting.markup(FlameGraph.shortened(name, to: letters)))</text></g>\n"
    }
    return text + FlameGraph.script + "</svg>\n"
  }

  /// Widens the box that is clicked, its callers with it, and hides what is beside it; the lowest box shows all again.
  private static let script = """
    <script><![CDATA[
    (function () {
      var boxes = Array.prototype.map.call(document.querySelectorAll("g.box"), function (group) {
        var rect = group.querySelector("rect"), text = group.querySelector("text");
        return { group: group, rect: rect, text: text, title: group.querySelector("title").textContent,
          left: +rect.getAttribute("x"), width: +rect.getAttribute("width"), top: +rect.getAttribute("y") };
      });
      var detail = document.getElementById("detail"), whole = 1180, margin = 10;
      function show(chosen) {
        boxes.forEach(function (box) {
          var right = box.left + box.width, end = chosen.left + chosen.width, slack = 0.01;
          var isInside = box.left >= chosen.left - slack && right <= end + slack && box.top <= chosen.top;
          var isCaller = box.left <= chosen.left + slack && right >= end - slack && box.top > chosen.top;
          box.group.style.display = isInside || isCaller ? "" : "none";
          var left = isCaller ? margin : margin + (box.left - chosen.left) * whole / chosen.width;
          var width = isCaller ? whole : box.width * whole / chosen.width;
          var letters = Math.floor((width - 4) / 7.25), name = box.title.replace(/ \\([^(]*\\)$/, "");
          box.rect.setAttribute("x", left);
          box.rect.setAttribute("width", width);
          box.rect.setAttribute("opacity", isCaller ? 0.5 : 1);
          box.text.setAttribute("x", left + 3);
          box.text.textContent = letters < 3 ? "" : name.length <= letters ? name : name.slice(0, letters - 2) + "..";
        });
      }
      boxes.forEach(function (box) {
        box.group.addEventListener("click", function () { show(box); });
        box.group.addEventListener("mouseover", function () { detail.textContent = box.title; });
      });
    })();
    ]]></script>

    """

  /// A number with at most two decimals.
  static func number(_ value: Double) -> String {
    let hundredths = Int((value * 100).rounded())
    let fraction = hundredths % 100
    if fraction == 0 { return "\(hundredths / 100)" }
    return "\(hundredths / 100).\(fraction < 10 ? "0" : "")\(fraction)"
  }

  /// As much of a name as fits.
  static func shortened(_ name: String, to letters: Int) -> String {
    if letters < 3 { return "" }
    return name.count <= letters ? name : name.prefix(letters - 2) + ".."
  }

  /// A warm colour that depends on the name only.
  static func colour(_ name: String) -> String {
    var hash: UInt32 = 2_166_136_261
    for byte in name.utf8 { hash = (hash ^ UInt32(byte)) &* 16_777_619 }
    let red = 205 + hash % 50
    let green = 80 + hash / 50 % 140
    let blue = hash / 7000 % 60
    return "rgb(\(red),\(green),\(blue))"
  }
}
