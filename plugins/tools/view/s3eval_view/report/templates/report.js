(function () {
  "use strict";
  var button = document.getElementById("open-all");
  var folded = document.querySelectorAll("section > details:not(.legend)");
  button.addEventListener("click", function () {
    var open = button.getAttribute("aria-pressed") !== "true";
    folded.forEach(function (one) { one.open = open; });
    button.setAttribute("aria-pressed", String(open));
    button.textContent = open ? "Fold the tables again" : "Open all folded tables";
  });
  button.setAttribute("aria-pressed", "false");
  // How the runs were made belongs on paper; the many further tables do not unless opened.
  window.addEventListener("beforeprint", function () {
    document.querySelectorAll("#made > details").forEach(function (one) { one.open = true; });
  });
})();
