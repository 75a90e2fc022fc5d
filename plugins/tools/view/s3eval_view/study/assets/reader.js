// A reader's questions: one after the other, by keyboard, each answer saved before the next comes.
(function () {
  "use strict";
  var page = document.getElementById("study");
  if (!page) { return; }
  var questions = Array.prototype.slice.call(page.querySelectorAll(".question"));
  var watch = window.study.watch(), current = -1, unsaved = document.getElementById("unsaved");
  var saved = document.getElementById("saved"), counted = document.getElementById("counted");
  var progress = document.getElementById("progress"), pending = Promise.resolve();

  function field(question) { return question.querySelector("textarea, input[type=text]"); }

  function show(number, moves) {
    if (number < 0 || number >= questions.length) { return; }
    questions.forEach(function (one, i) {
      one.classList.toggle("is-current", i === number);
      if (i === number) { one.setAttribute("aria-current", "step"); } else { one.removeAttribute("aria-current"); }
      one.querySelector(".title").setAttribute("aria-expanded", i === number ? "true" : "false");
    });
    if (number !== current) { watch.restart(); }
    current = number;
    if (moves) {
      var here = questions[number], text = field(here);
      // Keys count at once; only a question without choices puts the cursor into its text.
      if (text && !here.querySelector(".choices")) { text.focus(); } else if (document.activeElement) { document.activeElement.blur(); }
      here.scrollIntoView({ block: "nearest" });
    }
  }

  function next() {
    for (var i = 1; i <= questions.length; i += 1) {
      var number = (current + i) % questions.length;
      if (!questions[number].classList.contains("is-answered")) { show(number, true); return; }
    }
    document.getElementById("next").focus();
  }

  function mark(question, text) {
    question.querySelectorAll("[data-answer]").forEach(function (one) {
      one.setAttribute("aria-pressed", one.dataset.answer === text ? "true" : "false");
    });
    question.querySelector(".untold").setAttribute("aria-pressed", text === null ? "true" : "false");
    question.querySelector(".given").textContent = text === null ? "cannot tell" : text;
    if (text !== null && field(question)) { field(question).value = text; }
  }

  function give(text) {
    var number = current, question = questions[number], took = watch.seconds();
    saved.textContent = "Saving …";
    watch.restart();
    pending = pending.then(function () {
      return window.study.save(page.dataset.answer, { place: Number(page.dataset.place), number: number, text: text, seconds: took });
    }).then(function (facts) {
      var problems = Object.keys(facts.problems).map(function (task) { return facts.problems[task]; });
      mark(question, text);
      question.classList.add("is-answered");
      progress.value = facts.done;
      counted.textContent = facts.done + " of " + facts.total + " answered";
      saved.textContent = "Saved";
      unsaved.hidden = true;
      question.querySelector(".problem").textContent = problems.length ? "Saved, but it cannot be read: " + problems.join("; ") + "." : "";
      if (!problems.length && number === current) { next(); }
    }).catch(function (error) {
      saved.textContent = "";
      unsaved.hidden = false;
      unsaved.textContent = "This answer is not saved: " + error.message + " Is the session still running in the terminal?";
    });
  }

  function choose(question, choice) {
    if (question.dataset.words === "yes") {
      var text = field(question);
      text.value = choice + ", because ";
      text.focus();
      text.setSelectionRange(text.value.length, text.value.length);
    } else { give(choice); }
  }

  questions.forEach(function (question, number) {
    question.addEventListener("click", function (event) {
      if (number !== current) { show(number, false); }
      var button = event.target.closest("button");
      if (!button) { return; }
      if (button.classList.contains("title")) { show(number, true); }
      else if (button.dataset.answer !== undefined) { choose(question, button.dataset.answer); }
      else if (button.classList.contains("untold")) { give(null); }
      else if (button.classList.contains("take")) { take(question); }
    });
    var form = question.querySelector("form");
    if (form) {
      form.addEventListener("submit", function (event) {
        event.preventDefault();
        if (field(question).value.trim()) { give(field(question).value.trim()); }
      });
      field(question).addEventListener("keydown", function (event) {
        if (event.key === "Enter" && event.ctrlKey) { event.preventDefault(); form.requestSubmit(); }
      });
    }
  });

  function take(question) {
    var moment = window.study.time();
    if (moment !== null && field(question)) { field(question).value = moment.toFixed(2); field(question).focus(); }
  }

  document.addEventListener("keydown", function (event) {
    if (event.ctrlKey || event.altKey || event.metaKey || window.study.writes(event.target) || current < 0) { return; }
    var question = questions[current], buttons = question.querySelectorAll("[data-answer]");
    var key = event.key.toLowerCase();
    var first = Array.prototype.filter.call(buttons, function (one) { return one.dataset.answer.toLowerCase().charAt(0) === key; });
    if (key >= "1" && key <= "9" && buttons[Number(key) - 1]) { choose(question, buttons[Number(key) - 1].dataset.answer); }
    else if (first.length === 1) { choose(question, first[0].dataset.answer); }
    else if (key === "0") { give(null); }
    else if (key === "t" && question.querySelector(".take")) { take(question); }
    else if (event.key === "ArrowDown") { show(current + 1, true); }
    else if (event.key === "ArrowUp") { show(current - 1, true); }
    else { return; }
    event.preventDefault();
  });

  show(Number(page.dataset.start), true);
})();
