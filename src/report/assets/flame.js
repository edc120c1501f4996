"use strict";
// Flame graphs: a click or Enter on a frame makes it as wide as the graph; on the widest one goes back.
document.querySelectorAll("svg.flame").forEach(function (graph) {
  var frames = Array.from(graph.querySelectorAll("svg.frame")).map(function (element) {
    var data = element.dataset;
    return { element: element, x: Number(data.x), w: Number(data.w), depth: Number(data.d) };
  });
  var slack = 0.001;
  var shown = frames[0];

  function place(frame) {
    var right = frame.x + frame.w;
    var end = shown.x + shown.w;
    var above = frame.depth < shown.depth && frame.x < shown.x + slack && end < right + slack;
    var inside = frame.depth >= shown.depth && shown.x < frame.x + slack && right < end + slack;
    var scale = 100 / Math.max(shown.w, slack);
    frame.element.setAttribute("x", above ? "0%" : (frame.x - shown.x) * scale + "%");
    var width = above ? 100 : frame.w * scale;
    frame.element.setAttribute("width", width + "%");
    frame.element.classList.toggle("above", above);
    frame.element.classList.toggle("away", !(above || inside));
    frame.element.classList.toggle("thin", width / 100 * graph.getBoundingClientRect().width < 28);
  }

  function show(frame) {
    shown = frame === shown ? frames[0] : frame;
    frames.forEach(place);
  }

  frames.forEach(function (frame) {
    frame.element.setAttribute("tabindex", "0");
    frame.element.addEventListener("click", function () { show(frame); });
    frame.element.addEventListener("keydown", function (event) {
      if (event.key === "Enter") show(frame);
    });
  });
  if (shown) frames.forEach(place);
});
