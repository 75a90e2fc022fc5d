// Rating reports: one key each, saved before the next report comes.
(function () {
  "use strict";
  var page = document.getElementById("study");
  if (!page) { return; }
  var watch = window.study.watch(), comment = document.getElementById("comment");
  var saved = document.getElementById("saved"), unsaved = document.getElementById("unsaved");
  var busy = false;

  function rate(value) {
    if (busy) { return; }
    busy = true;
    saved.textContent = "Saving …";
    window.study.save(page.dataset.answer, {
      place: Number(page.dataset.place), rating: value, comment: comment.value, seconds: watch.seconds()
    }).then(function (facts) {
      page.querySelectorAll("[data-rating]").forEach(function (one) {
        one.setAttribute("aria-pressed", Number(one.dataset.rating) === value ? "true" : "false");
      });
      document.getElementById("progress").value = facts.done;
      document.getElementById("counted").textContent = facts.done + " of " + facts.total + " rated";
      saved.textContent = "Saved";
      window.location.assign(document.getElementById("next").href);
    }).catch(function (error) {
      busy = false;
      saved.textContent = "";
      unsaved.hidden = false;
      unsaved.textContent = "This rating is not saved: " + error.message + " Is the session still running in the terminal?";
    });
  }

  page.addEventListener("click", function (event) {
    var button = event.target.closest("[data-rating]");
    if (button) { rate(Number(button.dataset.rating)); }
  });
  document.addEventListener("keydown", function (event) {
    if (event.ctrlKey || event.altKey || event.metaKey || window.study.writes(event.target)) { return; }
    if (event.key >= "1" && event.key <= "5") { rate(Number(event.key)); }
    else if (event.key.toLowerCase() === "c") { comment.focus(); }
    else { return; }
    event.preventDefault();
  });
})();
