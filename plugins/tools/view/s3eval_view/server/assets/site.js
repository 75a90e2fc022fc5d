// What every page of this server shares: buttons that copy a text.
(function () {
  "use strict";
  function copied(button, words) {
    var before = button.textContent;
    button.textContent = words;
    window.setTimeout(function () { button.textContent = before; }, 2000);
  }
  document.addEventListener("click", function (event) {
    var button = event.target.closest("[data-copies]");
    if (!button) { return; }
    var text = document.getElementById(button.dataset.copies).textContent;
    navigator.clipboard.writeText(text).then(
      function () { copied(button, "Copied"); },
      function () {
        // Where the clipboard is closed to pages, the text is selected for Ctrl+C.
        window.getSelection().selectAllChildren(document.getElementById(button.dataset.copies));
        copied(button, "Selected: press Ctrl+C");
      }
    );
  });
})();
